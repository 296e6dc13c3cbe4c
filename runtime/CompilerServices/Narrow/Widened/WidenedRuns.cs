using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// One row times groups of narrow weights without scales, two inputs to a word, which are read from several places side by side: memory answers more requests
/// than those of one run. The steps are written out, because the JIT inlines less the longer the inlined methods are.
/// </summary>
internal static class WidenedRuns
{
    /// <summary>Multiplies the inputs of a depth block by four vectors of columns of each run, in a chain for each column.</summary>
    /// <typeparam name="T">The vectors.</typeparam>
    /// <typeparam name="TWide">The format.</typeparam>
    /// <typeparam name="TRuns">How many runs.</typeparam>
    /// <param name="words">The first run's first words.</param>
    /// <param name="distance">Bytes from a run to the next.</param>
    /// <param name="inputs">The first input.</param>
    /// <param name="chunks">Chunks of inputs.</param>
    /// <param name="adds">Whether the chains are added to what the sums hold.</param>
    /// <param name="sums">Where the sums go: four vectors of each run.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<T, TWide, TRuns>(ref byte words, nint distance, ref float inputs, nint chunks, bool adds, ref float sums)
        where T : struct, IFloatVector<T>
        where TWide : struct, IWeightWidening<TWide, T>
        where TRuns : struct, IRuns
    {
        var wide = TWide.Create(ref words, 0);
        T c0 = default, c1 = default, c2 = default, c3 = default;
        T d0 = default, d1 = default, d2 = default, d3 = default;
        T e0 = default, e1 = default, e2 = default, e3 = default;
        T f0 = default, f1 = default, f2 = default, f3 = default;
        for (nint pairs = chunks * (NarrowLayout.ChunkInputs / 2); pairs > 0; pairs--)
        {
            T a0 = T.Create(inputs), a1 = T.Create(Unsafe.Add(ref inputs, 1));
            // The lines of all runs first: between the loads of a run, they would wait for what these wait for.
            ref byte ahead = ref Unsafe.Add(ref words, TRuns.PrefetchBytes);
            PrefetchLines<T>(ref ahead);
            PrefetchLines<T>(ref Unsafe.Add(ref ahead, distance));
            if (TRuns.Count > 2)
            {
                PrefetchLines<T>(ref Unsafe.Add(ref ahead, 2 * distance));
                PrefetchLines<T>(ref Unsafe.Add(ref ahead, 3 * distance));
            }

            ref byte run = ref words;
            T w0 = T.LoadBits(ref run, 0), w1 = T.LoadBits(ref run, 4 * T.Lanes);
            T w2 = T.LoadBits(ref run, 8 * T.Lanes), w3 = T.LoadBits(ref run, 12 * T.Lanes);
            c0 = T.MultiplyAdd(a0, wide.Widen(w0, 0), c0);
            c1 = T.MultiplyAdd(a0, wide.Widen(w1, 0), c1);
            c2 = T.MultiplyAdd(a0, wide.Widen(w2, 0), c2);
            c3 = T.MultiplyAdd(a0, wide.Widen(w3, 0), c3);
            c0 = T.MultiplyAdd(a1, wide.Widen(w0, 1), c0);
            c1 = T.MultiplyAdd(a1, wide.Widen(w1, 1), c1);
            c2 = T.MultiplyAdd(a1, wide.Widen(w2, 1), c2);
            c3 = T.MultiplyAdd(a1, wide.Widen(w3, 1), c3);

            run = ref Unsafe.Add(ref run, distance);
            w0 = T.LoadBits(ref run, 0);
            w1 = T.LoadBits(ref run, 4 * T.Lanes);
            w2 = T.LoadBits(ref run, 8 * T.Lanes);
            w3 = T.LoadBits(ref run, 12 * T.Lanes);
            d0 = T.MultiplyAdd(a0, wide.Widen(w0, 0), d0);
            d1 = T.MultiplyAdd(a0, wide.Widen(w1, 0), d1);
            d2 = T.MultiplyAdd(a0, wide.Widen(w2, 0), d2);
            d3 = T.MultiplyAdd(a0, wide.Widen(w3, 0), d3);
            d0 = T.MultiplyAdd(a1, wide.Widen(w0, 1), d0);
            d1 = T.MultiplyAdd(a1, wide.Widen(w1, 1), d1);
            d2 = T.MultiplyAdd(a1, wide.Widen(w2, 1), d2);
            d3 = T.MultiplyAdd(a1, wide.Widen(w3, 1), d3);
            if (TRuns.Count > 2)
            {
                run = ref Unsafe.Add(ref run, distance);
                w0 = T.LoadBits(ref run, 0);
                w1 = T.LoadBits(ref run, 4 * T.Lanes);
                w2 = T.LoadBits(ref run, 8 * T.Lanes);
                w3 = T.LoadBits(ref run, 12 * T.Lanes);
                e0 = T.MultiplyAdd(a0, wide.Widen(w0, 0), e0);
                e1 = T.MultiplyAdd(a0, wide.Widen(w1, 0), e1);
                e2 = T.MultiplyAdd(a0, wide.Widen(w2, 0), e2);
                e3 = T.MultiplyAdd(a0, wide.Widen(w3, 0), e3);
                e0 = T.MultiplyAdd(a1, wide.Widen(w0, 1), e0);
                e1 = T.MultiplyAdd(a1, wide.Widen(w1, 1), e1);
                e2 = T.MultiplyAdd(a1, wide.Widen(w2, 1), e2);
                e3 = T.MultiplyAdd(a1, wide.Widen(w3, 1), e3);

                run = ref Unsafe.Add(ref run, distance);
                w0 = T.LoadBits(ref run, 0);
                w1 = T.LoadBits(ref run, 4 * T.Lanes);
                w2 = T.LoadBits(ref run, 8 * T.Lanes);
                w3 = T.LoadBits(ref run, 12 * T.Lanes);
                f0 = T.MultiplyAdd(a0, wide.Widen(w0, 0), f0);
                f1 = T.MultiplyAdd(a0, wide.Widen(w1, 0), f1);
                f2 = T.MultiplyAdd(a0, wide.Widen(w2, 0), f2);
                f3 = T.MultiplyAdd(a0, wide.Widen(w3, 0), f3);
                f0 = T.MultiplyAdd(a1, wide.Widen(w0, 1), f0);
                f1 = T.MultiplyAdd(a1, wide.Widen(w1, 1), f1);
                f2 = T.MultiplyAdd(a1, wide.Widen(w2, 1), f2);
                f3 = T.MultiplyAdd(a1, wide.Widen(w3, 1), f3);
            }

            words = ref Unsafe.Add(ref words, NarrowLayout.GroupColumns * sizeof(uint));
            inputs = ref Unsafe.Add(ref inputs, 2);
        }

        Finish(adds, c0, c1, c2, c3, ref sums);
        Finish(adds, d0, d1, d2, d3, ref Unsafe.Add(ref sums, 4 * T.Lanes));
        if (TRuns.Count > 2)
        {
            Finish(adds, e0, e1, e2, e3, ref Unsafe.Add(ref sums, 8 * T.Lanes));
            Finish(adds, f0, f1, f2, f3, ref Unsafe.Add(ref sums, 12 * T.Lanes));
        }
    }

