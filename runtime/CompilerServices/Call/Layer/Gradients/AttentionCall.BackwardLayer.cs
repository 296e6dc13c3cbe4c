using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The gradients of a layer: those of its feed-forward network, then of its attention, with norms and residual sums between them.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Computes the gradients of a checked call of a layer.</summary>
    [MethodImpl(Step)]
    private static unsafe void ComputeBackwardOfLayer(
        PackedWeights weights, in AttentionArguments arguments, in BackwardArguments backward, in ForwardDimensions dimensions)
    {
        int rows = (int)AllRows(in arguments, in dimensions), most = arguments.Options.MaxDegreeOfParallelism;
        if (rows == 0)
            return;
        int threads = most <= 1
            ? 1
            : KernelThreads.Choose(most, 2 * CallSchedule.MultiplyAdds(CallNumbers.Of<TConstants>(), SizesOf(in arguments, in dimensions)));
        SavedLayer saved = arguments.Activations!.Layer!;
        var gradients = (TransformerLayerGradients)backward.Gradients!;
        var layout = new LayerBackwardLayout(saved.Shape, rows, weights.Layer.AttentionNorm.SumFloats);
        using ScratchLease lease = ScratchLease.Rent(layout.Floats);
        float* shared = (float*)Unsafe.AsPointer(ref lease.Reference);
        fixed (float* input = arguments.Input, outputGradient = backward.OutputGradient, inputGradient = backward.InputGradient)
        {
            var work = new LayerBackwardWork
            {
                Layer = weights.Layer,
                Saved = saved,
                Gradients = gradients,
                CancellationToken = arguments.Options.CancellationToken,
                Rows = rows,
                Slices = threads,
                Input = input,
                OutputGradient = outputGradient,
                InputGradient = inputGradient,
                Shared = shared,
            };
            LayerBackward.Run(in work, LayerStep.BeforeFeedForward);
            LayerBackward.Run(in work, LayerStep.FeedForward);
            LayerBackward.Run(in work, LayerStep.BeforeAttention);
            int elements = rows * TConstants.DModel;
            // A layer that normalises sums lets the attention read its input as it is.
            var ofAttention = new BackwardArguments
            {
                OutputGradient = new(shared + layout.Branch, elements),
                InputGradient = new(shared + layout.AttentionGradient, elements),
            };
            AttentionArguments rowsOfAttention = Has(NormBefore)
                ? arguments with { Input = new(shared + layout.Source, elements) }
                : arguments;
            ComputeBackward(weights, in rowsOfAttention, in ofAttention, gradients.Attention, in dimensions);
            LayerBackward.Run(in work, LayerStep.Input);
        }
    }
}
