using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The products of the gradients of projections. Threads share the columns of each result, so the sums over rows are the same chains whoever computes them.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>
    /// Products after the heads: gradients of the input, of the memory, and of four matrices with their biases; then of an input that values have of their own.
    /// </summary>
    private static int GradientProducts => Has(ValueInput) ? 7 : 6;

    /// <summary>Some columns of the gradients of the joined heads.</summary>
    [MethodImpl(Step)]
    private static void JoinedGradient(in BackwardWork work, in BackwardArguments backward, int slice, ref float shared, ref float scratch)
    {
        (nint first, nint count) = Slice(in work, JoinedDim, slice);
        MultiplyGradients(
            ref At(backward.OutputGradient, 0), TConstants.DModel, work.Weights.Trained.Output, JoinedDim, first, count,
            ref Unsafe.Add(ref shared, BackwardLayout.JoinedGradients), work.Layout.Rows, false, ref scratch);
    }

    /// <summary>Some columns of one of the products.</summary>
    [MethodImpl(Step)]
    private static void GradientProduct(
        in BackwardWork work, in AttentionArguments arguments, in BackwardArguments backward, int product, int slice, ref float shared, ref float scratch)
    {
        AttentionWeights weights = work.Weights.Trained;
        AttentionGradients gradients = work.Gradients!;
        BackwardLayout layout = work.Layout;
        ref float queries = ref Unsafe.Add(ref shared, layout.QueryGradients);
        ref float keys = ref Unsafe.Add(ref shared, layout.KeyGradients);
        ref float values = ref Unsafe.Add(ref shared, layout.ValueGradients);
        ref float input = ref At(arguments.Input, 0);
        ref float memory = ref Has(CrossAttention) ? ref At(arguments.Memory, 0) : ref input;
        switch (product)
        {
            case 0:
                (nint first, nint count) = Slice(in work, TConstants.DModel, slice);
                ref float inputGradient = ref At(backward.InputGradient, 0);
                MultiplyGradients(
                    ref queries, QueryDim, weights.Query, TConstants.DModel, first, count, ref inputGradient, layout.Rows, false, ref scratch);
                if (!Has(CrossAttention))
                    AddKeysAndValues(in work, first, count, ref keys, ref values, ref inputGradient, true, ref scratch);
                break;
            case 1 when Has(ValueInput):
                (first, count) = Slice(in work, TConstants.MemoryDim, slice);
                MultiplyGradients(
                    ref keys, KeyDim, weights.Key, TConstants.MemoryDim, first, count, ref At(backward.MemoryGradient, 0), layout.Keys, false, ref scratch);
                break;
            case 1 when Has(CrossAttention):
                (first, count) = Slice(in work, TConstants.MemoryDim, slice);
                AddKeysAndValues(in work, first, count, ref keys, ref values, ref At(backward.MemoryGradient, 0), false, ref scratch);
                break;
            case 2:
                WeightGradient(
                    in work, in arguments, false, ref queries, QueryDim, ref input, TConstants.DModel, gradients.Query.Span, gradients.QueryBias.Span, slice,
                    ref scratch);
                break;
            case 3:
                WeightGradient(
                    in work, in arguments, true, ref keys, KeyDim, ref memory, TConstants.MemoryDim, gradients.Key.Span, gradients.KeyBias.Span, slice,
                    ref scratch);
                break;
            case 4 when Has(ValueInput):
                WeightGradient(
                    in work, in arguments, true, ref values, ValueDim, ref At(arguments.ValueInput, 0), TConstants.ValueInputDim, gradients.Value.Span,
                    gradients.ValueBias.Span, slice, ref scratch);
                break;
            case 4:
                WeightGradient(
                    in work, in arguments, true, ref values, ValueDim, ref memory, TConstants.MemoryDim, gradients.Value.Span, gradients.ValueBias.Span, slice,
                    ref scratch);
                break;
            case 5:
                ref float joined = ref Has(HeadMask) ? ref Unsafe.Add(ref shared, BackwardLayout.JoinedGradients) : ref work.Activations.Joined;
                WeightGradient(
                    in work, in arguments, false, ref At(backward.OutputGradient, 0), TConstants.DModel, ref joined, JoinedDim, gradients.Output.Span,
                    gradients.OutputBias.Span, slice, ref scratch);
                break;
            case 6:
                (first, count) = Slice(in work, TConstants.ValueInputDim, slice);
                MultiplyGradients(
                    ref values, ValueDim, weights.Value, TConstants.ValueInputDim, first, count, ref At(backward.ValueInputGradient, 0), layout.Keys, false,
                    ref scratch);
                break;
        }
    }

    /// <summary>Gradients of the rows that keys and values were projected from.</summary>
    private static void AddKeysAndValues(
        in BackwardWork work, nint first, nint count, ref float keys, ref float values, ref float target, bool adds, ref float scratch)
    {
        AttentionWeights weights = work.Weights.Trained;
        nint rows = work.Layout.Keys;
        MultiplyGradients(ref keys, KeyDim, weights.Key, TConstants.MemoryDim, first, count, ref target, rows, adds, ref scratch);
        MultiplyGradients(ref values, ValueDim, weights.Value, TConstants.MemoryDim, first, count, ref target, rows, true, ref scratch);
    }

    /// <summary>Gradients of the inputs of a projection, from those of its outputs: some columns.</summary>
    private static void MultiplyGradients(
        ref float gradients, nint outputs, ReadOnlySpan<float> weights, nint inputs, nint first, nint count, ref float target, nint rows, bool adds,
        ref float scratch) => MatrixProduct.Multiply(
            new(ref gradients, outputs), new(ref At(weights, first), inputs), ref Unsafe.Add(ref target, first), inputs, rows, count, outputs, adds,
            ref scratch);

    /// <summary>Adds to the gradients of a matrix and its bias: of the matrix some columns, of the bias some elements.</summary>
    [MethodImpl(Step)]
    private static void WeightGradient(
        in BackwardWork work, in AttentionArguments arguments, bool ofKeys, ref float gradients, nint outputs, ref float inputRows, nint inputs,
        Span<float> target, Span<float> bias, int slice, ref float scratch)
    {
        (nint first, nint count) = Slice(in work, inputs, slice);
        (nint firstOutput, nint countOutputs) = Slice(in work, outputs, slice);
        for (nint sequence = 0, row = 0; NextRows(in work, in arguments, ofKeys, ref sequence, ref row, out nint rows); row += rows)
        {
            ref float gradient = ref Unsafe.Add(ref gradients, row * outputs);
            MatrixProduct.Multiply(
                new StridedMatrix(ref gradient, outputs).Transposed, new(ref Unsafe.Add(ref inputRows, (row * inputs) + first), inputs),
                ref At(target, first), inputs, outputs, count, rows, true, ref scratch);
            if (!bias.IsEmpty)
                ColumnSums.Add(ref Unsafe.Add(ref gradient, firstOutput), outputs, rows, countOutputs, ref At(bias, firstOutput));
        }
    }

    /// <summary>
    /// The next rows, or keys, whose gradients are summed together: all of them where every one counts. Rows of padding, and keys that a length masks, may hold
    /// anything, so sequences are taken one by one then.
    /// </summary>
    private static bool NextRows(in BackwardWork work, in AttentionArguments arguments, bool ofKeys, ref nint sequence, ref nint row, out nint rows)
    {
        bool perSequence = ofKeys ? Has(KeyLengths) : Has(SkipPadding);
        if (!perSequence)
        {
            rows = sequence++ == 0 ? ofKeys ? work.Layout.Keys : work.Layout.Rows : 0;
            return rows > 0;
        }

        for (; sequence < work.Dimensions.Batch; sequence++)
        {
            nint all = ofKeys
                ? FirstKey(work.Weights.Shape, in arguments, in work.Dimensions, sequence + 1) - FirstKey(
                    work.Weights.Shape, in arguments, in work.Dimensions, sequence)
                : Rows(in work.Dimensions);
            row = ofKeys ? FirstKey(work.Weights.Shape, in arguments, in work.Dimensions, sequence) : sequence * Rows(in work.Dimensions);
            rows = Math.Min(all, arguments.KeyLengths[(int)sequence]);
            if (rows > 0)
            {
                sequence++;
                return true;
            }
        }

        rows = 0;
        return false;
    }

    /// <summary>Columns that one part computes: whole panels of the product's right operand.</summary>
    private static (nint First, nint Count) Slice(in BackwardWork work, int columns, int slice)
    {
        int step = EqualParts.Step(columns, work.Slices, ProductPanels.RightLines), first = Math.Min(columns, slice * step);
        return (first, Math.Min(step, columns - first));
    }

    private static (nint First, nint Count) Slice(in BackwardWork work, nint columns, int slice) => Slice(in work, (int)columns, slice);
}
