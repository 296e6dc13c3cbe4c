using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The gradients of one product: with <c>z = x Wᵀ + b</c> and <c>y = act(z) ∘ gate + residual</c> that of z is <c>dy ∘ gate ∘ act′(z)</c>, and from it
/// <c>dx = dz W</c>, <c>dW += dzᵀ x</c> and <c>db += Σ dz</c>. Threads share columns, so the sums over rows are the same chains whoever computes them.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class LinearBackward
{
    /// <summary>Checks the arguments and computes the gradients.</summary>
    /// <param name="weights">The packed weights of the object.</param>
    /// <param name="arguments">The caller's arguments, unchecked.</param>
    /// <param name="backward">Where gradients come from and go to, unchecked.</param>
    public static void Run(PackedLinear weights, in LinearArguments arguments, in BackwardArguments backward)
    {
        LinearShape shape = weights.Shape;
        int rows = LinearChecks.ValidateBackward(shape, in arguments, in backward);
        if (rows == 0)
            return;
        bool hasSums = HasSums(shape);
        int threads = KernelThreads.Choose(arguments.Options.MaxDegreeOfParallelism, (hasSums ? 3L : 2L) * rows * shape.Inputs * shape.Outputs);
        nint widest = Math.Max(rows, Math.Max(shape.Inputs, shape.Outputs));
        var work = new LinearBackwardWork
        {
            Weights = weights,
            Gradients = (LinearGradients)backward.Gradients!,
            Options = arguments.Options,
            Rows = rows,
            Slices = threads,
        };
        // Sums before the activation, and then their gradients.
        nint shared = hasSums ? 2 * (nint)rows * shape.Outputs : 0;
        WorkPhase sums = new(hasSums ? threads : 0, 1), products = new(2 * threads, 1);
        var schedule = new WorkSchedule(threads, shared, MatrixProduct.ScratchFloats(widest, widest, widest), 1, sums, products);
        if (threads > 1)
        {
            SharedWork<LinearBackwardWork>.Run(in work, new LinearBackwardSpans(arguments, backward), in schedule);
            return;
        }

        using ScratchLease lease = ScratchLease.Rent(schedule.ScratchFloats);
        ref float own = ref Unsafe.Add(ref lease.Reference, schedule.OwnStart(0));
        for (int phase = 0; phase < schedule.Phases; phase++)
        {
            for (int part = 0; part < schedule[phase].Parts; part++)
                RunPart(in work, in arguments, in backward, phase, part, ref lease.Reference, ref own);
        }
    }

    /// <summary>One part: some columns.</summary>
    internal static void RunPart(
        in LinearBackwardWork work, in LinearArguments arguments, in BackwardArguments backward, int phase, int part, ref float shared, ref float own)
    {
        arguments.Options.CancellationToken.ThrowIfCancellationRequested();
        LinearShape shape = work.Weights.Shape;
        nint rows = work.Rows, inputs = shape.Inputs, outputs = shape.Outputs;
        if (phase == 0)
        {
            SumGradients(in work, in arguments, in backward, part, ref shared, ref own);
            return;
        }

        ref float gradient = ref HasSums(shape) ? ref Unsafe.Add(ref shared, rows * outputs) : ref At(backward.OutputGradient, 0);
        (int product, int slice) = Math.DivRem(part, work.Slices);
        (nint first, nint count) = Slice(in work, inputs, slice);
        ref float weight = ref At(work.Weights.Trained.Weight, first);
        if (product == 0)
        {
            MatrixProduct.Multiply(
                new(ref gradient, outputs), new(ref weight, inputs), ref At(backward.InputGradient, first), inputs, rows, count, outputs, adds: false, ref own);
            return;
        }

        MatrixProduct.Multiply(
            new StridedMatrix(ref gradient, outputs).Transposed, new(ref At(arguments.Input, first), inputs), ref At(work.Gradients.Weight.Span, first), inputs,
            outputs, count, rows, adds: true, ref own);
        if (shape.Bias)
        {
            (first, count) = Slice(in work, outputs, slice);
            ColumnSums.Add(ref Unsafe.Add(ref gradient, first), outputs, rows, count, ref At(work.Gradients.Bias.Span, first));
        }
    }

    /// <summary>Some columns of the sums before the activation, computed again, and of their gradients.</summary>
    private static void SumGradients(
        in LinearBackwardWork work, in LinearArguments arguments, in BackwardArguments backward, int slice, ref float shared, ref float own)
    {
        LinearShape shape = work.Weights.Shape;
        LinearWeights weights = work.Weights.Trained;
        nint rows = work.Rows, inputs = shape.Inputs, outputs = shape.Outputs;
        (nint first, nint count) = Slice(in work, outputs, slice);
        if (count == 0)
            return;
        ref float sums = ref Unsafe.Add(ref shared, first);
        ref float gradient = ref Unsafe.Add(ref shared, (rows * outputs) + first);
        ref float given = ref At(backward.OutputGradient, first);
        MatrixProduct.Multiply(
            new(ref At(arguments.Input, 0), inputs), new StridedMatrix(ref At(weights.Weight, first * inputs), inputs).Transposed, ref sums, outputs, rows,
            count, inputs, adds: false, ref own);
        for (nint row = 0; shape.Bias && row < rows; row++)
        {
            ref float sum = ref Unsafe.Add(ref sums, row * outputs);
            RowSums.Add(ref sum, 0, ref At(weights.Bias, first), 0, 1, ref sum, 0, 1, count);
        }

        StridedRows.Copy(ref given, outputs, ref gradient, outputs, rows, (int)count);
        if (shape.Gate)
            RowProducts.Multiply(ref gradient, ref At(arguments.Gate, first), outputs, rows, count);
        ActivationGradients.MultiplySlopes(shape.Activation, ref sums, outputs, ref gradient, outputs, rows, count);
        if (!shape.Gate)
            return;

        // What the gate multiplied, times the gradient.
        ref float gateGradient = ref At(backward.GateGradient, first);
        StridedRows.Copy(ref given, outputs, ref gateGradient, outputs, rows, (int)count);
        ActivationGradients.MultiplyFunction(shape.Activation, ref sums, outputs, ref gateGradient, outputs, rows, count);
    }

    /// <summary>Whether the gradient of the product is another one than that of the output.</summary>
    private static bool HasSums(LinearShape shape) => shape.Activation != Activation.None || shape.Gate;

    /// <summary>Columns that one part computes: whole panels of the product's right operand.</summary>
    private static (nint First, nint Count) Slice(in LinearBackwardWork work, nint columns, int slice)
    {
        nint step = EqualParts.Step((int)columns, work.Slices, ProductPanels.RightLines), first = nint.Min(columns, slice * step);
        return (first, nint.Min(step, columns - first));
    }

    private static ref float At(ReadOnlySpan<float> span, nint index) => ref Unsafe.Add(ref MemoryMarshal.GetReference(span), index);
}

