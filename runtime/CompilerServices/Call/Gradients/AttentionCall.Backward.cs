using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The gradients of a call. With projections: those of the joined heads, then KV head by KV head, of norms over all heads, and of weights and inputs.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Computes the gradients of a forward.</summary>
    /// <param name="weights">The packed weights of the kernel object.</param>
    /// <param name="arguments">The arguments of the forward, unchecked.</param>
    /// <param name="backward">Where gradients come from and go to.</param>
    [MethodImpl(Step)]
    public static void Backward(PackedWeights weights, in AttentionArguments arguments, in BackwardArguments backward)
    {
        LengthRoom room = default;
        using OwnLengths own = OwnLengths.Copy(in arguments, ref room);
        ForwardDimensions dimensions = Has(Layer)
            ? KernelChecks.ValidateBackward(weights.Layer.Shape, in own.Arguments, in arguments, in backward)
            : KernelChecks.ValidateBackward(weights.Shape, in own.Arguments, in arguments, in backward);
        if (Has(Ragged) && Has(Documents))
            RaggedBatch.FindDocuments(weights.Shape, in own.Arguments);
        if (Has(Layer))
        {
            ComputeBackwardOfLayer(weights, in own.Arguments, in backward, in dimensions);
            return;
        }

        ComputeBackward(weights, in own.Arguments, in backward, backward.Gradients as AttentionGradients, in dimensions);
    }

    /// <summary>Computes the gradients of a checked call, on several threads if that is faster.</summary>
    [MethodImpl(Step)]
    private static void ComputeBackward(
        PackedWeights weights, in AttentionArguments arguments, in BackwardArguments backward, AttentionGradients? gradients, in ForwardDimensions dimensions)
    {
        var layout = new BackwardLayout(
            weights.Shape, (nint)AllRows(in arguments, in dimensions), (nint)AllKeys(weights.Shape, in arguments, in dimensions), dimensions.Batch);
        if (layout.Rows == 0)
        {
            backward.KeyGradient.Clear();
            backward.ValueGradient.Clear();
            backward.MemoryGradient.Clear();
            backward.ValueInputGradient.Clear();
            return;
        }

        int most = arguments.Options.MaxDegreeOfParallelism;
        // Five products of attention where the forward has two, and two for each projection.
        int threads = most <= 1
            ? 1
            : KernelThreads.Choose(most, 2 * CallSchedule.MultiplyAdds(CallNumbers.Of<TConstants>(), SizesOf(in arguments, in dimensions)));
        nint widest = Math.Max(Math.Max(layout.Rows, layout.Keys), Math.Max(Math.Max(QueryDim, JoinedDim), Math.Max(TConstants.DModel, TConstants.MemoryDim)));
        if (Has(ValueInput))
            widest = Math.Max(widest, TConstants.ValueInputDim);
        nint own = Math.Max(
            TConstants.ScratchFloats + HeadGradientFloats(Rows(in dimensions), dimensions.Keys),
            Has(Projections) ? MatrixProduct.ScratchFloats(widest, widest, widest) : 0);
        var work = new BackwardWork
        {
            Parts = AttentionParts<TKernels, TConstants>.Instance,
            Weights = weights,
            Activations = arguments.Activations!,
            Gradients = gradients,
            Options = arguments.Options,
            MaskLength = arguments.MaskLength,
            Dimensions = dimensions,
            Layout = layout,
            Slices = threads,
        };
        WorkPhase heads = new(dimensions.Batch * TConstants.KvHeads, 1), norms = new(weights.Shape.NormSpansHeads ? 2 : 0, 1), sums = new(1, 1);
        WorkSchedule schedule = Has(Projections)
            ? new(threads, layout.Floats, own, 1, new WorkPhase(threads, 1), heads, norms, new WorkPhase(GradientProducts * threads, 1), sums)
            : new(threads, layout.Floats, own, 1, heads, sums);
        if (threads > 1)
        {
            SharedWork<BackwardWork>.Run(in work, new BackwardSpans(arguments, backward), in schedule);
            return;
        }

        using ScratchLease lease = ScratchLease.Rent(schedule.ScratchFloats);
        ref float shared = ref lease.Reference;
        for (int phase = 0; phase < schedule.Phases; phase++)
        {
            for (int part = 0; part < schedule[phase].Parts; part++)
                RunBackwardPart(in work, in arguments, in backward, phase, part, ref shared, ref Unsafe.Add(ref shared, schedule.OwnStart(0)));
        }
    }

    /// <summary>One part.</summary>
    [MethodImpl(Step)]
    internal static void RunBackwardPart(
        in BackwardWork work, in AttentionArguments arguments, in BackwardArguments backward, int phase, int part, ref float shared, ref float own)
    {
        arguments.Options.CancellationToken.ThrowIfCancellationRequested();
        switch (Has(Projections) ? phase : phase == 0 ? 1 : 4)
        {
            case 0:
                JoinedGradient(in work, in backward, part, ref shared, ref own);
                break;
            case 1:
                (int sequence, int head) = Math.DivRem(part, TConstants.KvHeads);
                BackwardHeadOf(in work, in arguments, in backward, sequence, head, ref shared, ref own);
                break;
            case 2:
                BackwardRowNorms(in work, in arguments, part, ref shared, ref own);
                break;
            case 3:
                (int product, int slice) = Math.DivRem(part, work.Slices);
                GradientProduct(in work, in arguments, in backward, product, slice, ref shared, ref own);
                break;
            default:
                int floats = new SmallGradients(work.Weights.Shape).Floats;
                if (floats == 0)
                    break;
                int parts = work.Dimensions.Batch * TConstants.KvHeads;
                new SmallGradients(work.Weights.Shape).AddTo(
                    MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref shared, work.Layout.SmallGradients), parts * floats), work.Dimensions.Batch,
                    TConstants.KvHeads, work.Gradients!);
                break;
        }
    }

    [MethodImpl(Step)]
    private static void BackwardHeadOf(
        in BackwardWork work, in AttentionArguments arguments, in BackwardArguments backward, nint sequence, nint head, ref float shared, ref float own)
    {
        SequenceCall call = Open(work.Weights, in arguments, in work.Dimensions, sequence, ref own);
        scoped GradientTargets targets = default;
        nint row = FirstRow(in arguments, in work.Dimensions, sequence), key = FirstKey(work.Weights.Shape, in arguments, in work.Dimensions, sequence);
        nint rows = Rows(in call.Dimensions), keys = call.Dimensions.Keys;
        if (Has(Projections))
        {
            BackwardLayout layout = work.Layout;
            targets.Joined = new(ref Unsafe.Add(ref shared, BackwardLayout.JoinedGradients + (row * JoinedDim)), TConstants.ValueHeadDim, JoinedDim);
            targets.Queries = new(ref Unsafe.Add(ref shared, layout.QueryGradients + (row * QueryDim)), TConstants.HeadDim, QueryDim);
            targets.Keys = new(ref Unsafe.Add(ref shared, layout.KeyGradients + (key * KeyDim)), TConstants.HeadDim, KeyDim);
            targets.Values = new(ref Unsafe.Add(ref shared, layout.ValueGradients + (key * ValueDim)), TConstants.ValueHeadDim, ValueDim);
        }
        else
        {
            targets.Joined = CallerHeads(backward.OutputGradient, row, rows, TConstants.Heads, TConstants.ValueHeadDim);
            targets.Queries = CallerHeads(backward.InputGradient, row, rows, TConstants.Heads, TConstants.HeadDim);
            targets.Keys = CallerHeads(backward.KeyGradient, key, keys, TConstants.KvHeads, TConstants.HeadDim);
            targets.Values = CallerHeads(backward.ValueGradient, key, keys, TConstants.KvHeads, TConstants.ValueHeadDim);
        }

        nint part = (sequence * TConstants.KvHeads) + head;
        ref float small = ref Unsafe.Add(ref shared, work.Layout.SmallGradients + (part * new SmallGradients(work.Weights.Shape).Floats));
        BackwardHead(in call, head, in targets, ref own, ref small);
    }

    /// <summary>Without projections: the heads of a sequence where the caller has them.</summary>
    private static HeadsOfRows CallerHeads(ReadOnlySpan<float> span, nint first, nint rows, int heads, int width) =>
        new(ref At(span, first * heads * width), Has(HeadsBeforeRows) ? rows * width : width, Stride(heads, width));
}
