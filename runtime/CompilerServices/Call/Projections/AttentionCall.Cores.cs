using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Without projections: copies heads from and to the caller's layout.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Lays some new keys and values of one KV head out in its panels.</summary>
    [MethodImpl(Step)]
    private static void LayOutKeys(in SequenceCall call, nint first, nint count, nint head, ref float scratch)
    {
        nint keys = call.Dimensions.Keys - call.Dimensions.CachedKeys;
        ref float source = ref At(call.Arguments.Key, Start(in call, keys, first, head, TConstants.KvHeads, TConstants.HeadDim));
        int stride = Stride(TConstants.KvHeads, TConstants.HeadDim);
        ref float strip = ref Unsafe.Add(ref scratch, TConstants.KeyStripOffset);
        if (Has(HeadNorms) || Has(HalfSplitRotary) || Has(InterleavedRotary) || Has(InputBias))
        {
            for (nint row = 0; row < count; row += TConstants.RowBlock)
            {
                nint rows = Math.Min(TConstants.RowBlock, count - row);
                StridedRows.Copy(ref Unsafe.Add(ref source, row * stride), stride, ref strip, TConstants.HeadDim, rows, TConstants.HeadDim);
                if (Has(InputBias))
                    StridedRows.Add(ref strip, TConstants.HeadDim, rows, ref call.Weights.InputBias.Key(head), TConstants.HeadDim);
                ChangeHeads(in call, call.Weights.KeyNorm, ref strip, TConstants.HeadDim, rows, head, 1, first + row);
                WriteKeys(in call, head, ref strip, TConstants.HeadDim, rows, first + row);
            }
        }
        else
        {
            WriteKeys(in call, head, ref source, stride, count, first);
        }

        ref float values = ref At(call.Arguments.Value, Start(in call, keys, first, head, TConstants.KvHeads, TConstants.ValueHeadDim));
        nint valueStride = Stride(TConstants.KvHeads, TConstants.ValueHeadDim);
        if (!Has(InputBias))
        {
            WriteValues(in call, head, ref values, valueStride, count, first);
            return;
        }

        for (nint row = 0; row < count; row += TConstants.RowBlock)
        {
            nint rows = Math.Min(TConstants.RowBlock, count - row);
            StridedRows.Copy(
                ref Unsafe.Add(ref values, row * valueStride), valueStride, ref strip, TConstants.ValueHeadDim, rows, TConstants.ValueHeadDim);
            StridedRows.Add(ref strip, TConstants.ValueHeadDim, rows, ref call.Weights.InputBias.Value(head), TConstants.ValueHeadDim);
            WriteValues(in call, head, ref strip, TConstants.ValueHeadDim, rows, first + row);
        }
    }

    /// <summary>Gathers some query rows of all heads.</summary>
    [MethodImpl(Step)]
    private static void GatherQueries(in SequenceCall call, nint first, nint count, ref float queries)
    {
        for (nint head = 0; head < TConstants.KvHeads; head++)
            GatherQueries(in call, first, count, head, ref Unsafe.Add(ref queries, head * count * GroupDim));
    }

    /// <summary>Gathers some query rows of the heads that read one KV head, times the factor of the scores, unless a normalisation's weights hold it.</summary>
    [MethodImpl(Step)]
    private static void GatherQueries(in SequenceCall call, nint first, nint count, nint head, ref float queries)
    {
        nint rows = Rows(in call.Dimensions);
        nint headStride = Has(HeadsBeforeRows) ? rows * TConstants.HeadDim : TConstants.HeadDim;
        ref float source = ref At(call.Arguments.Input, Start(in call, rows, first, head * Group, TConstants.Heads, TConstants.HeadDim));
        QueryRows.Gather(
            ref source, Stride(TConstants.Heads, TConstants.HeadDim), headStride, count, ref queries, Group, TConstants.HeadDim, TConstants.QueryFactor);
        if (Has(InputBias))
            StridedRows.Add(ref queries, GroupDim, count, ref call.Weights.InputBias.Query(head * Group), GroupDim);
        ChangeHeads(in call, call.Weights.QueryNorm, ref queries, GroupDim, count, head * Group, Group, first);
    }

    /// <summary>Writes some rows of some joined heads to the caller's, head by head.</summary>
    [MethodImpl(Step)]
    private static void WriteHeads(in SequenceCall call, nint first, nint count, nint firstHead, nint heads, ref float joined)
    {
        for (nint head = firstHead; head < firstHead + heads; head++)
        {
            ref float target = ref At(call.Arguments.Output, Start(in call, Rows(in call.Dimensions), first, head, TConstants.Heads, TConstants.ValueHeadDim));
            StridedRows.Copy(
                ref Unsafe.Add(ref joined, head * TConstants.ValueHeadDim), JoinedDim, ref target, TConstants.ValueHeadDim, count, TConstants.ValueHeadDim);
        }
    }

    /// <summary>Floats before a row of a head, in the caller's layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Start(in SequenceCall call, nint rows, nint row, nint head, int heads, int width) => Has(HeadsBeforeRows)
        ? ((((call.Index * heads) + head) * rows) + row) * width
        : (((call.Index * rows) + row) * (heads * width)) + (head * width);

    /// <summary>Floats from a row of a head to the next, in the caller's layout.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Stride(int heads, int width) => Has(HeadsBeforeRows) ? width : heads * width;
}