/// <summary>A backward of one product that threads share.</summary>
internal struct LinearBackwardWork : ISharedWork
{
    public required PackedLinear Weights;

    public required LinearGradients Gradients;

    public required ForwardOptions Options;

    public required int Rows;

    /// <summary>Parts that the columns of a product are cut into.</summary>
    public required int Slices;

    /// <inheritdoc/>
    public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
    {
        LinearArguments arguments = new() { Input = spans[0].As<float>(), Gate = spans[1].As<float>(), Options = Options };
        BackwardArguments backward = new()
        {
            OutputGradient = spans[2].As<float>(),
            InputGradient = spans[3].As<float>(),
            GateGradient = spans[4].As<float>(),
        };
        LinearBackward.RunPart(in this, in arguments, in backward, phase, part, ref shared, ref own);
    }
}

/// <summary>The spans of a backward of one product as a list.</summary>
internal readonly ref struct LinearBackwardSpans(LinearArguments arguments, BackwardArguments backward) : ISpanList
{
    private readonly LinearArguments arguments = arguments;
    private readonly BackwardArguments backward = backward;

    /// <inheritdoc/>
    public int Count => 5;

    /// <inheritdoc/>
    public ref byte Start(int index, out int length)
    {
        ReadOnlySpan<float> span = index switch
        {
            0 => arguments.Input,
            1 => arguments.Gate,
            2 => backward.OutputGradient,
            3 => backward.InputGradient,
            _ => backward.GateGradient,
        };
        length = span.Length;
        return ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(span));
    }
}
