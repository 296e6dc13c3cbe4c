using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>The one scratch pool between calls of many kernels and sizes: what is given back at any time changes no result.</summary>
[Collection(nameof(SharedMemory))]
[Trait("Speed", "Slow")]
public sealed class ScratchProperties
{
    private static readonly string[] Names = [.. PropertyKernels.All.Names];

    private static readonly Gen<(int Kernel, int Batch, int Rows, bool Trims)[]> Steps =
        Gen.Select(Gen.Int[0, Names.Length - 1], Gen.Int[1, 3], Gen.Int[0, 40], Gen.Bool).Array[1, 12];

    [Fact]
    public void Calls_between_trims_are_right() => Steps.Holds(steps =>
    {
        foreach (var (kernel, batch, rows, trims) in steps)
        {
            // What the call leased is back, and the pool keeps the largest buffers.
            long needed = Check(kernel, batch, rows);
            Assert.InRange(AttentionScratch.PooledBytes, needed, long.MaxValue);
            if (trims)
            {
                AttentionScratch.Trim();
                Assert.Equal(0, AttentionScratch.PooledBytes);
            }
        }
    }, iter: 200, threads: 1);

    [Fact]
    public void Calls_during_trims_are_right()
    {
        using var end = new CancellationTokenSource();
        var trimmer = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
                AttentionScratch.Trim();
        });
        trimmer.Start();
        try
        {
            Steps.Holds(steps =>
            {
                foreach (var (kernel, batch, rows, _) in steps)
                    Check(kernel, batch, rows);
            }, iter: 100, threads: 2);
        }
        finally
        {
            end.Cancel();
            trimmer.Join();
        }
    }

    /// <summary>Makes a call; returns the bytes that it needed.</summary>
    private static long Check(int kernel, int batch, int rows)
    {
        IKernelType type = PropertyKernels.All.Type(Names[kernel]);
        AttentionCase call = AttentionCase.Create(type.Shape, batch, type.Shape.SequenceLength > 0 ? type.Shape.SequenceLength : rows, rows, seed: rows);
        call.RunAll(type.Create(call.Weights), threads: 1 + (rows % SharedThreads.Most)).AssertClose(call.ReferenceAll(), type.Shape, call.Describe());
        return call.Rows == 0 ? 0 : type.GetScratchBytes(batch, call.Rows, call.Keys);
    }
}
