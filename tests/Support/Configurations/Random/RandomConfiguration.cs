using System.Globalization;
using System.Reflection;

namespace AttentionGen.Tests.Support;

/// <summary>Configurations nobody thought of, legal and illegal; the same ones for the same seed.</summary>
internal static partial class RandomConfiguration
{
    private static readonly TestConfiguration Default = new() { Heads = 0 };

    private static readonly int[] EdgeInts =
        [int.MinValue, -2, -1, 0, 1, 2, 3, 4, 7, 255, 256, 257, 1024, 1025, 65_536, 65_537, 1_048_576, 1_048_577, int.MaxValue];

    private static readonly double[] EdgeNumbers =
        [double.NaN, double.NegativeInfinity, -1, 0, double.Epsilon, float.Epsilon, 1e-30, 1e-6, 0.5, 1, 1.5, 4, 32, 1e9, float.MaxValue, double.MaxValue,
            double.PositiveInfinity];

    /// <summary>A shape, some features on top of it, and in every fifth a setting or more with any value.</summary>
    public static TestConfiguration Next(Random random)
    {
        TestConfiguration configuration = NextLegal(random);
        for (int spoilt = random.Next(5) == 0 ? random.Next(1, 4) : 0; spoilt > 0; spoilt--)
            configuration = Spoil(configuration, random);
        return configuration;
    }

    /// <summary>A shape and some features on top of it, which may contradict each other.</summary>
    public static TestConfiguration NextLegal(Random random)
    {
        TestConfiguration configuration = NextShape(random);
        int features = random.Next(4) switch
        {
            0 => random.Next(3),
            3 => random.Next(5, 13),
            _ => random.Next(2, 7),
        };
        for (int feature = 0; feature < features; feature++)
            configuration = Features[random.Next(Features.Length)](configuration, random);
        return configuration;
    }

    /// <summary>What a configuration declares: each setting that is not at its default, an enumeration with its value, a hook with its name.</summary>
    public static IEnumerable<string> Declared(TestConfiguration configuration) =>
        Declared(configuration, Default).Concat(configuration.MaskPredicate is { } predicate ? [$"MaskPredicate.{predicate}"] : [])
            .Concat(configuration.ScoreModifier is { } modifier ? [$"ScoreModifier.{modifier}"] : [])
            .Concat(configuration.ProbabilityModifier is { } probability ? [$"ProbabilityModifier.{probability}"] : []);

    /// <summary>The same of any kind of configuration, without hooks.</summary>
    public static IEnumerable<string> Declared<T>(T configuration, T standard)
        where T : class => SettingsText.Changed(configuration, standard).SelectMany(setting => setting.GetValue(configuration) is Enum value
            ? value.ToString().Split(", ").Select(name => $"{setting.Name}.{name}")
            : [setting.Name]);

    /// <summary>How many of some configurations declare each.</summary>
    public static string Count(IEnumerable<RandomClass> classes) => string.Join(
        ", ", classes.SelectMany(one => one.Declared).CountBy(feature => feature).OrderBy(
            entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key} {entry.Value}"));

    /// <summary>Numbers with a fraction that are not at their defaults.</summary>
    public static IEnumerable<double> Numbers(TestConfiguration configuration) => Numbers(configuration, Default);

    /// <summary>The same of any kind of configuration.</summary>
    public static IEnumerable<double> Numbers<T>(T configuration, T standard)
        where T : class => SettingsText.Changed(configuration, standard)
        .Select(setting => setting.GetValue(configuration))
        .Where(value => value is float or double)
        .Select(value => Convert.ToDouble(value, CultureInfo.InvariantCulture));

    /// <summary>The names of everything that <see cref="Next"/> may set.</summary>
    public static IEnumerable<string> Settings =>
        SettingsText.Of(typeof(TestConfiguration)).Select(setting => setting.Name).Concat(["MaskPredicate", "ScoreModifier", "ProbabilityModifier"]);

    /// <summary>A copy with any value for one of its settings.</summary>
    public static T Spoil<T>(T configuration, Random random)
        where T : class
    {
        var spoilt = (T)typeof(T).GetMethod("<Clone>$")!.Invoke(configuration, null)!;
        PropertyInfo[] settings = SettingsText.Of(typeof(T));
        PropertyInfo property = settings[random.Next(settings.Length)];
        Type type = property.PropertyType;
        object value = type == typeof(bool) ? !(bool)property.GetValue(configuration)!
            : type == typeof(int) ? EdgeInts[random.Next(EdgeInts.Length)]
            : type == typeof(float) ? (float)EdgeNumbers[random.Next(EdgeNumbers.Length)]
            : type == typeof(EquatableArray<double>) ? new EquatableArray<double>(EdgeNumbers[..random.Next(EdgeNumbers.Length)])
            : type == typeof(EquatableArray<int>) ? new EquatableArray<int>(EdgeInts[..random.Next(EdgeInts.Length)])
            : type == typeof(double) ? EdgeNumbers[random.Next(EdgeNumbers.Length)]
            // A few values beyond the last one, and far ones.
            : Enum.ToObject(type, random.Next(5) == 0 ? EdgeInts[random.Next(EdgeInts.Length)]
                : random.Next(-1, 2 + (2 * Enum.GetValuesAsUnderlyingType(type).Cast<int>().Max())));
        property.SetValue(spoilt, value);
        return spoilt;
    }

    private static TestConfiguration NextShape(Random random)
    {
        // Most are small, so that many of them compile and run; some are as large as a configuration may be.
        int size = random.Next(10);
        (int mostHeads, int mostDim, int mostModel) = size < 7 ? (3, 24, 60) : size < 9 ? (5, 130, 200) : (17, 257, 65_537);
        int kvHeads = random.Next(1, mostHeads);
        int heads = kvHeads * random.Next(1, mostHeads);
        int headDim = random.Next(2) == 0 ? random.Next(1, mostDim) : Math.Min(256, 8 * random.Next(1, Math.Max(2, mostDim / 8)));
        int givenKvHeads = kvHeads == heads && random.Next(2) == 0 ? 0 : kvHeads;
        if (random.Next(5) == 0)
        {
            return new()
            {
                Heads = heads, KvHeads = givenKvHeads, HeadDim = headDim, Projections = false, Layout = (HeadLayout)random.Next(2),
                InputBias = random.Next(4) == 0,
            };
        }


        // Equal widths share kernels.
        bool even = random.Next(2) == 0 && heads * headDim <= 65_536;
        return new()
        {
            Heads = heads,
            KvHeads = givenKvHeads,
            HeadDim = even && random.Next(2) == 0 ? 0 : headDim,
            DModel = even ? heads * headDim : random.Next(1, mostModel),
        };
    }
}
