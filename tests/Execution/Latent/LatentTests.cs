using AttentionGen.Tests.Support;
using static AttentionGen.LatentForm;

namespace AttentionGen.Tests.Execution.Latent;

/// <summary>Blocks of latent attention against the float64 reference, and against themselves.</summary>
[Trait("Speed", "Slow")]
public sealed class LatentTests
{
    /// <summary>Around a panel, a line of 32 keys and a block of 256 keys.</summary>
    private static readonly int[] RowCounts = [1, 2, 15, 17, 33, 257];

    public static TheoryData<int> All => LatentConfigurations.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Both_forms_agree_with_the_reference(int index)
    {
        ILatentType type = LatentConfigurations.Type(index);
        foreach (int rows in RowCounts)
        {
            var call = new LatentCase(type, [rows], index + rows);
            double[] expected = call.Expected()[0];
            foreach (LatentForm form in (LatentForm[])[Expanded, Absorbed])
                Compare.Close(
                    expected, call.Run([rows], _ => form, null)[0], type.Shape.DModel, $"{LatentConfigurations.List[index]}, {rows} rows, {form}");
        }
    }

    /// <summary>A prompt in chunks, and then row by row: the bits of one call without a cache, whatever the batch, the pages and the threads.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Chunks_batches_pages_and_threads_change_no_bit(int index)
    {
        ILatentType type = LatentConfigurations.Type(index);
        LatentAttentionShape shape = type.Shape;
        if (!shape.Attention.Causal)
            return;
        int[] lengths = shape.Attention.Ragged ? [21, 0, 270, 33] : [270, 270];
        int[] ends = [14, 20, 260, .. Enumerable.Range(261, 10)];
        var call = new LatentCase(type, lengths, index);
        foreach (LatentForm form in (LatentForm[])[Expanded, Absorbed])
        {
            string what = $"{LatentConfigurations.List[index]}, {form}";
            var pool = new AttentionCachePool(shape.Attention, 2 * lengths.Length);
            float[][] whole = call.Run([270], _ => form, null);
            float[][] chunks = call.Run(ends, _ => form, call.Block.CreateCache(270, lengths.Length));
            AttentionCache pages = pool.CreateCache(270, lengths.Length);
            float[][] paged = call.Run(ends, _ => form, pages, threads: 2);
            for (int sequence = 0; sequence < lengths.Length; sequence++)
            {
                Compare.SameBits(whole[sequence], chunks[sequence], shape.DModel, $"{what}: chunks of sequence {sequence}");
                Compare.SameBits(whole[sequence], paged[sequence], shape.DModel, $"{what}: pages of sequence {sequence}");
                if (lengths[sequence] == 0)
                    continue;
                float[] alone = new float[whole[sequence].Length];
                int rows = lengths[sequence];
                call.Block.Forward(new LatentAttentionArguments
                {
                    Input = call.Sequences[sequence], Output = alone, Form = form, RowOffsets = shape.Attention.Ragged ? [0, rows] : default,
                });
                Compare.SameBits(whole[sequence], alone, shape.DModel, $"{what}: sequence {sequence} alone");
            }
        }
    }

    /// <summary>An expanded prompt, and then absorbed rows: the way a program decodes.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Forms_may_take_turns_in_one_cache(int index)
    {
        ILatentType type = LatentConfigurations.Type(index);
        if (!type.Shape.Attention.Causal)
            return;
        var call = new LatentCase(type, [70, 70], index);
        double[][] expected = call.Expected();
        AttentionCache cache = call.Block.CreateCache(70, 2);
        float[][] actual = call.Run([40, 41, 42, 60, 65, 66, 70], chunk => chunk is 0 or 4 ? Expanded : Absorbed, cache);
        for (int sequence = 0; sequence < 2; sequence++)
            Compare.Close(expected[sequence], actual[sequence], type.Shape.DModel, $"{LatentConfigurations.List[index]}, sequence {sequence}");
        Assert.Equal([70, 70], cache.Lengths.ToArray());
    }

