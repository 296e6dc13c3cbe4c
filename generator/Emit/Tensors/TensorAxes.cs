using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>An axis of a tensor: a length that the shape fixes, or a size that the tensors of a call tell.</summary>
/// <param name="Code">What the runtime's check takes for it.</param>
/// <param name="Text">Its name, or its length.</param>
internal sealed record TensorAxis(string Code, string Text)
{
    public static TensorAxis Batch { get; } = new("Batch", "batch");

    public static TensorAxis Rows { get; } = new("Rows", "rows");

    public static TensorAxis Keys { get; } = new("Keys", "keys");

    public static TensorAxis NewKeys { get; } = new("NewKeys", "keys");

    public static TensorAxis MemoryRows { get; } = new("MemoryRows", "memory rows");

    public static TensorAxis MaskLength { get; } = new("MaskLength", "maskLength");

    public static TensorAxis Positions { get; } = new("Positions", "positions");

    public bool IsLength { get; private init; }

    public static TensorAxis Of(int length) => new(CodeWriter.Invariant($"{length}"), CodeWriter.Invariant($"{length}")) { IsLength = true };

    /// <summary>The axis as generated text has it.</summary>
    public string Expression => IsLength ? Code : $"Services::TensorAxis.{Code}";
}

/// <summary>The axes of a parameter that is a tensor.</summary>
/// <param name="Axes">Its axes; one sequence may leave out a first axis of the batch.</param>
/// <param name="Heads">Where the last axis holds heads side by side, their number: they may have an axis of their own. Otherwise 0.</param>
internal sealed record TensorAxes(IReadOnlyList<TensorAxis> Axes, int Heads = 0)
{
    /// <summary>For the XML documentation.</summary>
    public string Text => Heads == 0 ? List(Axes) : $"{List(Axes)} or {List(Apart)}";

    private IEnumerable<TensorAxis> Apart =>
        Axes.Take(Axes.Count - 1).Append(TensorAxis.Of(Heads)).Append(TensorAxis.Of(int.Parse(Axes.Last().Code) / Heads));

    public bool Has(TensorAxis axis) => Axes.Contains(axis);

    /// <summary>
    /// The axes of a parameter of <c>Forward</c> or <c>Backward</c>, null for one that is no tensor: lengths, offsets and factors of heads stay spans.
    /// </summary>
    /// <param name="property">Where its value goes in the arguments.</param>
    public static TensorAxes? Of(string property, AttentionShape shape, int memoryDim) => property switch
    {
        "Input" or "InputGradient" => shape.HasProjections
            ? new(Sequences(shape, TensorAxis.Rows, TensorAxis.Of(shape.DModel)))
            : Joined(shape, TensorAxis.Rows, shape.Heads, shape.HeadDim),
        "Output" or "OutputGradient" => shape.ProjectsOutput
            ? new(Sequences(shape, TensorAxis.Rows, TensorAxis.Of(shape.DModel)))
            : Joined(shape, TensorAxis.Rows, shape.Heads, shape.ValueHeadDim),
        "Key" or "KeyGradient" => Joined(shape, TensorAxis.NewKeys, shape.KvHeads, shape.HeadDim),
        "Value" or "ValueGradient" => Joined(shape, TensorAxis.NewKeys, shape.KvHeads, shape.ValueHeadDim),
        "Memory" or "MemoryGradient" => new(Sequences(shape, TensorAxis.MemoryRows, TensorAxis.Of(memoryDim))),
        "ValueInput" or "ValueInputGradient" => new(Sequences(shape, TensorAxis.MemoryRows, TensorAxis.Of(shape.ValueInputDim))),
        "Cosines" or "Sines" => new([TensorAxis.Positions, TensorAxis.Of(shape.RotaryDim / 2)]),
        "Positions" when shape.PositionAxes > 1 => new(Sequences(shape, TensorAxis.Rows, TensorAxis.Of(shape.PositionAxes))),
        "LogSumExp" when !shape.HeadsBeforeRows => new(Sequences(shape, TensorAxis.Rows, TensorAxis.Of(shape.Heads))),
        // What else a ragged batch has are the arrays of its sequences, one after the other.
        _ when shape.Ragged => null,
        "LogSumExp" => new([TensorAxis.Batch, TensorAxis.Of(shape.Heads), TensorAxis.Rows]),
        "Positions" => new([TensorAxis.Batch, TensorAxis.Rows]),
        "Documents" => new([TensorAxis.Batch, TensorAxis.Keys]),
        "BooleanMask" => Mask(shape, shape.BooleanMask, shape.MaskLength),
        "AdditiveMask" => Mask(shape, shape.AdditiveMask, shape.MaskLength),
        "Probabilities" when (shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0 => Mask(shape, MaskAxes.Batch | MaskAxes.QueryKey, false),
        "Probabilities" or "Scores" => Mask(shape, MaskAxes.BatchHeadQueryKey, false),
        _ => null,
    };

    private static List<TensorAxis> Sequences(AttentionShape shape, params TensorAxis[] axes) => [.. shape.Ragged ? [] : new[] { TensorAxis.Batch }, .. axes];

    private static TensorAxes Joined(AttentionShape shape, TensorAxis rows, int heads, int width) => shape.HeadsBeforeRows
        ? new(Sequences(shape, TensorAxis.Of(heads), rows, TensorAxis.Of(width)))
        : new(Sequences(shape, rows, TensorAxis.Of(heads * width)), heads);

    private static TensorAxes Mask(AttentionShape shape, MaskAxes axes, bool hasLength)
    {
        (MaskAxes Flag, TensorAxis Axis)[] all =
        [
            (MaskAxes.Batch, TensorAxis.Batch), (MaskAxes.Head, TensorAxis.Of(shape.Heads)), (MaskAxes.Query, TensorAxis.Rows),
            (MaskAxes.Key, hasLength ? TensorAxis.MaskLength : TensorAxis.Keys),
        ];
        return new([.. all.Where(axis => (axes & axis.Flag) != 0).Select(axis => axis.Axis)]);
    }

    private static string List(IEnumerable<TensorAxis> axes) => $"[{string.Join(", ", axes.Select(axis => axis.Text))}]";
}
