using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>The bits of an output row depend on its query and its visible keys alone.</summary>
[Trait("Speed", "Slow")]
public sealed class SameBitsTests
{
    public static TheoryData<string> All => SelectedConfigurations.All.All;

    public static TheoryData<string> WithKeyLengths => SelectedConfigurations.All.Where(
        configuration => configuration.KeyLengths && configuration.CausalAlignment == CausalAlignment.TopLeft);

    public static TheoryData<string> Causal => SelectedConfigurations.All.Where(configuration => configuration.Causal && !configuration.IsCrossAttention);

    public static TheoryData<string> NonCausalCross =>
        SelectedConfigurations.All.Where(configuration => configuration.IsCrossAttention && !configuration.Causal);

    [Theory]
    [MemberData(nameof(All))]
    public void Batch_equals_single_sequences(string name)
    {
        foreach (int rows in (int[])[1, 2, 7, 33, 270])
        {
            var (call, kernel) = SelectedConfigurations.Call(name, batch: 5, rows, keys: 300 - rows, seed: rows);
            float[] batched = call.Run(kernel);
            for (int sequence = 0; sequence < call.Batch; sequence++)
            {
                float[] expected = call.Single(sequence).Run(kernel);
                Compare.SameBits(
                    expected, AttentionCase.Slice(batched, sequence, expected.Length), call.Shape.DModel, $"{name}, {rows} rows, sequence {sequence}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(WithKeyLengths))]
    public void Padded_equals_unpadded(string name)
    {
        foreach (int keys in (int[])[1, 15, 16, 17, 100, 256, 257, 330])
        {
            var (full, kernel) = SelectedConfigurations.Call(name, batch: 3, rows: keys, keys, seed: keys);
            int[] lengths = [keys, (keys + 1) / 2, Math.Max(1, keys - 17)];
            AttentionCase padded = full with { KeyLengths = lengths };
            float[] output = padded.Run(kernel);
            for (int sequence = 0; sequence < padded.Batch; sequence++)
            {
                int length = lengths[sequence];
                AttentionCase single = padded.Single(sequence);
                AttentionCase unpadded = single.Shape.IsCrossAttention
                    ? single.FirstKeys(length)
                    : single.FirstRows(length);
                float[] expected = unpadded.Run(kernel);
                float[] actual = AttentionCase.Slice(output, sequence, keys * padded.Shape.DModel)[..expected.Length];
                Compare.SameBits(expected, actual, padded.Shape.DModel, $"{name}, {length} of {keys} keys");
            }
        }
    }

    /// <summary>The first rows of a causal forward are those of a shorter one, whatever tile or key block they fall into.</summary>
    [Theory]
    [MemberData(nameof(Causal))]
    public void First_rows_equal_shorter_forward(string name)
    {
        const int LongestRows = 521;
        var (full, kernel) = SelectedConfigurations.Call(name, batch: 1, LongestRows, LongestRows, seed: 5);
        AttentionCase longest = full.Shape.KeyLengths ? full with { KeyLengths = [LongestRows] } : full;
        float[] output = longest.Run(kernel);
        int width = full.Shape.DModel;
        int[] lengths = [.. Enumerable.Range(1, 26), 47, 48, 49, 63, 64, 65, 127, 128, 129, 254, 255, 256, 257, 258, 272, 511, 512, 513];
        foreach (int rows in lengths)
            Compare.SameBits(output.AsSpan(0, rows * width), longest.FirstRows(rows).Run(kernel), width, $"{name}, {rows} rows");
    }

    /// <summary>A query row gives the same bits from any place among the rows of the call.</summary>
    [Theory]
    [MemberData(nameof(NonCausalCross))]
    public void Rows_do_not_depend_on_their_place(string name)
    {
        foreach (int keys in (int[])[1, 40, 255, 256, 257, 600])
        {
            const int Rows = 53;
            var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, Rows, keys, seed: keys);
            int width = call.Shape.DModel;
            float[] output = call.Run(kernel);
            for (int first = 1; first < Rows; first += 3)
            {
                int rows = Math.Min(1 + (first % 14), Rows - first);
                AttentionCase part = call with { Rows = rows, Input = call.Input.AsSpan(first * width, rows * width).ToArray() };
                Compare.SameBits(
                    output.AsSpan(first * width, rows * width), part.Run(kernel), width, $"{name}, {keys} keys, rows {first} to {first + rows - 1}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Threads_do_not_matter(string name)
    {
        foreach (int rows in (int[])[3, 90, 400])
        {
            var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, rows, keys: 310, seed: rows);
            float[] expected = call.Run(kernel, threads: 1);
            for (int threads = 2; threads <= SharedThreads.Most; threads++)
                Compare.SameBits(expected, call.Run(kernel, threads), call.Shape.DModel, $"{name}, {rows} rows, {threads} threads");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Concurrent_callers_do_not_matter(string name)
    {
        const int Callers = 4, Calls = 12;
        var (_, kernel) = SelectedConfigurations.Kernel(name);
        (AttentionCase Call, float[] Expected)[] work =
        [
            .. Enumerable.Range(0, Calls).Select(index =>
            {
                AttentionCase call = SelectedConfigurations.Call(name, batch: 1 + (index % 3), rows: 1 + (index * 11), keys: 140 - index, seed: index).Call;
                return (call, call.Run(kernel));
            }),
        ];
        using var start = new Barrier(Callers);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                for (int index = 0; index < Calls; index++)
                {
                    var (call, expected) = work[(index + (caller * 3)) % Calls];
                    Compare.SameBits(expected, call.Run(kernel), call.Shape.DModel, $"{name}, caller {caller}, {call.Rows} rows");
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }
}
