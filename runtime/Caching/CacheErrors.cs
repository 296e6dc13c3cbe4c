using System.Text.RegularExpressions;

namespace AttentionGen;

/// <summary>The one wording of everything that can be wrong with a cache.</summary>
internal static partial class CacheErrors
{
    private const string HaveOne = "Cross-attention has one; so do causal self-attention and kernels without projections, if SequenceLength is not set.";

    /// <summary>Why positions have a limit.</summary>
    public const string HaveHooks = "the kernel calls a modifier or a mask predicate, whose positions stay below 2³⁰";

    // What follows from other properties, which are named themselves.
    private static readonly HashSet<string> Derived =
    [
        nameof(AttentionShape.HasCache), nameof(AttentionShape.CacheWindow), nameof(AttentionShape.QueryDim), nameof(AttentionShape.KeyDim),
        nameof(AttentionShape.ValueDim), nameof(AttentionShape.JoinedDim), nameof(AttentionShape.InputDim), nameof(AttentionShape.OutputDim),
    ];

    /// <summary>A cache is asked for, of a shape that has none.</summary>
    public static NotSupportedException None() => new($"This kernel has no cache. {HaveOne}");

    /// <summary>A cache is asked for whose positions a hook would not hold.</summary>
    public static ArgumentOutOfRangeException BeyondHooks(int capacity) => new(
        nameof(capacity), capacity, $"capacity is {capacity}; expected at most {ShapeLimits.MaxHookLength}, because {HaveHooks}.");

    /// <summary>A cache is asked for that also holds a memory, but not for how many rows.</summary>
    public static NotSupportedException NoMemoryCapacity() =>
        new(
            "The cache of this layer also holds the memory of its cross-attention; expected a capacity for both: CreateCache(capacity, memoryCapacity, "
                + "batch).");

    /// <summary>A cache without a part for a memory is given to a layer with cross-attention.</summary>
    public static ArgumentException NoPartForMemory() =>
        new("cache has no part for a memory; expected a cache of this layer: CreateCache(capacity, memoryCapacity, batch).", "cache");

    /// <summary>A cache is given to a kernel that has none.</summary>
    public static ArgumentException Undeclared() => new($"cache is given; expected none, because this kernel has no cache. {HaveOne}", "cache");

    /// <summary>A cache is given to a kernel of another shape; the message names the properties that differ, alone.</summary>
    public static ArgumentException OtherShape(AttentionShape found, AttentionShape expected, string argument = "cache")
    {
        (string Name, string Value)[] had = Properties(found), wanted = Properties(expected);
        int[] different = [.. Enumerable.Range(0, had.Length).Where(index => had[index] != wanted[index])];
        return new(
            $"{argument} was created for a kernel with {Text(had)}; expected a cache of this kernel, which has {Text(wanted)}.", argument);

        string Text((string Name, string Value)[] properties) =>
            string.Join(", ", different.Select(index => $"{properties[index].Name} = {properties[index].Value}"));
    }

    /// <summary>Keys do not fit into a cache, or into one of its sequences.</summary>
    /// <param name="sequence">Which sequence, or -1 where it is all of them.</param>
    /// <param name="held">Keys that it holds.</param>
    /// <param name="capacity">Keys that it can hold.</param>
    /// <param name="argument">What brings further keys.</param>
    /// <param name="keys">How many.</param>
    public static InvalidOperationException Full(int sequence, int held, int capacity, string argument, int keys) => new(
        $"cache is too small: {(sequence < 0 ? "it" : $"its sequence {sequence}")} holds {held} of at most {capacity} keys, and {argument} has {keys} more; "
            + $"expected at most {capacity - held}.");

    /// <summary>Every property that is set or defaulted, as the record prints it.</summary>
    private static (string Name, string Value)[] Properties(AttentionShape shape)
    {
        string text = shape.ToString();
        string inner = text[(text.IndexOf('{', StringComparison.Ordinal) + 1)..text.LastIndexOf('}')].Trim();
        return [.. BetweenProperties().Split(inner).Select(each => each.Split(" = ", 2)).Select(pair => (pair[0],
            pair[1])).Where(pair => !Derived.Contains(pair.Item1))];
    }

    // A comma may also stand between flags.
    [GeneratedRegex(@", (?=\w+ = )")]
    private static partial Regex BetweenProperties();
}
