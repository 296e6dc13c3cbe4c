using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// Blocks wide enough that even one row is worth sharing, in every way that a call is cut: sequences, rows, columns; for up to eight threads,
/// however few processors there are.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class ThreadTests
{
    internal static KernelSet Wide { get; } = new(
        (
            "causal",
            new() { Heads = 16, KvHeads = 4, HeadDim = 48, DModel = 1000, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 32, KeyLengths = true }),
        ("self", new() { Heads = 12, DModel = 768 }),
        ("cross", new() { Heads = 10, HeadDim = 96, DModel = 968, MemoryDim = 600, KeyLengths = true }),
        ("cross-values", new() { Heads = 10, KvHeads = 5, HeadDim = 96, ValueHeadDim = 80, DModel = 968, MemoryDim = 600, ValueInputDim = 344 }));

    private static readonly (int Batch, int Rows)[] Sizes =
        [(1, 1), (1, 2), (1, 3), (1, 23), (1, 48), (1, 49), (1, 97), (1, 200), (2, 1), (2, 47), (3, 5), (3, 60), (4, 1), (5, 7), (9, 2)];

    public static TheoryData<string> All => Wide.All;

    private static (AttentionCase Call, IKernel Kernel) Create(
        string name, int batch, int rows, int keys, IKernel? kernel = null, AttentionWeights? weights = null)
    {
        IKernelType type = Wide.Type(name);
        AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, keys, seed: rows, weights);
        return (call, kernel ?? type.Create(call.Weights));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Threads_do_not_change_a_bit(string name)
    {
        var (first, kernel) = Create(name, 1, 33, 50);
        Compare.Close(first.Reference(), first.Run(kernel, threads: 2), first.Shape.DModel, name);
        foreach (var (batch, rows) in Sizes)
        {
            AttentionCase call = Create(name, batch, rows, keys: 90, kernel, first.Weights).Call;
            float[] expected = call.Run(kernel);
            foreach (int threads in (int[])[2, 3, 5, 8])
                Compare.SameBits(expected, call.Run(kernel, threads), call.Shape.DModel, $"{name}, {batch} × {rows} rows, {threads} threads");
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Threads_do_not_change_a_bit_of_decode(int threads)
    {
        const int Rows = 320;
        var (full, kernel) = Create("causal", batch: 2, Rows, Rows);
        AttentionCase call = full with { KeyLengths = [Rows, Rows] };
        float[] expected = call.Run(kernel);
        int width = call.Shape.DModel;
        AttentionCache cache = kernel.CreateCache(Rows, batch: 2);
        int first = 0;
        foreach (int rows in (int[])[1, 40, 1, 130, 3, 48, 49, 2, 46])
        {
            var input = new float[2 * rows * width];
            var output = new float[input.Length];
            for (int sequence = 0; sequence < 2; sequence++)
                Array.Copy(call.Input, ((sequence * Rows) + first) * width, input, sequence * rows * width, rows * width);
            kernel.Forward(new AttentionArguments
            {
                Input = input,
                Output = output,
                Cache = cache,
                KeyLengths = [first + rows, first + rows],
                Batch = 2,
                Options = new() { MaxDegreeOfParallelism = threads },
            });
            for (int sequence = 0; sequence < 2; sequence++)
            {
                Compare.SameBits(
                    expected.AsSpan(((sequence * Rows) + first) * width, rows * width),
                    output.AsSpan(sequence * rows * width, rows * width),
                    width,
                    $"{rows} rows after {first}, sequence {sequence}, {threads} threads");
            }

            first += rows;
        }

        Assert.Equal(Rows, cache.Length);
    }

    /// <summary>Callers that each ask for threads share the pool with one another.</summary>
    [Fact]
    public async Task Concurrent_callers_with_threads()
    {
        var (first, kernel) = Create("self", 1, 1, 1);
        (AttentionCase Call, float[] Expected)[] work =
        [
            .. Sizes.Where(size => size.Rows < 100).Select(size =>
            {
                AttentionCase call = Create("self", size.Batch, size.Rows, size.Rows, kernel, first.Weights).Call;
                return (call, call.Run(kernel));
            }),
        ];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(
            () =>
            {
                for (int index = 0; index < work.Length; index++)
                {
                    var (call, expected) = work[(index + (caller * 5)) % work.Length];
                    Compare.SameBits(
                        expected,
                        call.Run(kernel, threads: SharedThreads.Most - caller),
                        call.Shape.DModel,
                        $"caller {caller}, {call.Batch} × {call.Rows} rows");
                }
            },
            TestContext.Current.CancellationToken)));
    }
}
