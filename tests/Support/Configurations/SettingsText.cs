using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace AttentionGen.Tests.Support;

/// <summary>What a configuration declares, as a user would write it: each setting that is not at its default.</summary>
internal static class SettingsText
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> All = new();

    /// <summary>The settings of a kind of configuration, in their order: all that can be read and set, and that hold one value.</summary>
    public static PropertyInfo[] Of(Type type) => All.GetOrAdd(type, static type =>
    [
        .. type.GetProperties().Where(property => property is { CanRead: true, CanWrite: true } && property.PropertyType is { IsValueType: true }),
    ]);

    /// <summary>The settings that differ from those of another configuration.</summary>
    public static IEnumerable<PropertyInfo> Changed<T>(T configuration, T standard)
        where T : class => Of(typeof(T)).Where(setting => !Equals(setting.GetValue(configuration), setting.GetValue(standard)));

    /// <summary>The attribute's arguments; what is at its default is left out, as a user would leave it out.</summary>
    public static string Write<T>(T configuration, T standard)
        where T : class => string.Join(
            ", ", Changed(configuration, standard).Select(setting => $"{setting.Name} = {Literal(setting.GetValue(configuration)!)}"));

    private static string Literal(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        float number when !float.IsFinite(number) => $"float.{Constant(number)}",
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "f",
        double number when !double.IsFinite(number) => $"double.{Constant(number)}",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "d",
        // A value that the enumeration does not have is written as a number.
        Enum choice when char.IsAsciiDigit(choice.ToString()[^1]) && !Enum.IsDefined(choice.GetType(), choice) => $"({choice.GetType().Name})({choice:D})",
        IEnumerable<double> numbers => $"new double[] {{ {string.Join(", ", numbers.Select(number => Literal(number)))} }}",
        IEnumerable<int> numbers => $"new int[] {{ {string.Join(", ", numbers)} }}",
        // Several flags are written as several values.
        Enum choice => string.Join(" | ", choice.ToString().Split(", ").Select(name => $"{choice.GetType().Name}.{name}")),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Constant(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "PositiveInfinity" : "NegativeInfinity";
}
