using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Execution;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>
/// Tables of rotations and of biases by distance are no longer than what can be seen at once, whatever a capacity or a position says, and are counted.
/// </summary>
[Collection(nameof(Undisturbed))]
public sealed partial class TableBoundTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public void A_window_bounds_the_tables_of_a_cache_for_millions_of_keys()
    {
        var rotated = new Rotated(AttentionWeights.Random(Rotated.Shape, seed: 1));
        var biased = new Biased(AttentionWeights.Random(Biased.Shape, seed: 1));
        long before = GC.GetTotalAllocatedBytes(precise: true);
        AttentionCache first = rotated.CreateCache(4_000_000), second = biased.CreateCache(4_000_000);
        Assert.InRange(first.TableBytes, 1, 16 * Mebibyte);
        // Twice 255 distances and some for a block, of four heads.
        Assert.InRange(second.TableBytes, 2 * 255 * 4 * sizeof(float), 12_000);
        Assert.Equal(first.TableBytes, first.Fork(4_000_000).TableBytes);
        // Growing took twice the table at most.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before - (2 * first.KeyValueBytes) - second.KeyValueBytes, 0, 36 * Mebibyte);
    }

    /// <summary>What a cache keeps is all counted, and what caches or layers share once.</summary>
    [Fact]
    public void The_tables_are_in_the_bytes_of_a_cache()
    {
        AttentionCache cache = new Rotated(AttentionWeights.Random(Rotated.Shape, seed: 1)).CreateCache(4_000_000);
        Assert.Equal((512 * 2 * 256 * sizeof(float), cache.KeyValueBytes + cache.TableBytes), (cache.KeyValueBytes, cache.Bytes));
        // 16 MiB of the table, beside 1 MiB of keys and values.
        Assert.InRange(cache.Bytes, 17 * Mebibyte, 18 * Mebibyte);
        Assert.Equal(cache.Bytes, cache.Fork(4_000_000).Bytes);

        TransformerStackCache stack = TransformerStack<RotatedLayer>.Create(
            [.. Enumerable.Range(0, 3).Select(seed => new RotatedLayer(TransformerLayerWeights.Random(RotatedLayer.Shape, seed)))]).CreateCache(100_000);
        long table = RotaryTable.Get(RotatedLayer.Shape.Attention).Bytes;
        Assert.InRange(table, 8 * 1024 * sizeof(float), 16 * Mebibyte);
        Assert.Equal((3L * 512 * 2 * 32 * sizeof(float), table, stack.KeyValueBytes + table), (stack.KeyValueBytes, stack.TableBytes, stack.Bytes));
    }

    [Fact]
    public void A_far_position_takes_no_table_and_is_right()
    {
        var kernel = new Positioned(AttentionWeights.Random(Positioned.Shape, seed: 1));
        float[] input = TestNumbers.Random(2, 3 * Positioned.DModel), output = new float[input.Length];
        int[] positions = [0, 10_000_000, 2_000_000_000];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        kernel.Forward(input, output, positions);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Mebibyte);
        AttentionCase call = AttentionCase.Create(Positioned.Shape, 1, 3, 3, seed: 3) with { Input = input, Positions = positions,
            Weights = AttentionWeights.Random(Positioned.Shape, seed: 1) };
        Compare.Close(call.Reference(), output, Positioned.DModel, "far positions");
    }

    /// <summary>Rows before and behind the table's end, in one call and one by one, have the bits of rows whose positions are given.</summary>
    [Fact]
    public void Rows_on_both_sides_of_the_end_of_a_table_have_the_same_bits()
    {
        const int Rows = 40, First = (1 << 16) - 20;
        var kernel = new Rotated(AttentionWeights.Random(Rotated.Shape, seed: 1));
        float[] input = TestNumbers.Random(2, Rows * Rotated.DModel), whole = new float[input.Length], single = new float[input.Length];
        AttentionCache cache = kernel.CreateCache(100_000), other = kernel.CreateCache(100_000);
        cache.Commit(First);
        other.Commit(First);
        kernel.Forward(input, whole, cache);
        for (int row = 0; row < Rows; row++)
            kernel.Forward(input.AsSpan(row * Rotated.DModel, Rotated.DModel), single.AsSpan(row * Rotated.DModel, Rotated.DModel), other);
        Compare.SameBits(whole, single, Rotated.DModel, "one by one");
    }

    /// <summary>Every distance that a window or a chunk lets a row see is in the table, in blocks of many rows and with many keys before them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(SharedThreads.Most)]
    public void Bounded_tables_of_biases_hold_all_that_is_seen(int threads)
    {
        Check<Biased>(1_000);
        Check<WidelyBiased>(1_500);
        Check<ChunkBiased>(1_500);

        void Check<T>(int rows)
            where T : class, IAttentionKernel<T>
        {
            var type = new KernelAdapter<T>();
            AttentionCase call = AttentionCase.Create(T.Shape, 1, rows, rows, seed: 5);
            call.RunAll(type.Create(call.Weights), threads).AssertClose(call.ReferenceAll(), T.Shape, typeof(T).Name);
        }
    }

    [Fact]
    public void What_sees_all_keys_has_a_table_for_all()
    {
        AttentionShape shape = Biased.Shape;
        Assert.InRange(new DistanceBias(shape, []).Ensure(1_000_000).Reach, 255 + 64, 255 + 64 + 32);
        foreach (AttentionShape all in (AttentionShape[])
        [
            shape with { WindowLeft = -1 }, shape with { Causal = false }, shape with { PrefixLengths = true },
            shape with { Outputs = AttentionOutputs.MaskedScores },
            shape with { Outputs = AttentionOutputs.Probabilities }, shape with { Outputs = AttentionOutputs.AveragedProbabilities },
        ])
        {
            Assert.InRange(new DistanceBias(all, []).Ensure(10_000).Reach, 10_000, 10_031);
        }
    }

    [Fact]
    public void A_table_goes_with_its_last_owner()
    {
        WeakReference table = Make();
        for (int round = 0; round < 10 && table.IsAlive; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(table.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Make()
        {
            AttentionShape shape = Rotated.Shape with { RotaryBase = 54_321 };
            return new(RotaryTable.Get(shape).Ensure(100));
        }
    }

    [AttentionConfig(Heads = 4, DModel = 256, Causal = true, WindowLeft = 255, Rotary = RotaryKind.HalfSplit)]
    private sealed partial class Rotated;

    [TransformerLayerConfig(Heads = 2, DModel = 32, FeedForwardDim = 64, Causal = true, WindowLeft = 255, Rotary = RotaryKind.HalfSplit)]
    private sealed partial class RotatedLayer;

    [AttentionConfig(Heads = 4, DModel = 64, Causal = true, WindowLeft = 255, Alibi = true)]
    private sealed partial class Biased;

    [AttentionConfig(Heads = 4, DModel = 64, WindowLeft = 300, WindowRight = 420, Alibi = true, RelativePositionBuckets = 32)]
    private sealed partial class WidelyBiased;

    [AttentionConfig(Heads = 4, KvHeads = 2, DModel = 64, ChunkSize = 500, Alibi = true)]
    private sealed partial class ChunkBiased;

    [AttentionConfig(Heads = 2, DModel = 128, Rotary = RotaryKind.Interleaved, Positions = true)]
    private sealed partial class Positioned;
}