    [Fact]
    public void Storage_formats_and_vector_widths_change_no_bit()
    {
        TestLatent[] narrow = [.. LatentConfigurations.List.Where(configuration => configuration.Weights != WeightFormat.Float32)];
        TestLatent[] all = [.. narrow, .. LatentConfigurations.List.Take(3)];
        ILatentType[] wide = LatentConfigurations.Compile(all.Select(configuration => configuration with { Weights = WeightFormat.Float32 }));
        ILatentType[] held = LatentConfigurations.Compile(all, new ProjectProperties("Vector256,Vector128"));
        Assert.Equal(4, narrow.Length);
        for (int index = 0; index < all.Length; index++)
        {
            // Random weights are numbers of the format.
            var call = new LatentCase(held[index], [40], index);
            ILatentObject same = wide[index].Create(call.Weights);
            foreach (LatentForm form in (LatentForm[])[Expanded, Absorbed])
            {
                float[] expected = new float[40 * held[index].Shape.DModel];
                same.Forward(new LatentAttentionArguments { Input = call.Sequences[0], Output = expected, Form = form });
                Compare.SameBits(expected, call.Run([40], _ => form, null)[0], held[index].Shape.DModel, $"{all[index]}, {form}");
            }
        }
    }

    /// <summary>The integers of an encoder: near float32, and both forms near each other.</summary>
    [Theory]
    [InlineData(WeightFormat.Int8, WeightArithmetic.Float32)]
    [InlineData(WeightFormat.Int8Blocks, WeightArithmetic.Int8)]
    [InlineData(WeightFormat.Int4Blocks, WeightArithmetic.Int8)]
    public void Integer_arithmetic_stays_near_the_reference(WeightFormat weights, WeightArithmetic arithmetic)
    {
        TestLatent blocks = LatentConfigurations.List.First(each => each.Weights == WeightFormat.Int8Blocks);
        ILatentType type = LatentConfigurations.Compile([blocks with { Weights = weights, Arithmetic = arithmetic }])[0];
        var call = new LatentCase(type, [40], 5);
        double[] expected = call.Expected()[0];
        double size = Math.Sqrt(expected.Average(x => x * x));
        foreach (LatentForm form in (LatentForm[])[Expanded, Absorbed])
        {
            float[] actual = call.Run([40], _ => form, null)[0];
            Assert.InRange(Math.Sqrt(expected.Zip(actual, (x, y) => (x - y) * (x - y)).Average()) / size, 1e-5, 0.03);
        }
    }

    [Fact]
    public void A_call_allocates_nothing()
    {
        var call = new LatentCase(LatentConfigurations.Type(1), [20], 1);
        AttentionCache cache = call.Block.CreateCache(40);
        float[] output = new float[call.Sequences[0].Length];
        long before = 0;
        // The pool of scratch has its buffer after the first calls.
        for (int round = 0; round < 12; round++)
        {
            if (round == 6)
                before = GC.GetAllocatedBytesForCurrentThread();
            cache.Truncate(0);
            foreach (LatentForm form in (ReadOnlySpan<LatentForm>)[Expanded, Absorbed])
                call.Block.Forward(new LatentAttentionArguments { Input = call.Sequences[0], Output = output, Cache = cache, Form = form });
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_cache_holds_one_latent_vector_for_all_heads()
    {
        ILatentType type = LatentConfigurations.Type(LatentConfigurations.List.Count - 2);
        AttentionCache cache = type.Create(LatentAttentionWeights.Random(type.Shape, 1)).CreateCache(256);
        Assert.Equal(256L * 4 * (512 + 512 + 64), cache.KeyValueBytes);
        Assert.StartsWith("Latent attention: 2 heads of 192, of which 64 rotated", type.Plan, StringComparison.Ordinal);
        Assert.InRange(type.GetScratchBytes(1, 1, 1000, Absorbed), 4 * 2 * 576, 4 * 300_000);
        Assert.True(type.GetScratchBytes(1, 1, 1000, Expanded) > 1000L * 4 * 2 * (192 + 128));
    }
}
