using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The numbers of a generated class, as literals that the JIT and the AOT compiler fold into the path of a call. What has a default is read only where
/// <see cref="Features"/> says so. Members come with new versions, with a default: a library that was compiled before runs on.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IAttentionConstants
{
    /// <summary>What the class declares, and what follows from it.</summary>
    static abstract AttentionFeatures Features { get; }

    /// <summary>Query heads.</summary>
    static abstract int Heads { get; }

    /// <summary>Key and value heads.</summary>
    static abstract int KvHeads { get; }

    /// <summary>Width of a head of queries and keys.</summary>
    static abstract int HeadDim { get; }

    /// <summary>Width of a head of values.</summary>
    static abstract int ValueHeadDim { get; }

    /// <summary>Width of input and output rows.</summary>
    static virtual int DModel => 0;

    /// <summary>Width of the rows that keys and values are projected from.</summary>
    static virtual int MemoryDim => 0;

    /// <summary>Width of the rows that values are projected from, where these have an input of their own.</summary>
    static virtual int ValueInputDim => 0;

    /// <summary>Query rows of every sequence.</summary>
    static virtual int SequenceLength => 0;

    /// <summary>Elements of a head that are rotated.</summary>
    static virtual int RotaryDim => 0;

    /// <summary>What queries are multiplied by as they are laid out by KV head.</summary>
    static virtual float QueryFactor => 1;

    /// <summary>The same of the cross-attention of a layer.</summary>
    static virtual float MemoryQueryFactor => 1;

    /// <summary>Keys before its position that a row sees.</summary>
    static virtual int WindowLeft => 0;

    /// <summary>Keys behind its position that a row sees.</summary>
    static virtual int WindowRight => 0;

    /// <summary>Keys of a chunk.</summary>
    static virtual int ChunkSize => 0;

    /// <summary>Keys that follow the last one.</summary>
    static virtual int AppendedKeys => 0;

    /// <summary>
    /// Passes over the keys where probabilities are modified: two where a softmax needs its final sum first, one where a sigmoid needs none.
    /// </summary>
    static virtual int KeyPasses => 1;

    /// <summary>Axes of the boolean mask.</summary>
    static virtual MaskAxes BooleanMask => MaskAxes.None;

    /// <summary>Axes of the additive mask.</summary>
    static virtual MaskAxes AdditiveMask => MaskAxes.None;

    /// <summary>The format of keys and values.</summary>
    static virtual KeyValueFormat KeyValues => KeyValueFormat.Float32;

    /// <summary>Query rows whose scores against one key block are alive at once.</summary>
    static abstract int QueryBlock { get; }

    /// <summary>Query rows that use a key block one query block after another.</summary>
    static abstract int QueryRun { get; }

    /// <summary>Rows of the input that go from projection to output together.</summary>
    static abstract int RowBlock { get; }

    /// <summary>Floats between the score rows of two queries.</summary>
    static abstract int ScoreStride { get; }

    /// <summary>Up to so many rows threads share columns and heads rather than rows.</summary>
    static abstract int FewRows { get; }

    /// <summary>Rows of a thread's part are a multiple of this.</summary>
    static abstract int PartRows { get; }

    /// <summary>Parts of a phase are a multiple of so many for each thread.</summary>
    static abstract int PartsPerThread { get; }

    /// <summary>Panels that a thread's share of a projection's columns is a multiple of.</summary>
    static virtual int ColumnUnit => 1;

    /// <summary>Panels that are interleaved in the query weights, as the vector target that runs wants them.</summary>
    static virtual int InterleavedInput => 1;

    /// <summary>Panels that are interleaved in the weights of keys and values.</summary>
    static virtual int InterleavedMemory => 1;

    /// <summary>Panels that are interleaved in the weights of values that have an input of their own.</summary>
    static virtual int InterleavedValueInput => 1;

    /// <summary>Panels that are interleaved in the output weights.</summary>
    static virtual int InterleavedOutput => 1;

    /// <summary>Floats of scratch that a thread needs beside keys and values.</summary>
    static abstract int ScratchFloats { get; }

    /// <summary>Where projected rows begin in the scratch, and then the joined heads.</summary>
    static virtual int StripOffset => 0;

    /// <summary>Where the keys of one head begin that are changed on their way to the panels.</summary>
    static virtual int KeyStripOffset => 0;

    /// <summary>Where the queries of a row block begin.</summary>
    static abstract int QueriesOffset { get; }

    /// <summary>Where the gates of a row block begin.</summary>
    static virtual int GatesOffset => 0;

    /// <summary>Where the scores of a query block begin.</summary>
    static abstract int ScoresOffset { get; }

    /// <summary>Where the running heads of a run of query blocks begin.</summary>
    static abstract int RunningHeadsOffset { get; }

    /// <summary>Where the heads of one key block begin.</summary>
    static abstract int BlockHeadsOffset { get; }

    /// <summary>Where the softmax states of the query blocks begin.</summary>
    static abstract int SoftmaxOffset { get; }

    /// <summary>Where the ranges of the rows of a run begin.</summary>
    static virtual int RangesOffset => 0;

    /// <summary>Where a row's part of each mask begins.</summary>
    static virtual int MaskLinesOffset => 0;

    /// <summary>Where the values of a key block begin that are not masked.</summary>
    static virtual int SeenValuesOffset => 0;

    /// <summary>Where the keys of a key block begin that were widened to float32.</summary>
    static virtual int WidenedKeysOffset => 0;

    /// <summary>Where the values of a key block begin that were widened to float32.</summary>
    static virtual int WidenedValuesOffset => 0;

    /// <summary>Where the scales of the values of a key block begin, with those of masked keys left out.</summary>
    static virtual int SeenScalesOffset => 0;

    /// <summary>Where the ranges of appended keys begin.</summary>
    static virtual int AppendedRangesOffset => 0;

    /// <summary>Where output rows in whole panels begin.</summary>
    static virtual int OutputStripOffset => 0;

    /// <summary>Width of the rows between the products of a layer's feed-forward network.</summary>
    static virtual int FeedForwardDim => 0;

    /// <summary>The function between these products.</summary>
    static virtual Activation Activation => Activation.None;

    /// <summary>Panels of the feed-forward network's first products that are computed, and activated while they are in cache, together.</summary>
    static virtual int FeedForwardStrip => 0;

    /// <summary>Floats from a row between the products of the feed-forward network to the next.</summary>
    static virtual int HiddenStride => 0;

    /// <summary>Panels that are interleaved in the weights of the feed-forward network's first products.</summary>
    static virtual int InterleavedUp => 1;

    /// <summary>Panels that are interleaved in the weights of the feed-forward network's last product.</summary>
    static virtual int InterleavedDown => 1;

    /// <summary>Where the normalised rows of a row block begin.</summary>
    static virtual int NormedOffset => 0;

    /// <summary>Where the result of a branch begins, before it is added.</summary>
    static virtual int BranchOffset => 0;

    /// <summary>Where the rows between the products of the feed-forward network begin.</summary>
    static virtual int HiddenOffset => 0;

    /// <summary>Where widened weights, or quantised rows, of products with narrow weights begin.</summary>
    static virtual int NarrowOffset => 0;

    /// <summary>Where a strip of what a gate multiplies begins.</summary>
    static virtual int GatedOffset => 0;
}
