using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Back through the normalisation of queries and keys.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Goes back through the normalisation of some heads.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="heads">The first head before normalisation and rotation.</param>
    /// <param name="stride">Floats from a head to the next.</param>
    /// <param name="row">The row of the first head.</param>
    /// <param name="step">Rows from a head to the next.</param>
    /// <param name="weights">The weights of all heads.</param>
    /// <param name="first">The first of them that belong to these heads, where each has its own.</param>
    /// <param name="own">How many belong to them then.</param>
    /// <param name="gradients">[count][HeadDim].</param>
    /// <param name="count">Heads.</param>
    /// <param name="weightGradient">As many as weights of these heads.</param>
    /// <param name="biasGradient">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BackwardNorm(
        in SequenceCall call, ref float heads, nint stride, nint row, nint step, ReadOnlySpan<float> weights, nint first, int own, ref float gradients,
        nint count, ref float weightGradient, ref float biasGradient)
    {
        AttentionShape shape = call.Weights.Shape;
        if (shape.QueryKeyNormScope == QueryKeyNormScope.HeadOwnWeights)
            weights = weights.Slice((int)first, own);
        Span<float> ofWeights = MemoryMarshal.CreateSpan(ref weightGradient, weights.Length);
        Span<float> ofBiases = shape.NormAddsBias ? MemoryMarshal.CreateSpan(ref biasGradient, weights.Length) : default;
        if (Has(NormAfterRotary))
            BackwardNormOfRotated(in call, ref heads, stride, row, step, weights, ref gradients, count, ofWeights, ofBiases);
        else
            HeadNormGradient.Apply(
                shape.QueryKeyNorm, shape.QueryKeyNormEpsilon, ref heads, stride, TConstants.HeadDim, weights, ref gradients, count, ofWeights, ofBiases);
    }

    /// <summary>The same of heads that were rotated before: they are rotated again, one by one, since only those before both are kept.</summary>
    [MethodImpl(Step)]
    private static void BackwardNormOfRotated(
        in SequenceCall call, ref float heads, nint stride, nint row, nint step, ReadOnlySpan<float> weights, ref float gradients, nint count,
        Span<float> ofWeights, Span<float> ofBiases)
    {
        AttentionShape shape = call.Weights.Shape;
        int width = TConstants.HeadDim;
        Span<float> rotated = stackalloc float[ShapeLimits.MaxCoreHeadDim];
        for (nint head = 0; head < count; head++)
        {
            int place = weights.Length == width ? 0 : (int)head * width;
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref heads, head * stride), width).CopyTo(rotated);
            RotateHeads<Forwards>(in call, ref rotated[0], width, 1, 1, row + (head * step));
            HeadNormGradient.Apply(
                shape.QueryKeyNorm, shape.QueryKeyNormEpsilon, ref rotated[0], width, width, weights.Slice(place, width),
                ref Unsafe.Add(ref gradients, head * width), 1, ofWeights.Slice(place, width), ofBiases.IsEmpty ? default : ofBiases.Slice(place, width));
        }
    }

    /// <summary>Goes back through normalisations that span all heads of a row, for all rows in their order.</summary>
    /// <param name="work">The backward.</param>
    /// <param name="arguments">The arguments of the forward.</param>
    /// <param name="part">0 for queries, 1 for keys.</param>
    /// <param name="shared">Scratch that all threads share.</param>
    /// <param name="own">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void BackwardRowNorms(in BackwardWork work, in AttentionArguments arguments, int part, ref float shared, ref float own)
    {
        AttentionShape shape = work.Weights.Shape;
        AttentionWeights weights = work.Weights.Trained;
        AttentionGradients gradients = work.Gradients!;
        for (nint sequence = 0; sequence < work.Dimensions.Batch; sequence++)
        {
            SequenceCall call = Open(work.Weights, in arguments, in work.Dimensions, sequence, ref own);
            // Rows that were not computed have no heads, and their gradients are zero already.
            if (part == 0)
                HeadNormGradient.Apply(
                    shape.QueryKeyNorm, shape.QueryKeyNormEpsilon, ref call.Saved.QueryHeads, QueryDim, QueryDim, weights.QueryNorm,
                    ref Unsafe.Add(ref shared, work.Layout.QueryGradients + (FirstRow(in arguments, in work.Dimensions, sequence) * QueryDim)),
                    ComputedRows(in call), gradients.QueryNorm.Span, gradients.QueryNormBias.Span);
            else
                HeadNormGradient.Apply(
                    shape.QueryKeyNorm, shape.QueryKeyNormEpsilon, ref call.Saved.KeyHeads, KeyDim, KeyDim, weights.KeyNorm,
                    ref Unsafe.Add(ref shared, work.Layout.KeyGradients + (FirstKey(shape, in arguments, in work.Dimensions, sequence) * KeyDim)),
                    NewKeys(in call), gradients.KeyNorm.Span, gradients.KeyNormBias.Span);
        }
    }

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
