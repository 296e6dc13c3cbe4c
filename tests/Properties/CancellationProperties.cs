using System.Reflection;
using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Calls that are cancelled, or whose score modifier throws, before they begin or anywhere on their way: the exception reaches the caller and the cache
/// is as it was, so that
/// the same call again gives the right bits; or the call ends first, and gives them itself.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class CancellationProperties
{
    /// <summary>Tells of every 16th key that a row sees.</summary>
    private static readonly TestHook Telling = new(
        "telling",
        """
        internal static global::System.Action? Called { get; set; }

            [ScoreModifier]
            private static float Modify(float score, int head, int query, int key)
            {
                if ((key & 15) == 0)
                    Called?.Invoke();
                return score;
            }
        """);

    private static readonly KernelSet Kernels = new(
        [.. PropertyKernels.All.Names.Select(name => (name, PropertyKernels.All.Configuration(name) with { ScoreModifier = Telling }))]);

    public static TheoryData<string> Names => Kernels.All;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_small_call_is_cancelled_or_right(string name) => Sample(name, rows: 40, first: 25, batch: 3, iterations: 150);

    /// <summary>So large that it goes through several row and key blocks, and that a window's ring goes round.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_large_call_is_cancelled_or_right(string name) => Sample(name, rows: 650, first: 600, batch: 2, iterations: 25);

    private static void Sample(string name, int rows, int first, int batch, int iterations)
    {
        IKernelType type = Kernels.Type(name);
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 5);
        IKernel kernel = type.Create(weights);
        AttentionCase plain = WithAllKeys(AttentionCase.Create(shape, batch, shape.SequenceLength > 0 ? shape.SequenceLength : rows, rows, seed: 3, weights));
        Sample(new Sampled(kernel, plain, null), iterations);
        if (!shape.HasCache)
            return;

        AttentionCache cache = kernel.CreateCache(first + rows, batch);
        if (shape.IsCrossAttention)
        {
            plain.ProjectMemory(kernel, cache);
            Sample(new Sampled(kernel, plain.Projected, cache), iterations);
            return;
        }

        AttentionCase whole = WithAllKeys(AttentionCase.Create(shape, batch, first + rows, -1, seed: 4, weights));
        int[] before = [.. Enumerable.Range(0, batch).Select(sequence => Math.Min(first, whole.RowsOf(sequence)))];
        int[] rest = [.. before.Select((count, sequence) => whole.RowsOf(sequence) - count)];
        whole.Chunk(new int[batch], before).RunAll(kernel, cache: cache);
        Sample(new Sampled(kernel, whole.Chunk(before, rest), cache), iterations);
    }

    /// <summary>The call with nothing hidden by lengths, so that there is something to do.</summary>
    private static AttentionCase WithAllKeys(AttentionCase call) =>
        call with { KeyLengths = [.. call.KeyLengths.Select((_, sequence) => call.KeysOf(sequence))] };

    private static void Sample(Sampled sampled, int iterations)
    {
        // Sometimes behind the last key: then nothing happens.
        Gen.Select(Gen.Int[0, 5], Gen.Double[0, 1.1], Gen.Int[1, 8]).Holds(
            (kind, place, threads) => sampled.Run(kind, (int)(place * sampled.Total), threads), iter: iterations, threads: 1);
        Assert.True(sampled.Stopped > 0, "No call was cancelled.");
    }

    /// <summary>A call, and what it gives when nothing happens.</summary>
    private sealed class Sampled
    {
        private readonly IKernel kernel;
        private readonly AttentionCase call;
        private readonly AttentionCache? before;
        private readonly AttentionResult expected;
        private readonly PropertyInfo called;
        private int count;

        public Sampled(IKernel kernel, AttentionCase call, AttentionCache? before)
        {
            (this.kernel, this.call, this.before) = (kernel, call, before);
            called = kernel.Type.GetType().GenericTypeArguments[0].GetProperty("Called", BindingFlags.NonPublic | BindingFlags.Static)!;
            expected = Tell(() => { }, 0, () => call.RunAll(kernel, cache: before?.Fork()));
            Total = count;
        }

        /// <summary>How often the modifier tells of a key.</summary>
        public int Total { get; }

        /// <summary>Calls that ended by an exception.</summary>
        public int Stopped { get; private set; }

        /// <param name="kind">0: cancelled before it begins; 1: the modifier throws; else: cancelled on its way.</param>
        /// <param name="place">So many keys before that happens.</param>
        /// <param name="threads">At most so many work on the call.</param>
        public void Run(int kind, int place, int threads)
        {
            using var source = new CancellationTokenSource();
            var thrown = new InvalidOperationException("expected by the test");
            if (kind == 0)
                source.Cancel();
            AttentionCache? cache = before?.Fork();
            string what =
                $"{call.Describe()}, {threads} threads, {(kind == 0 ? "cancelled before" : kind == 1 ? $"failed after {place}" : $"cancelled after {place}")} "
                    + $"of {Total}";
            AttentionResult? result = null;
            Exception? exception = Record.Exception(() =>
                result = Tell(
                    kind == 1 ? () => throw thrown : source.Cancel,
                    place,
                    () => call.RunAll(kernel, new ForwardOptions { MaxDegreeOfParallelism = threads, CancellationToken = source.Token }, cache)));
            if (exception is null)
            {
                Assert.True(kind > 1 || (kind == 1 && place >= Total), $"{what}: it went through");
                expected.AssertSameBits(result!, what);
                return;
            }

            Stopped++;
            if (kind == 1)
                Assert.Same(thrown, exception);
            else
                Assert.Equal(source.Token, Assert.IsType<OperationCanceledException>(exception).CancellationToken);
            AssertAsBefore(cache, what);
            expected.AssertSameBits(call.RunAll(kernel, threads, cache), what + ", the next call");
        }

        /// <summary>Runs a call that does something once, after so many keys; pool threads may come to them too.</summary>
        private AttentionResult Tell(Action act, int place, Func<AttentionResult> run)
        {
            count = 0;
            called.SetValue(null, () =>
            {
                if (Interlocked.Increment(ref count) == place + 1)
                    act();
            });
            try
            {
                return run();
            }
            finally
            {
                called.SetValue(null, null);
            }
        }

        /// <summary>Fails unless the cache holds what it did; only of what no row sees any more may a window's ring hold less.</summary>
        private void AssertAsBefore(AttentionCache? cache, string what)
        {
            if (cache is null)
                return;
            Assert.Equal(before!.Lengths.ToArray(), cache.Lengths.ToArray());
            AttentionShape shape = cache.Shape;
            for (int sequence = 0; sequence < cache.Batch; sequence++)
            {
                int length = cache.Lengths[sequence], first = cache.GetFirstHeldKey(sequence);
                Assert.InRange(first, 0, shape.CacheWindow < 0 ? 0 : Math.Max(0, length - shape.CacheWindow));
                int keyFloats = shape.KeyDim * (length - first), valueFloats = shape.ValueDim * (length - first);
                float[] keys = new float[keyFloats], values = new float[valueFloats], keysNow = new float[keyFloats], valuesNow = new float[valueFloats];
                before.CopyTo(sequence, first, keys, values);
                cache.CopyTo(sequence, first, keysNow, valuesNow);
                Compare.SameBits(keys, keysNow, shape.HeadDim, $"{what}, keys of sequence {sequence}");
                Compare.SameBits(values, valuesNow, shape.ValueHeadDim, $"{what}, values of sequence {sequence}");
            }
        }
    }
}
