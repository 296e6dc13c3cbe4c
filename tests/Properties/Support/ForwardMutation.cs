using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Properties;

/// <summary>The places of a call's results, and the options: what the reference does not take.</summary>
/// <param name="Output">Floats of the output, and so on; −1 stands for what fits.</param>
/// <param name="Threads">As given.</param>
internal sealed record ForwardPlaces(int Output = -1, int Probabilities = -1, int Scores = -1, int LogSumExp = -1, int Threads = 0)
{
    public bool AreRight => this == new ForwardPlaces();
}

/// <summary>Makes one thing of a right call wrong, or differently right.</summary>
internal static class ForwardMutation
{
    private static readonly int[] Batches = [-1, int.MinValue, 0, 1, 2, 3, 1000];
    private static readonly int[] Numbers = [-1, int.MinValue, int.MaxValue, 0, 1, 3, 1000];

    public static (AttentionCase Call, ForwardPlaces Places) Apply(AttentionCase call, int kind, Random random) => kind switch
    {
        0 => (call with { Input = Resize(call.Input, random) }, new()),
        1 => (call with { Memory = Resize(call.Memory, random) }, new()),
        2 => (call with { Key = Resize(call.Key, random) }, new()),
        3 => (call with { Value = Resize(call.Value, random) }, new()),
        4 => (call with { RowOffsets = Integers(call.RowOffsets, random) }, new()),
        5 => (call with { KeyOffsets = Integers(call.KeyOffsets, random) }, new()),
        6 => (call with { KeyLengths = Integers(call.KeyLengths, random) }, new()),
        7 => (call with { KeyStarts = Integers(call.KeyStarts, random) }, new()),
        8 => (call with { PrefixLengths = Integers(call.PrefixLengths, random) }, new()),
        9 => (call with { Documents = Integers(call.Documents, random) }, new()),
        10 => (call with { Positions = Integers(call.Positions, random) }, new()),
        11 => (call with { BooleanMask = Resize(call.BooleanMask, random) }, new()),
        12 => (call with { AdditiveMask = Resize(call.AdditiveMask, random) }, new()),
        13 => (call with { Batch = Batches[random.Next(Batches.Length)] }, new()),
        14 => (call, new(Output: random.Next(40))),
        15 => (call, new(Probabilities: random.Next(40))),
        16 => (call, new(Scores: random.Next(40))),
        17 => (call, new(LogSumExp: random.Next(40))),
        18 => (call, new(Threads: random.Next(2) == 0 ? -1 : int.MinValue)),
        19 => (call with { MaskLength = random.Next(2) == 0 ? Numbers[random.Next(Numbers.Length)] : call.MaskLength + random.Next(-1, 2) }, new()),
        20 => (call with { HeadMask = Resize(call.HeadMask, random) }, new()),
        21 => (call with { ValueInput = Resize(call.ValueInput, random) }, new()),
        _ => (call, new()),
    };

    public const int Kinds = 23;

    /// <summary>Parameters one of which a refusal must name; empty where what no longer fits may be any of them.</summary>
    public static string[] Names(int kind) => kind switch
    {
        3 => ["value"],
        6 => ["keyLengths"],
        7 => ["keyStarts"],
        8 => ["prefixLengths"],
        9 => ["documents"],
        10 => ["positions"],
        11 => ["booleanMask"],
        12 => ["additiveMask"],
        14 => ["output"],
        15 => ["probabilities"],
        16 => ["scores"],
        17 => ["logSumExp"],
        18 => ["options"],
        20 => ["headMask"],
        21 => ["valueInput"],
        _ => [],
    };

    private static int[] Integers(int[] values, Random random)
    {
        if (values.Length == 0 || random.Next(3) == 0)
            return Resize(values, random);
        int[] copy = [.. values];
        copy[random.Next(copy.Length)] = Numbers[random.Next(Numbers.Length)];
        return copy;
    }

    private static T[] Resize<T>(T[] values, Random random) => random.Next(4) switch
    {
        0 => [],
        1 => [.. values, .. new T[1 + random.Next(9)]],
        2 when values.Length > 0 => values[..random.Next(values.Length)],
        _ => [.. values, .. values],
    };
}
