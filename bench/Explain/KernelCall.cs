namespace AttentionGen.Bench.Explain;

/// <summary>What a forward spends its time on: the kernels of a shape, and the runtime's changes of layout between them.</summary>
internal enum Part
{
    KeyProjection,
    ValueProjection,
    QueryProjection,
    Scores,
    Softmax,
    Merge,
    Values,
    MergeHeads,
    JoinHeads,
    OutputProjection,
    Rotary,
    QueryNorm,
    KeyNorm,
    QueryRows,
    KeyStrip,
    KeyPanels,
    ValuePanels,
    OutputHeads,
}

/// <summary>One call of a kernel with its run-time numbers; places are in floats from where the buffer begins.</summary>
/// <param name="Part">Whose call.</param>
/// <param name="Rows">Rows, or query rows.</param>
/// <param name="Columns">Keys or heads, where the part needs them; queries without projections: the KV head.</param>
/// <param name="Source">Where it reads what is its own: rows, queries, probabilities or a strip.</param>
/// <param name="Shared">Where the keys or values lie; joining without projections: the output rows.</param>
/// <param name="Target">Where it writes, or its softmax state.</param>
/// <param name="First">First row, key or position.</param>
/// <param name="Seen">Causal softmax: keys of the block that query row 0 sees. Joining: the head. Heads of the output: the sequence.</param>
/// <param name="Stride">Floats from a row to the next, where heads are changed in place.</param>
internal readonly record struct KernelCall(
    Part Part, int Rows, int Columns = 0, nint Source = 0, nint Shared = 0, nint Target = 0, nint First = 0, nint Seen = 0, nint Stride = 0);
