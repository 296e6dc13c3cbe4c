using AttentionGen.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.Tests.Runtime;

/// <summary>
/// How a call is cut for threads, and what it counts as when threads are chosen: numbers of the class and of the call, no clock and no processor.
/// </summary>
public sealed class CallScheduleTests
{
    /// <summary>From this many multiply-adds on a second thread pays.</summary>
    private const long WorthSharing = 12_000_000;

    [Fact]
    public void A_memory_counts_by_its_own_rows_and_only_where_the_call_projects_it()
    {
        CallNumbers numbers = Numbers(Projections | CrossAttention | Cache);
        // Queries and output of 8 rows, keys and values of 2,048 memory rows, and the attention between them.
        const long Rows = 8 * 512 * 1024, Memory = 2048L * 512 * 1024, Attention = 8 * 2048 * 1024;
        Assert.Equal(Rows + Memory + Attention, CallSchedule.MultiplyAdds(in numbers, Sizes(rows: 8, keys: 2048)));
        Assert.Equal(Rows + Attention, CallSchedule.MultiplyAdds(in numbers, Sizes(rows: 8, keys: 2048) with { HasCache = true }));
        // Few rows read the weights for themselves alone; those of a memory do not.
        Assert.Equal(Memory + (8 * (Rows + Attention) / 4), CallSchedule.MultiplyAdds(in numbers, Sizes(rows: 2, keys: 2048)));
    }

    [Fact]
    public void An_input_of_values_counts_by_its_own_width()
    {
        CallNumbers numbers = Numbers(Projections | CrossAttention | Cache), wide = numbers with { ValueInputDim = 1536 };
        CallSizes sizes = Sizes(rows: 8, keys: 2048);
        long more = CallSchedule.MultiplyAdds(in wide, in sizes) - CallSchedule.MultiplyAdds(in numbers, in sizes);
        Assert.Equal(2048L * (1536 - 512) * 512, more);
    }

    [Fact]
    public void A_row_counts_by_the_keys_that_it_can_see()
    {
        CallNumbers numbers = Numbers(Projections | Cache | Causal);
        CallSizes decode = Sizes(rows: 1, keys: 8192) with { HasCache = true, CachedKeys = 8191 };
        Assert.Equal(8 * ((512 * 2048) + (8192L * 1024)), CallSchedule.MultiplyAdds(in numbers, in decode));
        numbers = numbers with { MostVisibleKeys = CallNumbers.VisibleKeys(Causal | WindowLeft, windowLeft: 255, windowRight: 0, chunkSize: 0) };
        Assert.Equal(8 * ((512 * 2048) + (256L * 1024)), CallSchedule.MultiplyAdds(in numbers, in decode));
        Assert.InRange(CallSchedule.MultiplyAdds(in numbers, in decode), 1, WorthSharing - 1);
    }

    [Theory]
    [InlineData(None, int.MaxValue)]
    [InlineData(Causal, int.MaxValue)]
    [InlineData(WindowLeft, int.MaxValue)]
    [InlineData(WindowLeft | WindowRight, 18)]
    [InlineData(Causal | WindowLeft, 11)]
    [InlineData(Causal | WindowLeft | Chunks, 9)]
    [InlineData(Chunks, 9)]
    [InlineData(Causal | WindowLeft | PrefixLengths, int.MaxValue)]
    public void Windows_and_chunks_bound_what_a_row_sees(AttentionFeatures features, int expected) =>
        Assert.Equal(expected, CallNumbers.VisibleKeys(features, windowLeft: 10, windowRight: 7, chunkSize: 9));

    [Fact]
    public void The_widest_window_does_not_overflow() =>
        Assert.Equal(int.MaxValue, CallNumbers.VisibleKeys(WindowLeft | WindowRight, int.MaxValue - 1, int.MaxValue - 1, 0));

    /// <summary>The parts of each phase hold every row, or every panel, and no part is empty.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Parts_hold_everything_once(int threads)
    {
        CallNumbers numbers = Numbers(Projections | Cache | Causal);
        foreach (int batch in (int[])[1, 3, 40])
        {
            for (int rows = 1; rows <= 700; rows++)
            {
                CallSchedule schedule = CallSchedule.Create(in numbers, Sizes(rows, rows) with { Batch = batch, AllRows = (long)batch * rows }, threads);
                WorkSchedule work = schedule.Work;
                Assert.InRange(work.Workers, 1, threads);
                Assert.Equal(schedule.Partition == CallPartition.Sequences ? 1 : batch * schedule.SequencePhases, work.Phases);
                switch (schedule.Partition)
                {
                    case CallPartition.Sequences:
                        Assert.True(batch >= 2 * threads);
                        // Short sequences share a part, as far as every thread keeps two.
                        AssertHolds(work[0], batch);
                        Assert.True(work[0].Parts >= Math.Min(batch, 2 * threads));
                        Assert.True(work[0].Step == 1 || work[0].Step * rows <= numbers.RowBlock);
                        break;
                    case CallPartition.Rows:
                        Assert.True(rows > numbers.FewRows);
                        AssertHolds(work[0], rows);
                        AssertHolds(work[1], rows);
                        break;
                    default:
                        Assert.True(rows <= numbers.FewRows);
                        // Queries, keys and values have 32 panels each; so has the output.
                        Assert.Equal(3 * Parts(32, work[0].Step), work[0].Parts);
                        Assert.Equal(8, work[1].Parts);
                        AssertHolds(work[2], 32);
                        break;
                }
            }
        }
    }

