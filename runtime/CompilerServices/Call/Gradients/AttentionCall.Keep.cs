using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// What a forward keeps for the gradients, where the caller gives room for it. It changes no bit of the output.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Lets keys and values go to panels that the caller keeps, as they would go to a cache.</summary>
    [MethodImpl(Step)]
    private static void Keep(
        ref SequenceCall call, SavedActivations activations, scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence)
    {
        nint firstKey = FirstKey(call.Weights.Shape, in arguments, in dimensions, sequence);
        call.Panels = activations.Panels(sequence, firstKey, call.Dimensions.Keys);
        call.Saved = activations.Sequence(sequence, FirstRow(in arguments, in dimensions, sequence), firstKey);
    }

    /// <summary>The first key of a sequence, counted over the batch.</summary>
    private static nint FirstKey(AttentionShape shape, scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence) =>
        Has(Ragged) ? RaggedBatch.NewKeyOffsets(shape, in arguments)[(int)sequence] : sequence * dimensions.Keys;

    /// <summary>Notes that the caller's room holds what a call has kept.</summary>
    private static void Fill(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        // A call without a row has no sequence to compute.
        ForwardDimensions all = dimensions with { Batch = arguments.Batch };
        arguments.Activations?.Fill(arguments.Batch, in all, AllRows(in arguments, in all), AllKeys(shape, in arguments, in all));
    }

    private static long AllRows(in AttentionArguments arguments, in ForwardDimensions dimensions) =>
        Has(Ragged) ? arguments.RowOffsets[dimensions.Batch] : (long)dimensions.Batch * dimensions.Rows;

    private static long AllKeys(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions) =>
        FirstKey(shape, in arguments, in dimensions, dimensions.Batch);

    /// <summary>Which of a sequence's rows of a KV head the first one of an input row is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint SavedRow(in SequenceCall call, nint head, nint row) => ((head * Rows(in call.Dimensions)) + row) * Group;

    [MethodImpl(Step)]
    private static void KeepQueries(in SequenceCall call, nint head, nint firstRow, nint rows, ref float queries)
    {
        if (Unsafe.IsNullRef(ref call.Saved.Queries))
            return;
        StridedRows.Copy(
            ref queries, GroupDim, ref Unsafe.Add(ref call.Saved.Queries, SavedRow(in call, head, firstRow) * TConstants.HeadDim), GroupDim, rows, GroupDim);
    }

    [MethodImpl(Step)]
    private static void KeepHeads(in SequenceCall call, nint head, nint firstRow, nint rows, ref float joined)
    {
        if (Unsafe.IsNullRef(ref call.Saved.Joined))
            return;
        nint column = head * Group * TConstants.ValueHeadDim;
        ref float target = ref Unsafe.Add(ref call.Saved.Joined, (firstRow * JoinedDim) + column);
        StridedRows.Copy(ref Unsafe.Add(ref joined, column), JoinedDim, ref target, JoinedDim, rows, Group * TConstants.ValueHeadDim);
    }

    /// <summary>Keeps maxima and sums of a query block, sinks included.</summary>
    [MethodImpl(Step)]
    private static void KeepSoftmax(in SequenceCall call, nint head, nint firstRow, nint first, nint rows, ref float softmax)
    {
        if (Unsafe.IsNullRef(ref call.Saved.Maxima))
            return;
        nint place = SavedRow(in call, head, firstRow) + first;
        Copy(ref Unsafe.Add(ref softmax, SoftmaxState.Maximum), ref Unsafe.Add(ref call.Saved.Maxima, place));
        Copy(ref Unsafe.Add(ref softmax, SoftmaxState.Sum), ref Unsafe.Add(ref call.Saved.Sums, place));

        void Copy(ref float source, ref float target) =>
            MemoryMarshal.CreateReadOnlySpan(ref source, (int)rows).CopyTo(MemoryMarshal.CreateSpan(ref target, (int)rows));
    }

    /// <summary>Keeps heads before their normalisation.</summary>
    /// <param name="kept">The place of head 0 of the sequence's first row.</param>
    /// <param name="width">Floats from a row of them to the next.</param>
    /// <param name="strip">The first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="firstHead">The first head of the strip.</param>
    /// <param name="heads">Heads of a row.</param>
    /// <param name="first">Which row of the sequence the first row is.</param>
    [MethodImpl(Step)]
    private static void KeepHeadsBeforeNorm(
        ref float kept, nint width, ref float strip, nint stride, nint rows, nint firstHead, nint heads, nint first)
    {
        if (Unsafe.IsNullRef(ref kept))
            return;
        ref float target = ref Unsafe.Add(ref kept, (first * width) + (firstHead * TConstants.HeadDim));
        StridedRows.Copy(ref strip, stride, ref target, width, rows, (int)heads * TConstants.HeadDim);
    }
}
