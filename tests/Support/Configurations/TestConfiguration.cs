using System.Globalization;
using System.Reflection;

namespace AttentionGen.Tests.Support;

/// <summary>One configuration as a user would write it: renders the attribute, and resolves the defaults on its own.</summary>
internal sealed partial record TestConfiguration
{
    public required int Heads { get; init; }

    public int DModel { get; init; }

    public int KvHeads { get; init; }

    public int HeadDim { get; init; }

    public int ValueHeadDim { get; init; }

    public bool Projections { get; init; } = true;

    public HeadLayout Layout { get; init; }

    public int MemoryDim { get; init; }

    public bool QueryBias { get; init; } = true;

    public bool KeyBias { get; init; } = true;

    public bool ValueBias { get; init; } = true;

    public bool OutputBias { get; init; } = true;

    public WeightFormat Weights { get; init; }

    public WeightArithmetic Arithmetic { get; init; }

    public int SequenceLength { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Whether the four projections all add a bias, or none does.</summary>
    public bool Biases
    {
        init => QueryBias = KeyBias = ValueBias = OutputBias = value;
    }

    public bool IsCrossAttention => MemoryDim != 0;

    public bool HasProjections => Projections;

    private int HeadWidth => HeadDim == 0 ? DModel / Heads : HeadDim;

    /// <summary>The settings of the attribute: all that can be read and set, in the order in which they stand here, and is no hook.</summary>
    private static readonly PropertyInfo[] Settings =
        [.. typeof(TestConfiguration).GetProperties().Where(property => property is { CanRead: true, CanWrite: true }
            && property.PropertyType != typeof(TestHook))];

    private static readonly TestConfiguration Standard = new() { Heads = 0 };

    /// <summary>The attribute's arguments; what is at its default is left out, as a user would leave it out.</summary>
    public string AttributeText => string.Join(
        ", ",
        Settings.Where(
            setting => !Equals(setting.GetValue(this), setting.GetValue(Standard))).Select(setting => $"{setting.Name} = {Literal(setting.GetValue(this)!)}"));

    public override string ToString() => Hooks.Length == 0 ? AttributeText : $"{AttributeText}, hooks {string.Join(", ", Hooks)}";

    private static string Literal(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        float number when !float.IsFinite(number) => $"float.{Constant(number)}",
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "f",
        double number when !double.IsFinite(number) => $"double.{Constant(number)}",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "d",
        // A value that the enumeration does not have is written as a number.
        Enum choice when char.IsAsciiDigit(choice.ToString()[^1]) => $"({choice.GetType().Name})({choice:D})",
        // Several flags are written as several values.
        Enum choice => string.Join(" | ", choice.ToString().Split(", ").Select(name => $"{choice.GetType().Name}.{name}")),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Constant(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "PositiveInfinity" : "NegativeInfinity";
}
