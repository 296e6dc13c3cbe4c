using System.Reflection;

namespace AttentionGen.Bench.Explain;

/// <summary>Copies a record's settings to one of another assembly, whose members have the same names.</summary>
internal static class ShapeCopy
{
    /// <summary>Copies everything that can be set; an enumeration's value becomes the one of the same number.</summary>
    /// <exception cref="ArgumentException">A member of one has no member of its name in the other.</exception>
    public static TTarget To<TTarget>(object source)
        where TTarget : class
    {
        // Members are required; the constructor is called without setting them, as each is set below.
        var target = (TTarget)Activator.CreateInstance(typeof(TTarget))!;
        string[] names = [.. Settings(source.GetType()).Union(Settings(typeof(TTarget)))];
        foreach (string name in names)
        {
            if (source.GetType().GetProperty(name) is not { } from || typeof(TTarget).GetProperty(name) is not { } to)
                throw new ArgumentException($"only one of {source.GetType().FullName} and {typeof(TTarget).FullName} has {name}.", nameof(source));
            object value = from.GetValue(source)!;
            to.SetValue(target, value is Enum ? Enum.ToObject(to.PropertyType, value) : value);
        }

        return target;
    }

    private static IEnumerable<string> Settings(Type type) => type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
}
