using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>User's methods that do what they should not, in calls of one thread and of two.</summary>
[Trait("Speed", "Slow")]
public sealed partial class HookMisuseTests
{
    private const int Rows = 300, Cached = 100;

    /// <summary>The exception reaches the caller, whichever thread met it; the cache is as it was, and what was begun leaves nothing behind.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_that_throws_ends_its_call_and_nothing_else(int threads)
    {
        var (kernel, input, expected, options) = Create(threads);
        AttentionCache cache = kernel.CreateCache(Rows);
        Block.Inside = null;
        kernel.Forward(input.AsSpan(..(Cached * Block.DModel)), new float[Cached * Block.DModel], cache);
        float[] output = new float[(Rows - Cached) * Block.DModel];
        foreach (int calls in (int[])[1, 2_000, 60_000])
        {
            int left = calls;
            Block.Inside = () =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                    throw new TimeZoneNotFoundException();
            };
            Assert.Throws<TimeZoneNotFoundException>(() => kernel.Forward(input.AsSpan(Cached * Block.DModel), output, cache, options));
            Assert.Equal(Cached, cache.Length);
        }

        Block.Inside = null;
        kernel.Forward(input.AsSpan(Cached * Block.DModel), output, cache, options);
        Compare.SameBits(expected.AsSpan(Cached * Block.DModel), output, Block.DModel, "after exceptions");
    }

    /// <summary>A call within a call has scratch, and threads, of its own.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void One_that_calls_its_own_kernel_disturbs_neither_call(int threads)
    {
        var (kernel, input, expected, options) = Create(threads);
        float[] inner = new float[input.Length], output = new float[input.Length];
        int left = 3_000;
        Block.Inside = () =>
        {
            if (Interlocked.Decrement(ref left) == 0)
                kernel.Forward(input, inner, options: options);
        };
        kernel.Forward(input, output, options: options);
        Block.Inside = null;
        Compare.SameBits(expected, inner, Block.DModel, "inner call");
        Compare.SameBits(expected, output, Block.DModel, "outer call");
    }

    private static (Block Kernel, float[] Input, float[] Expected, ForwardOptions Options) Create(int threads)
    {
        Block.Inside = null;
        var kernel = new Block(AttentionWeights.Random(Block.Shape, seed: 1));
        float[] input = TestNumbers.Random(seed: 2, count: Rows * Block.DModel), expected = new float[input.Length];
        kernel.Forward(input, expected);
        return (kernel, input, expected, new() { MaxDegreeOfParallelism = threads });
    }

    /// <summary>Does what a test wants at every score and every probability.</summary>
    [AttentionConfig(Heads = 2, DModel = 256, Causal = true)]
    private sealed partial class Block
    {
        internal static Action? Inside { get; set; }

        [ScoreModifier]
        private static float Call(float score, int head, int query, int key)
        {
            Inside?.Invoke();
            return score;
        }

        [ProbabilityModifier]
        private static float Weigh(float probability, int head, int query, int key)
        {
            Inside?.Invoke();
            return probability;
        }
    }
}
