using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.Bench.Measure;

/// <summary>The most fused multiply-adds that this processor does: a loop of independent chains in registers.</summary>
internal static class FmaPeak
{
    private const int Chains = 12;
    private const int TargetMilliseconds = 3;

    /// <summary>Lanes of the widest vectors that are accelerated here.</summary>
    public static int Lanes => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    /// <summary>
    /// Runs once, until the number of steps suits this processor. The loops are compiled to the JIT's best code at once, so that a short run does not take
    /// slower code's time for the peak.
    /// </summary>
    /// <param name="lanes">4, 8 or 16.</param>
    public static int Calibrate(int lanes)
    {
        int steps = 100_000;
        for (int i = 0; i < 40; i++)
        {
            double milliseconds = Math.Max(Time(lanes, steps), 0.01);
            steps = (int)Math.Clamp(steps * TargetMilliseconds / milliseconds, 1000, 20_000_000);
        }
        return steps;
    }

    /// <summary>GFLOP/s of so many threads together.</summary>
    public static double Measure(int lanes, int steps, int threads)
    {
        using var start = new Barrier(threads);
        double slowest = 0;
        var helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.Length; i++)
        {
            helpers[i] = new Thread(Work);
            helpers[i].Start();
        }
        Work();
        foreach (Thread helper in helpers)
            helper.Join();
        return threads * 2.0 * Chains * lanes * steps / (slowest * 1e6);

        void Work()
        {
            start.SignalAndWait();
            double milliseconds = Time(lanes, steps);
            lock (helpers)
                slowest = Math.Max(slowest, milliseconds);
        }
    }

    private static double Time(int lanes, int steps)
    {
        long start = Stopwatch.GetTimestamp();
        float result = lanes switch { 16 => Run512(steps, 0.75f), 8 => Run256(steps, 0.75f), _ => Run128(steps, 0.75f) };
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        // Keeps the result alive.
        return float.IsNaN(result) ? double.PositiveInfinity : milliseconds;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run512(int steps, float factor)
    {
        Vector512<float> f = Vector512.Create(factor), s = Vector512.Create(1 - factor);
        Vector512<float> c0 = f, c1 = f, c2 = f, c3 = f, c4 = f, c5 = f, c6 = f, c7 = f, c8 = f, c9 = f, c10 = f, c11 = f;
        for (int i = 0; i < steps; i++)
        {
            c0 = Vector512.FusedMultiplyAdd(c0, f, s);
            c1 = Vector512.FusedMultiplyAdd(c1, f, s);
            c2 = Vector512.FusedMultiplyAdd(c2, f, s);
            c3 = Vector512.FusedMultiplyAdd(c3, f, s);
            c4 = Vector512.FusedMultiplyAdd(c4, f, s);
            c5 = Vector512.FusedMultiplyAdd(c5, f, s);
            c6 = Vector512.FusedMultiplyAdd(c6, f, s);
            c7 = Vector512.FusedMultiplyAdd(c7, f, s);
            c8 = Vector512.FusedMultiplyAdd(c8, f, s);
            c9 = Vector512.FusedMultiplyAdd(c9, f, s);
            c10 = Vector512.FusedMultiplyAdd(c10, f, s);
            c11 = Vector512.FusedMultiplyAdd(c11, f, s);
        }
        return Vector512.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run256(int steps, float factor)
    {
        Vector256<float> f = Vector256.Create(factor), s = Vector256.Create(1 - factor);
        Vector256<float> c0 = f, c1 = f, c2 = f, c3 = f, c4 = f, c5 = f, c6 = f, c7 = f, c8 = f, c9 = f, c10 = f, c11 = f;
        for (int i = 0; i < steps; i++)
        {
            c0 = Vector256.FusedMultiplyAdd(c0, f, s);
            c1 = Vector256.FusedMultiplyAdd(c1, f, s);
            c2 = Vector256.FusedMultiplyAdd(c2, f, s);
            c3 = Vector256.FusedMultiplyAdd(c3, f, s);
            c4 = Vector256.FusedMultiplyAdd(c4, f, s);
            c5 = Vector256.FusedMultiplyAdd(c5, f, s);
            c6 = Vector256.FusedMultiplyAdd(c6, f, s);
            c7 = Vector256.FusedMultiplyAdd(c7, f, s);
            c8 = Vector256.FusedMultiplyAdd(c8, f, s);
            c9 = Vector256.FusedMultiplyAdd(c9, f, s);
            c10 = Vector256.FusedMultiplyAdd(c10, f, s);
            c11 = Vector256.FusedMultiplyAdd(c11, f, s);
        }
        return Vector256.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);
    }

    /// <summary>Multiply and add: a processor without wider vectors may lack FMA.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Run128(int steps, float factor)
    {
        Vector128<float> f = Vector128.Create(factor), s = Vector128.Create(1 - factor);
        Vector128<float> c0 = f, c1 = f, c2 = f, c3 = f, c4 = f, c5 = f, c6 = f, c7 = f, c8 = f, c9 = f, c10 = f, c11 = f;
        for (int i = 0; i < steps; i++)
        {
            c0 = Vector128.MultiplyAddEstimate(c0, f, s);
            c1 = Vector128.MultiplyAddEstimate(c1, f, s);
            c2 = Vector128.MultiplyAddEstimate(c2, f, s);
            c3 = Vector128.MultiplyAddEstimate(c3, f, s);
            c4 = Vector128.MultiplyAddEstimate(c4, f, s);
            c5 = Vector128.MultiplyAddEstimate(c5, f, s);
            c6 = Vector128.MultiplyAddEstimate(c6, f, s);
            c7 = Vector128.MultiplyAddEstimate(c7, f, s);
            c8 = Vector128.MultiplyAddEstimate(c8, f, s);
            c9 = Vector128.MultiplyAddEstimate(c9, f, s);
            c10 = Vector128.MultiplyAddEstimate(c10, f, s);
            c11 = Vector128.MultiplyAddEstimate(c11, f, s);
        }
        return Vector128.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11);
    }
}
