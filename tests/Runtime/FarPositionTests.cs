using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>A window lets a sequence grow to any position: the last ones are computed as the first, and what a hook could not count is refused.</summary>
public sealed partial class FarPositionTests
{
    private const int Rows = 700;

    /// <summary>Rows at the largest positions have the bits of rows as far from the begin of a key block.</summary>
    [Fact]
    public void Positions_up_to_the_largest_integer_have_the_bits_of_near_ones()
    {
        Check<Windowed>(int.MaxValue);
        Check<Chunked>(int.MaxValue);
        Check<RaggedWindow>(int.MaxValue);
        Check<Hooked>(ShapeLimits.MaxHookLength);

        static void Check<T>(int capacity)
            where T : class, IAttentionKernel<T>
        {
            T kernel = T.Create(AttentionWeights.Random(T.Shape, seed: 1));
            // A whole number of key blocks and of chunks nearer.
            int far = capacity - Rows, near = far % (1 << 14);
            AttentionCache last = kernel.CreateCache(capacity), first = kernel.CreateCache(1 << 15);
            last.Commit(far);
            first.Commit(near);
            float[] input = TestNumbers.Random(2, Rows * T.Shape.InputDim), expected = new float[input.Length], actual = new float[input.Length];
            foreach ((int start, int end) in ((int, int)[])[(0, 300), (300, 301), (301, Rows)])
            {
                Forward(first, start, end, expected);
                Forward(last, start, end, actual);
            }

            Compare.SameBits(expected, actual, T.Shape.OutputDim, typeof(T).Name);
            Assert.Equal((capacity, capacity - last.KeyCapacity), (last.Length, last.GetFirstHeldKey(0)));
            Assert.Contains("and input has 1 more; expected at most 0", Assert.Throws<InvalidOperationException>(() => Forward(last, 0, 1, actual)).Message);
            last.Truncate(capacity - 1);
            Forward(last, Rows - 1, Rows, actual);
            Compare.SameBits(expected, actual, T.Shape.OutputDim, $"{typeof(T).Name}, the last row once more");

            void Forward(AttentionCache cache, int start, int end, float[] output) => kernel.Forward(new AttentionArguments
            {
                Input = input.AsSpan(start * T.Shape.InputDim, (end - start) * T.Shape.InputDim),
                Output = output.AsSpan(start * T.Shape.OutputDim, (end - start) * T.Shape.OutputDim),
                RowOffsets = T.Shape.Ragged ? [0, end - start] : [],
                Cache = cache,
            });
        }
    }

    [Fact]
    public void A_cache_for_positions_that_a_hook_cannot_count_is_refused()
    {
        AttentionShape[] hooked =
        [
            Hooked.Shape, Hooked.Shape with { HasMaskPredicate = false }, Hooked.Shape with { HasScoreModifier = false },
            Hooked.Shape with { HasMaskPredicate = false, HasScoreModifier = false, HasProbabilityModifier = true },
        ];
        foreach (AttentionShape shape in hooked)
        {
            Assert.Equal(ShapeLimits.MaxHookLength, new AttentionCache(shape, ShapeLimits.MaxHookLength).Capacity);
            Assert.StartsWith(
                "capacity is 1073741824; expected at most 1073741823, because the kernel calls a modifier or a mask predicate",
                Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new AttentionCache(shape, 1 << 30)).Message,
                StringComparison.Ordinal);
        }

        Assert.Equal(int.MaxValue, new AttentionCache(Windowed.Shape, int.MaxValue).Capacity);
    }

    /// <summary>Without a cache the caller's memory bounds the rows. Nothing of it is read before it is refused.</summary>
    [Fact]
    public void A_call_with_positions_that_a_hook_cannot_count_is_refused()
    {
        AttentionShape core =
            TestNumbers.Shape(heads: 1, headDim: 1, dModel: 0) with { HasProjections = false }, hooked = core with { HasScoreModifier = true };
        Validate(core, 5, 1 << 30);
        Validate(hooked, 5, ShapeLimits.MaxHookLength);
        Validate(hooked, ShapeLimits.MaxHookLength, 5);
        Assert.StartsWith("key has 1073741824 keys for a sequence; expected at most 1073741823", Refused(hooked, 5, 1 << 30, "key"), StringComparison.Ordinal);
        Assert.StartsWith("query has 1073741824 rows for a sequence", Refused(hooked, 1 << 30, 5, "query"), StringComparison.Ordinal);
        Assert.StartsWith(
            "key has 1073741824 keys", Refused(core with { HasProbabilityModifier = true }, 5, 1 << 30, "key"), StringComparison.Ordinal);
        Assert.StartsWith(
            "key has 1073741824 keys", Refused(core with { HasMaskPredicate = true, Ragged = true }, 5, 1 << 30, "key"), StringComparison.Ordinal);

        static string Refused(AttentionShape shape, int rows, int keys, string argument) =>
            Assert.Throws<ArgumentException>(argument, () => Validate(shape, rows, keys)).Message;
    }

    /// <summary>Checks a call whose arguments are said to lie far apart, and are not there.</summary>
    private static void Validate(AttentionShape shape, int rows, int keys)
    {
        const long Apart = 1L << 40;
        KernelChecks.Validate(shape, new AttentionArguments
        {
            Input = Nowhere(1, rows), Key = Nowhere(2, keys), Value = Nowhere(3, keys), Output = Nowhere(4, rows),
            RowOffsets = shape.Ragged ? [0, rows] : [], KeyOffsets = shape.Ragged ? [0, keys] : [],
        });

        static unsafe Span<float> Nowhere(long place, int length) => new((void*)(nint)(place * Apart), length);
    }

    [AttentionConfig(Heads = 2, DModel = 16, Causal = true, WindowLeft = 70, Alibi = true)]
    private sealed partial class Windowed;

    [AttentionConfig(Heads = 2, DModel = 16, Causal = true, ChunkSize = 128, Sinks = true)]
    private sealed partial class Chunked;

    [AttentionConfig(Heads = 2, DModel = 16, Causal = true, WindowLeft = 300, Ragged = true)]
    private sealed partial class RaggedWindow;

    [AttentionConfig(Heads = 2, DModel = 16, Causal = true, WindowLeft = 70)]
    private sealed partial class Hooked
    {
        [ScoreModifier]
        private static float Halves(float score, int head, int query, int key) => score + ((((query + key) / 2) & 3) * 0.5f);

        [MaskPredicate]
        private static bool Sees(int head, int query, int key) => (query + key) % 5 != 3 || query - key < 3;
    }
}
