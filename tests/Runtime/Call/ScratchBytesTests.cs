using AttentionGen.Tests.Execution;
using AttentionGen.Tests.Properties;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary><c>GetScratchBytes</c> is what a call leases, to the byte. Alone in the process: other calls would lease too.</summary>
[Collection(nameof(Undisturbed))]
public sealed class ScratchBytesTests : IDisposable
{
    public static TheoryData<string> Kernels => [.. PropertyKernels.All.Names];

    private long leased;

    public void Dispose() => AttentionScratch.SizeOfBuffer = AttentionScratch.RoundUpToClass;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Scratch_is_what_a_call_leases(string name)
    {
        IKernelType type = PropertyKernels.All.Type(name);
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 1);
        IKernel kernel = type.Create(weights);
        foreach (int batch in (int[])[1, 2, 3, 9, 100])
        {
            foreach (int length in batch > 9 ? (int[])[4] : [1, 4, 17, 120, 400])
            {
                int rows = shape.SequenceLength > 0 ? shape.SequenceLength : length;
                AttentionCase call = AttentionCase.Create(shape, batch, rows, keys: length + 3, seed: length, weights);
                foreach (int threads in (int[])[0, 1, 2, 3, SharedThreads.Most, 100])
                {
                    string what = $"{name}: {batch} × {rows} rows, {threads} threads";
                    Count();
                    call.RunAll(kernel, threads);
                    Equal(type.GetScratchBytes(batch, call.Rows, call.Keys, threads), what);
                    if (!shape.HasCache)
                        continue;
                    AttentionCache cache = kernel.CreateCache(call.Keys, batch);
                    AttentionCase cached = call;
                    if (shape.IsCrossAttention)
                    {
                        call.ProjectMemory(kernel, cache);
                        cached = call.Projected;
                    }

                    Count();
                    cached.RunAll(kernel, threads, cache);
                    Equal(type.GetScratchBytes(batch, call.Rows, 0, threads), what + ", with a cache");
                }
            }
        }
    }

    /// <summary>The bits do not show that threads share a projection; their scratch does.</summary>
    [Theory]
    [InlineData("cross", 1)]
    [InlineData("ragged-cross", 20)]
    [InlineData("cross-values", 1)]
    public void Threads_that_share_the_projection_of_a_memory_have_scratch_of_their_own(string name, int batch)
    {
        IKernelType type = PropertyKernels.All.Type(name);
        AttentionCase call = AttentionCase.Create(type.Shape, batch, rows: 1, keys: 900, seed: 1);
        IKernel kernel = type.Create(call.Weights);
        AttentionCache cache = kernel.CreateCache(900, batch);
        Count();
        call.ProjectMemory(kernel, cache);
        long alone = leased;
        Count();
        call.ProjectMemory(kernel, cache, new() { MaxDegreeOfParallelism = 4 });
        Assert.InRange(leased, 4 * alone, 5 * alone);
    }

    private void Count()
    {
        AttentionScratch.Trim();
        leased = 0;
        AttentionScratch.SizeOfBuffer = need =>
        {
            leased += need * sizeof(float);
            return need;
        };
    }

    private void Equal(long expected, string what) => Assert.True(expected == leased, $"{what}: {leased} bytes leased, and GetScratchBytes says {expected}.");
}
