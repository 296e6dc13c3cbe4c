using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// What a forward keeps for <c>Backward</c>: queries, keys and values as the attention reads them, the heads, and the softmax's maximum and sum of each row.
/// No scores: <c>Backward</c> computes them again. The caller owns it, and uses it again from step to step. One call uses it at a time.
/// </summary>
public sealed class SavedActivations
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    private readonly AlignedMemory memory;
    private readonly nint queries;
    private readonly nint joined;
    private readonly nint maxima;
    private readonly nint sums;
    private readonly nint queryHeads;
    private readonly nint keyHeads;

    internal SavedActivations(AttentionShape shape, TransformerLayerShape? layer, int batch, int rows, int keys)
    {
        KernelChecks.ValidateSizes(batch, rows, keys);
        Shape = shape;
        Batch = batch;
        MostRows = (long)batch * rows;
        MostKeys = shape is { HasProjections: true, IsCrossAttention: false } ? MostRows : (long)batch * keys;
        nint allRows = checked((nint)MostRows);
        bool keepsHeads = shape.HasProjections && shape.QueryKeyNorm != QueryKeyNorm.None;
        queries = FirstPanelKey(checked((nint)MostKeys), batch) * PanelFloats(shape);
        joined = queries + (allRows * shape.QueryDim);
        maxima = joined + (allRows * shape.JoinedDim);
        sums = maxima + (allRows * shape.Heads);
        queryHeads = sums + (allRows * shape.Heads);
        keyHeads = queryHeads + (keepsHeads ? allRows * shape.QueryDim : 0);
        Layer = layer is null ? null : new SavedLayer(layer, allRows);
        memory = AlignedMemory.Allocate(keyHeads + (keepsHeads ? (nint)MostKeys * shape.KeyDim : 0));
    }

    /// <summary>The largest number of sequences of a call.</summary>
    public int Batch { get; }

    /// <summary>The largest number of rows of all sequences of a call together.</summary>
    public long MostRows { get; }

    /// <summary>The largest number of keys of all sequences of a call together.</summary>
    public long MostKeys { get; }

    /// <summary>The memory that it takes.</summary>
    public long Bytes => (memory.Length + AlignedMemory.SlackFloats + (Layer is null ? 0 : Layer.Floats + AlignedMemory.SlackFloats)) * (long)sizeof(float);

    /// <summary>
    /// What the next forward drops of its probabilities, and the backward of that forward; none by default. Probabilities that the class gives out are those
    /// before.
    /// </summary>
    public Dropout Dropout { get; set; }

    /// <summary>Whether a forward has filled it.</summary>
    public bool IsFilled { get; private set; }

    /// <summary>The number of sequences of the forward that filled it.</summary>
    public int Sequences { get; private set; }

    /// <summary>What the kernel computes that it is for.</summary>
    internal AttentionShape Shape { get; }

    /// <summary>What a layer keeps beside what its attention keeps; null for an attention block alone.</summary>
    internal SavedLayer? Layer { get; }

    /// <summary>The sizes of the forward that filled it.</summary>
    internal ForwardDimensions Dimensions { get; private set; }

    /// <summary>Rows of all its sequences.</summary>
    internal long AllRows { get; private set; }

    /// <summary>Keys of all its sequences.</summary>
    internal long AllKeys { get; private set; }

    /// <summary>Joined heads of all rows, [rows, Heads · ValueHeadDim].</summary>
    internal ref float Joined => ref Unsafe.Add(ref memory.Reference, joined);

    /// <summary>What the forward dropped that filled it, or is filling it.</summary>
    private Dropout Dropped { get; set; }

    /// <summary>A forward begins to overwrite it.</summary>
    internal void Empty()
    {
        IsFilled = false;
        Dropped = Dropout;
    }

    /// <summary>A forward has filled it.</summary>
    internal void Fill(int sequences, in ForwardDimensions dimensions, long allRows, long allKeys)
    {
        Sequences = sequences;
        Dimensions = dimensions;
        AllRows = allRows;
        AllKeys = allKeys;
        IsFilled = true;
    }

    /// <summary>Where the keys and values of a sequence lie.</summary>
    /// <param name="sequence">Which one.</param>
    /// <param name="firstKey">Its first key, counted over the batch.</param>
    /// <param name="keys">Its keys.</param>
    internal KeyValuePanels Panels(nint sequence, nint firstKey, nint keys)
    {
        int valueHeadDim = PanelLayout.Panels(Shape.ValueHeadDim) * PanelWidth;
        return new(
            KeyValueFormat.Float32, ref Unsafe.Add(ref memory.Reference, FirstPanelKey(firstKey, sequence) * PanelFloats(Shape)),
            SequenceGroup.WholePanels(keys), Shape.KvHeads, Shape.HeadDim, valueHeadDim);
    }

    /// <summary>Where the rest of a sequence lies.</summary>
    /// <param name="sequence">Which one.</param>
    /// <param name="firstRow">Its first row, counted over the batch.</param>
    /// <param name="firstKey">Its first key.</param>
    internal SavedSequence Sequence(nint sequence, nint firstRow, nint firstKey)
    {
        ref float start = ref memory.Reference;
        return new()
        {
            Dropout = Dropped,
            Sequence = (int)sequence,
            FirstRow = firstRow,
            Queries = ref Unsafe.Add(ref start, queries + (firstRow * Shape.QueryDim)),
            Joined = ref Unsafe.Add(ref start, joined + (firstRow * Shape.JoinedDim)),
            Maxima = ref Unsafe.Add(ref start, maxima + (firstRow * Shape.Heads)),
            Sums = ref Unsafe.Add(ref start, sums + (firstRow * Shape.Heads)),
            QueryHeads = ref Unsafe.Add(ref start, queryHeads + (firstRow * Shape.QueryDim)),
            KeyHeads = ref Unsafe.Add(ref start, keyHeads + (firstKey * Shape.KeyDim)),
        };
    }

    /// <summary>Floats of a key and a value.</summary>
    private static nint PanelFloats(AttentionShape shape) => shape.KvHeads * (nint)(shape.HeadDim + (PanelLayout.Panels(shape.ValueHeadDim) * PanelWidth));

    /// <summary>Where the panels of a sequence begin, in keys: each sequence before has room for whole panels.</summary>
    private static nint FirstPanelKey(nint firstKey, nint sequence) => (firstKey & -PanelWidth) + (sequence * PanelWidth);
}
