using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The path of a call of one product: row blocks, column blocks, what follows the product while it is in the cache, scratch and threads. The type
/// parameters are the kernels and the numbers of a class. Both are structs, so the JIT compiles the path for each class, with direct calls and literals.
/// </summary>
/// <typeparam name="TKernels">The kernels of the class for the vector target that runs.</typeparam>
/// <typeparam name="TConstants">The numbers of the class.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class LinearCall<TKernels, TConstants>
    where TKernels : struct, ILinearKernels
    where TConstants : struct, ILinearConstants
{
    /// <summary>As in <see cref="AttentionCall{TKernels, TConstants}"/>, which gives the reason.</summary>
    private const MethodImplOptions Step = MethodImplOptions.NoInlining;

    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Whether something is done to the sums after the product.</summary>
    private static bool Finishes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TConstants.Activation != Activation.None || TConstants.HasGate || TConstants.HasResidual;
    }

    /// <summary>Panels that lie in the caller's rows as a whole. Tiles of the others would write beyond a row, so they go through scratch.</summary>
    private static int DirectPanels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TConstants.Outputs / PanelWidth / TConstants.ColumnUnit * TConstants.ColumnUnit;
    }

    private static int StripFloats
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (TConstants.Panels - DirectPanels) * PanelWidth;
    }

    /// <summary>Checks the arguments and computes the product.</summary>
    /// <param name="weights">The packed weights of the object.</param>
    /// <param name="arguments">The caller's arguments, unchecked.</param>
    [MethodImpl(Step)]
    public static unsafe void Forward(PackedLinear weights, in LinearArguments arguments)
    {
        int rows = LinearChecks.Validate(weights.Shape, in arguments);
        if (rows == 0)
            return;
        int threads = Threads(in arguments, rows);
        if (threads > 1)
        {
            ComputeShared(weights, in arguments, rows, threads);
            return;
        }

        fixed (float* input = TKernels.PinsRows ? arguments.Input : default)
        {
            if (StripFloats == 0 && (TConstants.Weights == WeightFormat.Float32 || LinearCall.ScratchFloats<TConstants>(rows) == 0))
            {
                RunRows(weights, in arguments, 0, rows, 0, TConstants.Panels, ref Unsafe.NullRef<float>());
                return;
            }

            using ScratchLease lease = ScratchLease.Rent(LinearCall.ScratchFloats<TConstants>(rows));
            RunRows(weights, in arguments, 0, rows, 0, TConstants.Panels, ref lease.Reference);
        }
    }

    /// <summary>One part of a call that threads share.</summary>
    [MethodImpl(Step)]
    internal static void RunPart(in LinearWork work, in LinearArguments arguments, int part, ref float own)
    {
        WorkPhase cut = work.Schedule.Work[0];
        int first = part * cut.Step;
        if (work.Schedule.CutsColumns)
            RunRows(work.Weights, in arguments, 0, work.Rows, first, Math.Min(cut.Step, TConstants.Panels - first), ref own);
        else
            RunRows(work.Weights, in arguments, first, Math.Min(cut.Step, work.Rows - first), 0, TConstants.Panels, ref own);
    }

    /// <summary>Chooses the number of threads for a call: one if sharing would take longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Threads(in LinearArguments arguments, int rows)
    {
        // Reading the weights takes most of the time of a few rows.
        int most = arguments.Options.MaxDegreeOfParallelism;
        return most <= 1 ? 1 : KernelThreads.Choose(most, (long)rows * TConstants.Inputs * TConstants.Outputs * (rows <= 4 ? 8 : 1));
    }

    [MethodImpl(Step)]
    private static void ComputeShared(PackedLinear weights, in LinearArguments arguments, int rows, int threads)
    {
        LinearSchedule schedule = LinearSchedule.Create(LinearCall.NumbersOf<TConstants>(), rows, threads);
        var work = new LinearWork
        {
            Parts = LinearParts<TKernels, TConstants>.Instance,
            Weights = weights,
            Options = arguments.Options,
            Rows = rows,
            Schedule = schedule,
        };
        SharedWork<LinearWork>.Run(in work, new LinearSpans(arguments), schedule.Work);
    }

    /// <summary>Some columns of some rows: for each row block, one column block after another.</summary>
    /// <param name="weights">The packed weights.</param>
    /// <param name="arguments">The checked arguments.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="firstPanel">The first panel of columns.</param>
    /// <param name="panels">Panels.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void RunRows(PackedLinear weights, in LinearArguments arguments, nint firstRow, nint rows, nint firstPanel, nint panels, ref float scratch)
    {
        nint end = firstRow + rows, endPanel = firstPanel + panels;
        nint rowStep = EqualParts.BlockStep(rows, TConstants.RowBlock, TConstants.PartRows);
        for (nint row = firstRow; row < end; row += rowStep)
        {
            nint count = Math.Min(rowStep, end - row), columnStep = ColumnStep(count);
            for (nint panel = firstPanel; panel < endPanel;)
            {
                arguments.Options.CancellationToken.ThrowIfCancellationRequested();
                nint some = Math.Min(columnStep, (panel < DirectPanels ? Math.Min(DirectPanels, endPanel) : endPanel) - panel);
                RunBlock(weights.Matrix, in arguments, row, count, panel, some, ref scratch);
                panel += some;
            }
        }
    }

    /// <summary>Panels that go from product to output together: where something follows the product, so few that their results stay in the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint ColumnStep(nint rows) => Finishes
        ? Math.Clamp(
            TConstants.FinishedFloats / (rows * PanelWidth) / TConstants.ColumnUnit * TConstants.ColumnUnit, TConstants.ColumnUnit, TConstants.ColumnBlock)
        : TConstants.ColumnBlock;

    /// <summary>A column block of a row block, from product to output.</summary>
    [MethodImpl(Step)]
    private static void RunBlock(PackedMatrix matrix, in LinearArguments arguments, nint row, nint rows, nint panel, nint panels, ref float scratch)
    {
        nint column = panel * PanelWidth;
        ref float input = ref At(arguments.Input, row * TConstants.Inputs);
        ref float output = ref At(arguments.Output, (row * TConstants.Outputs) + column);
        nint columns = panels * PanelWidth;
        if (panel < DirectPanels)
        {
            Multiply(matrix, ref input, rows, panel, panels, ref output, TConstants.Outputs, ref scratch);
            if (TConstants.Activation != Activation.None)
                Activations.Apply(TConstants.Activation, ref output, TConstants.Outputs, rows, columns);
        }
        else
        {
            // The strip lies before what narrow weights need.
            Multiply(matrix, ref input, rows, panel, panels, ref scratch, columns, ref scratch);
            if (TConstants.Activation != Activation.None)
                Activations.Apply(TConstants.Activation, ref scratch, columns, rows, columns);
            nint stride = columns;
            columns = Math.Min(columns, TConstants.Outputs - column);
            if (columns <= 0)
                return;
            StridedRows.Copy(ref scratch, stride, ref output, TConstants.Outputs, rows, (int)columns);
        }

        if (TConstants.HasGate)
            RowProducts.Multiply(ref output, ref At(arguments.Gate, (row * TConstants.Outputs) + column), TConstants.Outputs, rows, columns);
        if (TConstants.HasResidual)
        {
            ref float residual = ref At(arguments.Residual, (row * TConstants.Outputs) + column);
            RowSums.Add(ref residual, TConstants.Outputs, ref output, TConstants.Outputs, 1, ref output, TConstants.Outputs, rows, columns);
        }
    }

    /// <summary>Multiplies rows by some panels and adds the bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(PackedMatrix matrix, ref float input, nint rows, nint panel, nint panels, ref float output, nint stride, ref float scratch)
    {
        if (TConstants.Weights == WeightFormat.Float32)
            TKernels.Project(ref input, rows, ref matrix.PanelAt(panel), ref matrix.BiasAt(panel), panels, ref output, stride);
        else
            NarrowProducts.Multiply<Product>(
                matrix, panel, panels, ref input, TConstants.Inputs, rows, ref output, stride, ref Unsafe.Add(ref scratch, rows * StripFloats),
                isQuantized: false);
    }

    private readonly struct Product : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Single;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.Project(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float At(ReadOnlySpan<float> span, nint index) => ref Unsafe.Add(ref MemoryMarshal.GetReference(span), index);
}

