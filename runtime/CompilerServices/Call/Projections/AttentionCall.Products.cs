using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The products of a call: rows times some panels of weights, in whatever format these are stored.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Queries of the input.</summary>
    private readonly struct InputProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Input;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectInput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    /// <summary>Keys and values of the memory, or of the input.</summary>
    private readonly struct MemoryProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Memory;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectMemory(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    /// <summary>Values of an input of their own.</summary>
    private readonly struct ValueInputProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.ValueInput;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectValueInput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    /// <summary>The output of the joined heads.</summary>
    private readonly struct OutputProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Output;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectOutput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    /// <summary>The first products of a feed-forward network.</summary>
    private readonly struct UpProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Up;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectUp(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    /// <summary>Its last product.</summary>
    private readonly struct DownProduct : IFloatProduct
    {
        public static ProductRole Role => ProductRole.Down;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Multiply(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>
            TKernels.ProjectDown(ref a, rows, ref weights, ref bias, panels, ref c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectInput(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch) =>
        Multiply<InputProduct>(Has(NarrowWeights), weights, ref a, TConstants.DModel, rows, first, panels, ref c, stride, ref scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectMemory(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch,
        bool isQuantized) =>
        Multiply<MemoryProduct>(Has(NarrowWeights), weights, ref a, TConstants.MemoryDim, rows, first, panels, ref c, stride, ref scratch, isQuantized);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectValueInput(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch) =>
        Multiply<ValueInputProduct>(Has(NarrowWeights), weights, ref a, TConstants.ValueInputDim, rows, first, panels, ref c, stride, ref scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectOutput(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch) =>
        Multiply<OutputProduct>(Has(NarrowWeights), weights, ref a, JoinedDim, rows, first, panels, ref c, stride, ref scratch);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectUp(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch,
        bool isQuantized) =>
        Multiply<UpProduct>(Has(NarrowFeedForward), weights, ref a, TConstants.DModel, rows, first, panels, ref c, stride, ref scratch, isQuantized);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProjectDown(
        PackedMatrix weights, ref float a, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch) =>
        Multiply<DownProduct>(Has(NarrowFeedForward), weights, ref a, TConstants.HiddenStride, rows, first, panels, ref c, stride, ref scratch);

    /// <summary>Multiplies rows by some panels of weights, and adds the bias.</summary>
    /// <typeparam name="TProduct">The product of float32 weights.</typeparam>
    /// <param name="narrow">Whether the weights are narrow: a literal.</param>
    /// <param name="weights">The matrix.</param>
    /// <param name="a">The first row.</param>
    /// <param name="aStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="first">The first panel.</param>
    /// <param name="panels">Panels.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    /// <param name="isQuantized">Whether the product before had the same rows, and a matrix of the same format.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TProduct>(
        bool narrow, PackedMatrix weights, ref float a, nint aStride, nint rows, nint first, nint panels, ref float c, nint stride, ref float scratch,
        bool isQuantized = false)
        where TProduct : struct, IFloatProduct
    {
        if (narrow)
            NarrowProducts.Multiply<TProduct>(
                weights, first, panels, ref a, aStride, rows, ref c, stride, ref Unsafe.Add(ref scratch, TConstants.NarrowOffset), isQuantized);
        else
            TProduct.Multiply(ref a, rows, ref weights.PanelAt(first), ref weights.BiasAt(first), panels, ref c, stride);
    }
}
