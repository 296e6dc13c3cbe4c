using System.Reflection;

namespace AttentionGen.Bench.Explain;

/// <summary>Copies a record's settings to one of another assembly, whose members have the same names.</summary>
internal static class ShapeCopy
{
    /// <summary>Copies everything that can be set; an enumeration's value becomes the one of the same number, a record is copied in the same way.</summary>
    /// <exception cref="ArgumentException">A member of one has no member of its name in the other.</exception>
    public static TTarget To<TTarget>(object source)
        where TTarget : class => (TTarget)To(typeof(TTarget), source);

    private static object To(Type type, object source)
    {
        // Members are required; the constructor is called without setting them, as each is set below.
        object target = Activator.CreateInstance(type)!;
        string[] names = [.. Settings(source.GetType()).Union(Settings(type))];
        foreach (string name in names)
        {
            if (source.GetType().GetProperty(name) is not { } from || type.GetProperty(name) is not { } to)
                throw new ArgumentException($"only one of {source.GetType().FullName} and {type.FullName} has {name}.", nameof(source));
            object? value = from.GetValue(source);
            to.SetValue(target, value switch
            {
                // Lists of numbers.
                IEnumerable<double> or IEnumerable<int> => Activator.CreateInstance(to.PropertyType, value),
                Enum => Enum.ToObject(to.PropertyType, value),
                not null when !to.PropertyType.IsInstanceOfType(value) && value.GetType().IsClass => To(to.PropertyType, value),
                _ => value,
            });
        }

        return target;
    }

    private static IEnumerable<string> Settings(Type type) => type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
}
