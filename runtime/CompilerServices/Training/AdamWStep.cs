using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>What a step of <see cref="AdamW"/> multiplies all elements of a tensor by.</summary>
internal readonly struct AdamWFactors
{
    /// <summary>What remains of a weight: 1 − rate · decay.</summary>
    public required float Kept { get; init; }

    /// <summary>β₁.</summary>
    public required float FirstKept { get; init; }

    /// <summary>1 − β₁.</summary>
    public required float FirstNew { get; init; }

    /// <summary>β₂.</summary>
    public required float SecondKept { get; init; }

    /// <summary>1 − β₂.</summary>
    public required float SecondNew { get; init; }

    /// <summary>rate / (1 − β₁ᵗ).</summary>
    public required float Rate { get; init; }

    /// <summary>1 / √(1 − β₂ᵗ).</summary>
    public required float RootFactor { get; init; }

    /// <summary>ε.</summary>
    public required float Epsilon { get; init; }
}

/// <summary>The elementwise loop of <see cref="AdamW"/>. Products are rounded before they are added, so that no processor differs.</summary>
internal static class AdamWStep
{
    /// <summary>Changes a tensor and its moments.</summary>
    /// <param name="values">The tensor.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="first">Its mean of gradients.</param>
    /// <param name="second">Its mean of squared gradients.</param>
    /// <param name="factors">Those of the step.</param>
    public static void Run(Span<float> values, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in AdamWFactors factors)
    {
        int whole = values.Length / Vector<float>.Count * Vector<float>.Count;
        Loop(
            ref MemoryMarshal.GetReference(values), ref MemoryMarshal.GetReference(gradient), ref MemoryMarshal.GetReference(first),
            ref MemoryMarshal.GetReference(second), whole, in factors);
        if (whole == values.Length)
            return;

        // The rest as one vector more, which ends in zeros.
        Span<float> rest = stackalloc float[4 * Vector<float>.Count];
        rest.Clear();
        Span<float> restFirst = rest[Vector<float>.Count..], restSecond = restFirst[Vector<float>.Count..], restGradient = restSecond[Vector<float>.Count..];
        values[whole..].CopyTo(rest);
        first[whole..].CopyTo(restFirst);
        second[whole..].CopyTo(restSecond);
        gradient[whole..].CopyTo(restGradient);
        Loop(ref rest[0], ref restGradient[0], ref restFirst[0], ref restSecond[0], Vector<float>.Count, in factors);
        int left = values.Length - whole;
        rest[..left].CopyTo(values[whole..]);
        restFirst[..left].CopyTo(first[whole..]);
        restSecond[..left].CopyTo(second[whole..]);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Loop(ref float values, ref float gradient, ref float first, ref float second, nint count, in AdamWFactors factors)
    {
        Vector<float> kept = new(factors.Kept), firstKept = new(factors.FirstKept), firstNew = new(factors.FirstNew);
        Vector<float> secondKept = new(factors.SecondKept), secondNew = new(factors.SecondNew), rate = new(factors.Rate);
        Vector<float> rootFactor = new(factors.RootFactor), epsilon = new(factors.Epsilon);
        for (nint i = 0; i < count; i += Vector<float>.Count)
        {
            var g = Vector.LoadUnsafe(ref Unsafe.Add(ref gradient, i));
            Vector<float> m = Vector.LoadUnsafe(ref Unsafe.Add(ref first, i)) * firstKept + g * firstNew;
            Vector<float> v = Vector.LoadUnsafe(ref Unsafe.Add(ref second, i)) * secondKept + g * g * secondNew;
            Vector<float> w = Vector.LoadUnsafe(ref Unsafe.Add(ref values, i)) * kept - rate * (m / (Vector.SquareRoot(v) * rootFactor + epsilon));
            m.StoreUnsafe(ref Unsafe.Add(ref first, i));
            v.StoreUnsafe(ref Unsafe.Add(ref second, i));
            w.StoreUnsafe(ref Unsafe.Add(ref values, i));
        }
    }
}
