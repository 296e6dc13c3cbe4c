using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Back through the normalisation of queries and keys.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Goes back through the normalisation of some heads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BackwardNorm(
        in SequenceCall call, ref float heads, nint stride, ReadOnlySpan<float> weights, ref float gradients, nint count, ref float weightGradient,
        ref float biasGradient) => HeadNormGradient.Apply(
            call.Weights.Shape.QueryKeyNorm, call.Weights.Shape.QueryKeyNormEpsilon, ref heads, stride, weights, ref gradients, count,
            MemoryMarshal.CreateSpan(ref weightGradient, TConstants.HeadDim), MemoryMarshal.CreateSpan(ref biasGradient, TConstants.HeadDim));

    /// <summary>The queries of a row that read one KV head, before their normalisation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float QueriesBeforeNorm(in SequenceCall call, nint head, nint row, out nint stride)
    {
        nint rows = Rows(in call.Dimensions);
        stride = Has(HeadsBeforeRows) ? rows * TConstants.HeadDim : TConstants.HeadDim;
        return ref Has(Projections)
            ? ref Unsafe.Add(ref call.Saved.QueryHeads, (row * QueryDim) + (head * GroupDim))
            : ref At(call.Arguments.Input, Start(in call, rows, row, head * Group, TConstants.Heads, TConstants.HeadDim));
    }

    /// <summary>The keys of a head from one on, before their normalisation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float KeysBeforeNorm(in SequenceCall call, nint head, nint first, out nint stride)
    {
        stride = Has(Projections) ? KeyDim : Stride(TConstants.KvHeads, TConstants.HeadDim);
        return ref Has(Projections)
            ? ref Unsafe.Add(ref call.Saved.KeyHeads, (first * KeyDim) + (head * TConstants.HeadDim))
            : ref At(call.Arguments.Key, Start(in call, call.Dimensions.Keys, first, head, TConstants.KvHeads, TConstants.HeadDim));
    }
}