/// <summary>What a caller may ask about calls of a class, whatever vector target runs.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class LinearCall
{
    /// <summary>Bytes of scratch that a call on one thread leases.</summary>
    /// <typeparam name="TConstants">The numbers of the class.</typeparam>
    /// <param name="rows">Input rows.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is negative.</exception>
    public static long GetScratchBytes<TConstants>(int rows)
        where TConstants : struct, ILinearConstants
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        return sizeof(float) * (long)ScratchFloats<TConstants>(rows);
    }

    /// <summary>Floats of scratch that a call on one thread leases.</summary>
    internal static nint ScratchFloats<TConstants>(int rows)
        where TConstants : struct, ILinearConstants => LinearSchedule.ScratchFloats(NumbersOf<TConstants>(), rows);

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static LinearNumbers NumbersOf<TConstants>()
        where TConstants : struct, ILinearConstants
    {
        int direct = TConstants.Outputs / PanelLayout.PanelWidth / TConstants.ColumnUnit * TConstants.ColumnUnit;
        return new()
        {
            Panels = TConstants.Panels,
            ColumnUnit = TConstants.ColumnUnit,
            RowBlock = TConstants.RowBlock,
            PartRows = TConstants.PartRows,
            StripFloats = (TConstants.Panels - direct) * PanelLayout.PanelWidth,
            Inputs = TConstants.Inputs,
            Weights = TConstants.Weights,
            Arithmetic = TConstants.Arithmetic,
        };
    }
}