    /// <summary>Adds the chains of a run to its sums, or writes them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(bool adds, T c0, T c1, T c2, T c3, ref float sums)
        where T : struct, IFloatVector<T>
    {
        if (adds)
        {
            c0 = T.Load(ref sums, 0) + c0;
            c1 = T.Load(ref sums, T.Lanes) + c1;
            c2 = T.Load(ref sums, 2 * T.Lanes) + c2;
            c3 = T.Load(ref sums, 3 * T.Lanes) + c3;
        }

        c0.Store(ref sums, 0);
        c1.Store(ref sums, T.Lanes);
        c2.Store(ref sums, 2 * T.Lanes);
        c3.Store(ref sums, 3 * T.Lanes);
    }

    /// <summary>Asks for the lines of four vectors. The JIT does not unroll a loop over them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchLines<T>(ref byte words)
        where T : struct, IFloatVector<T>
    {
        Prefetch.L1(ref Unsafe.As<byte, float>(ref words));
        if (T.Lanes > 4)
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, 64)));
        if (T.Lanes > 8)
        {
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, 128)));
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, 192)));
        }
    }

    /// <summary>Runs that are read side by side.</summary>
    public interface IRuns
    {
        /// <summary>How many: a literal.</summary>
        static abstract int Count { get; }

        /// <summary>Bytes after which a line is used that is asked for now: a literal.</summary>
        static abstract int PrefetchBytes { get; }
    }

    /// <summary>Two halves of the lines of one group.</summary>
    public readonly struct Two : IRuns
    {
        public static int Count => 2;

        public static int PrefetchBytes => NarrowLayout.PrefetchBytes;
    }

    /// <summary>Four groups, a quarter of the columns apart.</summary>
    public readonly struct Four : IRuns
    {
        public static int Count => 4;

        public static int PrefetchBytes => NarrowLayout.RunsPrefetchBytes;
    }
}
