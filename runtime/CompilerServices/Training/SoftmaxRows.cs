using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Softmax of a row of logits, for losses. Its sum runs in 32 virtual lanes and one tree: the bits are the same at every vector width.</summary>
internal static class SoftmaxRows
{
    private const int VirtualLanes = RowNorm.VirtualLanes;

    /// <summary>−ln softmax(x) of a label, and its gradient.</summary>
    /// <param name="logits">x, at least one element.</param>
    /// <param name="label">Which element.</param>
    /// <param name="gradient">Where factor · (softmax(x) − 1 at the label) goes: as many elements, which may be those of the logits, or none.</param>
    /// <param name="factor">Factor of the gradient.</param>
    public static double CrossEntropy(ReadOnlySpan<float> logits, int label, Span<float> gradient, double factor) => Vector512.IsHardwareAccelerated
        ? CrossEntropy<Float512>(logits, label, gradient, factor)
        : Vector256.IsHardwareAccelerated
            ? CrossEntropy<Float256>(logits, label, gradient, factor)
            : CrossEntropy<Float128>(logits, label, gradient, factor);

    /// <summary>The same by vectors of one width.</summary>
    internal static double CrossEntropy<T>(ReadOnlySpan<float> logits, int label, Span<float> gradient, double factor)
        where T : struct, IFloatVector<T>
    {
        float largest = Largest(logits), own = logits[label];
        float sum = Exponentials<T>(logits, largest, gradient);
        if (!gradient.IsEmpty)
        {
            RowProducts.Scale(gradient, (float)(factor / sum));
            gradient[label] -= (float)factor;
        }

        return Math.Log(sum) + ((double)largest - own);
    }

    /// <summary>The largest element; NaN where there is one, which then is all of the result.</summary>
    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
            largest = MathF.Max(largest, value);
        return largest;
    }

    /// <summary>Σ exp(x − largest), and the exponentials where there is room for them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Exponentials<T>(ReadOnlySpan<float> logits, float largest, Span<float> exponentials)
        where T : struct, IFloatVector<T>
    {
        Span<float> lanes = stackalloc float[VirtualLanes], group = stackalloc float[VirtualLanes];
        lanes.Clear();
        T maximum = T.Create(largest);
        for (int start = 0; start < logits.Length; start += VirtualLanes)
        {
            // Lanes behind the last element add nothing.
            int count = Math.Min(VirtualLanes, logits.Length - start);
            if (count < VirtualLanes)
                group.Fill(float.NegativeInfinity);
            logits.Slice(start, count).CopyTo(group);
            for (int lane = 0; lane < VirtualLanes; lane += T.Lanes)
            {
                T power = PowerOfTwo.Exponential(T.Load(ref group[0], lane) - maximum);
                power.Store(ref group[0], lane);
                (T.Load(ref lanes[0], lane) + power).Store(ref lanes[0], lane);
            }

            if (!exponentials.IsEmpty)
                group[..count].CopyTo(exponentials[start..]);
        }

        // Lanes that are 16 apart, then 8, 4, 2 and 1.
        for (int half = VirtualLanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++)
                lanes[lane] += lanes[lane + half];
        }

        return lanes[0];
    }
}
