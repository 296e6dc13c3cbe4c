using System.ComponentModel;
using System.Diagnostics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The kernels of a generated class for one vector target. What has a default is called only where <see cref="IAttentionConstants.Features"/> says so.
/// Members come with new versions, with a default: a library that was compiled before runs on.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IAttentionKernels
{
    /// <summary>Whether the kernels read rows through pointers, so that the caller's rows must not move.</summary>
    static abstract bool PinsRows { get; }

    /// <summary>Projects input rows.</summary>
    /// <param name="a">[rows, DModel].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="weights">The first of the panels.</param>
    /// <param name="bias">The bias of the first column.</param>
    /// <param name="panels">Panels of 16 columns.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    static virtual void ProjectInput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>Projects rows of [rows, MemoryDim].</summary>
    /// <inheritdoc cref="ProjectInput"/>
    static virtual void ProjectMemory(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>Projects rows of [rows, ValueInputDim].</summary>
    /// <inheritdoc cref="ProjectInput"/>
    static virtual void ProjectValueInput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>Projects joined heads, [rows, Heads · ValueHeadDim].</summary>
    /// <inheritdoc cref="ProjectInput"/>
    static virtual void ProjectOutput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>First product of a layer's feed-forward network, or its gate: rows of [rows, DModel].</summary>
    /// <inheritdoc cref="ProjectInput"/>
    static virtual void ProjectUp(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>Last product of a layer's feed-forward network: rows of [rows, FeedForwardDim], HiddenStride floats apart.</summary>
    /// <inheritdoc cref="ProjectInput"/>
    static virtual void ProjectDown(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
        throw new UnreachableException();

    /// <summary>The cross-attention of a layer, of some rows of a sequence.</summary>
    /// <param name="memory">Where the keys and values of the sequence's memory lie.</param>
    /// <param name="keys">Memory rows that are seen.</param>
    /// <param name="queries">[KvHeads][rows · group][HeadDim].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="joined">Where the joined heads of the first row go.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    static virtual void AttendMemory(in KeyValuePanels memory, nint keys, ref float queries, nint rows, ref float joined, ref float scratch) =>
        throw new UnreachableException();

    /// <summary>The cross-attention of a layer, of one KV head for some rows of a sequence.</summary>
    /// <param name="memory">Where the keys and values of the sequence's memory lie.</param>
    /// <param name="keys">Memory rows that are seen.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="queries">[rows · group][HeadDim] of the head.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="joined">Where the joined heads of the first row go.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    static virtual void AttendMemoryHead(
        in KeyValuePanels memory, nint keys, nint head, ref float queries, nint rows, ref float joined, ref float scratch) =>
        throw new UnreachableException();

    /// <summary>Projects memory rows of a layer's cross-attention into panels.</summary>
    /// <param name="weights">The weights of the cross-attention.</param>
    /// <param name="memory">Where the keys and values of the sequence's memory lie.</param>
    /// <param name="source">The first row.</param>
    /// <param name="first">Which row of the memory it is.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="options">Tells of a cancelled call.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    static virtual void WriteMemory(
        PackedWeights weights, in KeyValuePanels memory, ref float source, nint first, nint rows, in ForwardOptions options, ref float scratch) =>
        throw new UnreachableException();

    /// <summary>Products of queries and keys.</summary>
    /// <param name="queries">[rows, HeadDim].</param>
    /// <param name="rows">Up to a query block of rows.</param>
    /// <param name="keys">The first key panel.</param>
    /// <param name="panels">Panels of 16 keys.</param>
    /// <param name="scores">Where the first row's scores go.</param>
    static abstract void Scores(ref float queries, nint rows, ref float keys, nint panels, ref float scores);

    /// <summary>Turns each row's scores into probabilities relative to its own maximum; every row sees all columns.</summary>
    /// <param name="scores">The first row's scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Keys of the block.</param>
    /// <param name="state">Where maxima and sums go.</param>
    static virtual void Softmax(ref float scores, nint rows, nint columns, ref float state) => throw new UnreachableException();

    /// <summary>The same where a row sees the keys up to its position.</summary>
    /// <param name="scores">The first row's scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Keys of the block.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="seen">Keys of the block that the first input row sees.</param>
    /// <param name="state">Where maxima and sums go.</param>
    static virtual void CausalSoftmax(ref float scores, nint rows, nint columns, nint first, nint seen, ref float state) => throw new UnreachableException();

    /// <summary>The same where each row has a range of keys.</summary>
    /// <param name="scores">The first row's scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="from">First column that has scores, a multiple of 32.</param>
    /// <param name="columns">End of the columns.</param>
    /// <param name="key">The key of column 0.</param>
    /// <param name="ranges">First key and end of the keys of each row.</param>
    /// <param name="state">Where maxima and sums go.</param>
    static virtual void RangeSoftmax(ref float scores, nint rows, nint from, nint columns, nint key, ref int ranges, ref float state) =>
        throw new UnreachableException();

    /// <summary>Takes a block's maxima and sums into the running ones; leaves the factors of both.</summary>
    /// <param name="softmax">The state of a query block.</param>
    /// <param name="rows">Rows.</param>
    static abstract void Merge(ref float softmax, nint rows);

    /// <summary>Products of probabilities and values.</summary>
    /// <param name="probabilities">The first row's.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="values">The first key's values in the first panel.</param>
    /// <param name="panelStride">Floats from a value panel to the next.</param>
    /// <param name="heads">[rows, value width in whole panels].</param>
    static abstract void Values(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, ref float heads);

    /// <summary>Merges a block's heads into the running ones by the factors of <see cref="Merge"/>.</summary>
    /// <param name="heads">The running heads.</param>
    /// <param name="blockHeads">The block's.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="softmax">The state of the query block.</param>
    static abstract void MergeHeads(ref float heads, ref float blockHeads, nint rows, ref float softmax);

    /// <summary>Divides by the sums and writes each head to its columns of the joined rows.</summary>
    /// <param name="heads">The running heads.</param>
    /// <param name="softmax">The state of the query block.</param>
    /// <param name="count">Rows.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="joined">[rows, Heads · ValueHeadDim].</param>
    /// <returns>Whether a result is NaN, where rows may see different keys; else false.</returns>
    static abstract bool JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined);

    /// <summary>Changes the scores of each row as configured; masked ones become −∞.</summary>
    /// <param name="scores">The first row's scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="from">First column that has scores.</param>
    /// <param name="columns">End of the columns.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="key">The key of column 0.</param>
    /// <param name="firstRow">Which row of the sequence row 0 of the KV head is.</param>
    /// <param name="ranges">First key and end of the keys of each row.</param>
    /// <param name="maskLine">Room for a row's part of each mask.</param>
    /// <param name="context">What is declared for the sequence.</param>
    static virtual void Modify(
        ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float maskLine,
        in AttendContext context) => throw new UnreachableException();

    /// <summary>Caps the scores of each row.</summary>
    /// <param name="scores">The first row's scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">End of the columns.</param>
    static virtual void Cap(ref float scores, nint rows, nint columns) => throw new UnreachableException();

    /// <summary>Takes sinks into the sums, and writes log-sum-exps.</summary>
    /// <param name="softmax">The state of the query block.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="firstRow">Which row of the sequence row 0 of the KV head is.</param>
    /// <param name="context">What is declared for the sequence.</param>
    static virtual void Finish(ref float softmax, nint rows, nint first, nint head, nint firstRow, in AttendContext context) =>
        throw new UnreachableException();

    /// <summary>Writes the probabilities of each row for the keys of a block.</summary>
    /// <param name="scores">The first row's final scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Keys of the block.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="key">The key of column 0.</param>
    /// <param name="firstRow">Which row of the sequence row 0 of the KV head is.</param>
    /// <param name="ranges">First key and end of the keys of each row.</param>
    /// <param name="softmax">The state of the query block.</param>
    /// <param name="context">What is declared for the sequence.</param>
    static virtual void Probabilities(
        ref float scores, nint rows, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax,
        in AttendContext context) => throw new UnreachableException();

    /// <summary>
    /// Turns final scores into probabilities, and changes them by the user's method. Keys outside of a row's range, and masked ones, get exactly 0.
    /// </summary>
    /// <param name="scores">The first row's final scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="from">First column that has scores.</param>
    /// <param name="columns">End of the columns.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="key">The key of column 0.</param>
    /// <param name="firstRow">Which row of the sequence row 0 of the KV head is.</param>
    /// <param name="ranges">First key and end of the keys of each row.</param>
    /// <param name="softmax">The state of the query block, with the final maxima and sums.</param>
    /// <param name="context">What is declared for the sequence.</param>
    static virtual void ModifyProbabilities(
        ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax,
        in AttendContext context) => throw new UnreachableException();

    /// <summary>Turns final scores of appended keys into probabilities, which nothing changes.</summary>
    /// <param name="scores">The first row's final scores.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Appended keys.</param>
    /// <param name="softmax">The state of the query block, with the final maxima and sums.</param>
    static virtual void AppendedProbabilities(ref float scores, nint rows, nint columns, ref float softmax) => throw new UnreachableException();

    /// <summary>The keys that the user's mask predicate may let a row see.</summary>
    /// <param name="head">The query head.</param>
    /// <param name="query">The position of the row.</param>
    /// <param name="keys">Keys of the sequence.</param>
    static virtual (int First, int End) DeclaredRange(int head, int query, int keys) => throw new UnreachableException();
}