    /// <summary>Both attentions and the network are cut into columns and heads; before them a memory that comes with the call, into rows.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(8, true)]
    [InlineData(2, false)]
    [InlineData(8, false)]
    public void Few_rows_of_a_decoder_layer_are_cut_into_columns(int threads, bool hasCache)
    {
        CallNumbers numbers = Numbers(Projections | Cache | Causal | Layer | Memory) with { FeedForwardDim = 2048, HiddenStride = 2064 };
        CallSizes sizes = Sizes(rows: 3, keys: 40) with { HasCache = hasCache, MemoryKeys = 300, MemoryElements = hasCache ? 0 : 300 * 512 };
        CallSchedule schedule = CallSchedule.Create(in numbers, in sizes, threads);
        Assert.Equal(CallPartition.Columns, schedule.Partition);
        Assert.Equal(!hasCache, schedule.ProjectsMemory);
        Assert.Equal(hasCache ? 9 : 10, schedule.SequencePhases);
        Assert.Equal(schedule.SequencePhases, schedule.Work.Phases);
        Assert.Equal(threads, schedule.Work.Workers);
        int phase = 0;
        if (!hasCache)
            AssertHolds(schedule.Work[phase++], 300);
        Assert.Equal(3 * Parts(32, schedule.Work[phase].Step), schedule.Work[phase++].Parts);
        Assert.Equal(8, schedule.Work[phase++].Parts);
        AssertHolds(schedule.Work[phase++], 32);
        AssertHolds(schedule.Work[phase++], 32);
        Assert.Equal(8, schedule.Work[phase++].Parts);
        AssertHolds(schedule.Work[phase++], 32);
        AssertHolds(schedule.Work[phase++], 128);
        AssertHolds(schedule.Work[phase++], 32);
        Assert.Equal(1, schedule.Work[phase].Parts);
        // Rows of two attentions, of the network, and of the two sums.
        nint row = (3 * 512) + 512 + 512 + 512 + 2064 + 512;
        Assert.Equal((hasCache ? 0 : numbers.KeyValueFloats(40) + numbers.KeyValueFloats(300)) + (3 * row), schedule.Work.SharedFloats);
    }

    private static void AssertHolds(WorkPhase phase, int all)
    {
        Assert.True((long)phase.Parts * phase.Step >= all, $"{phase} does not hold {all}");
        Assert.True((long)(phase.Parts - 1) * phase.Step < all, $"{phase} has an empty part for {all}");
    }

    private static int Parts(int all, int step) => (all + step - 1) / step;

    /// <summary>8 heads of 64, 512 wide.</summary>
    private static CallNumbers Numbers(AttentionFeatures features) => new()
    {
        Features = features,
        Heads = 8,
        KvHeads = 8,
        HeadDim = 64,
        ValueHeadDim = 64,
        DModel = 512,
        MemoryDim = 512,
        RowBlock = 120,
        FewRows = 48,
        PartRows = 8,
        PartsPerThread = 2,
        ColumnUnit = 2,
        ScratchFloats = 1000,
    };

    /// <summary>Every memory row of every sequence is in one part, and there is work for all threads.</summary>
    [Theory]
    [InlineData(1, 2048)]
    [InlineData(3, 300)]
    [InlineData(40, 7)]
    [InlineData(2, 0)]
    public void A_memory_is_cut_into_rows_or_sequences(int batch, int keys)
    {
        for (int threads = 2; threads <= 8; threads++)
        {
            CallSchedule schedule = CallSchedule.CreateForMemory(Numbers(Projections | CrossAttention | Cache), batch, keys, threads);
            Assert.Equal(CallPartition.Memory, schedule.Partition);
            Assert.Equal(1, schedule.Work.Phases);
            (int parts, int step) = schedule.Work[0];
            Assert.Equal(keys == 0 ? 0 : batch * schedule.SequenceParts, parts);
            Assert.InRange((long)step * schedule.SequenceParts, keys, long.MaxValue);
            if (keys >= 300 || batch >= 2 * threads)
                Assert.Equal(threads, schedule.Work.Workers);
        }
    }

    private static CallSizes Sizes(int rows, int keys) => new()
    {
        Batch = 1,
        AllRows = rows,
        AllKeys = keys,
        Rows = rows,
        Keys = keys,
        CachedKeys = 0,
        HasCache = false,
    };
}
