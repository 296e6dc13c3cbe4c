using AttentionGen.Tests.Execution;
using AttentionGen.Tests.Properties;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>
/// A caller changes offsets and lengths after the call has checked them, when it leases its scratch: the bits stay those of the numbers that were checked.
/// <see cref="GuardPageTests"/> does the same with numbers that lead out of every buffer. Alone in the process: other calls would lease too.
/// </summary>
[Collection(nameof(Undisturbed))]
public sealed class ReadOnceTests : IDisposable
{
    public static TheoryData<string> Kernels => PropertyKernels.All.Where(HasLengths);

    public void Dispose() => AttentionScratch.SizeOfBuffer = AttentionScratch.RoundUpToClass;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Offsets_and_lengths_are_read_once(string name)
    {
        IKernelType type = PropertyKernels.All.Type(name);
        // The lengths of 3 sequences fit on the stack; those of 150 do not.
        foreach (var (batch, threads, leases) in ((int, int, int)[])[(3, 1, 1), (3, 3, 1), (150, 1, 2), (150, 3, 2)])
        {
            AttentionCase call = AttentionCase.Create(type.Shape, batch, rows: 5, keys: 5, seed: batch);
            IKernel kernel = type.Create(call.Weights);
            AttentionResult expected = call.RunAll(kernel, threads);
            ChangeAfter(leases, call.RowOffsets, call.KeyOffsets, call.KeyLengths, call.KeyStarts, call.PrefixLengths);
            expected.AssertSameBits(call.RunAll(kernel, threads), $"{name}, batch {batch}, {threads} threads");
        }
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(150, 2)]
    public void Offsets_of_a_memory_are_read_once(int batch, int leases)
    {
        IKernelType type = PropertyKernels.All.Type("ragged-cross");
        AttentionCase call = AttentionCase.Create(type.Shape, batch, rows: 2, keys: 5, seed: batch);
        IKernel kernel = type.Create(call.Weights);
        AttentionCache expected = kernel.CreateCache(5, batch), actual = kernel.CreateCache(5, batch);
        kernel.ProjectMemory(call.Memory, expected, call.KeyOffsets);
        ChangeAfter(leases, call.KeyOffsets);
        kernel.ProjectMemory(call.Memory, actual, call.KeyOffsets);
        Assert.Equal(expected.Lengths.ToArray(), actual.Lengths.ToArray());
        float[] keys = new float[batch * expected.Length * type.Shape.KeyDim], values = new float[batch * expected.Length * type.Shape.ValueDim];
        float[] sameKeys = new float[keys.Length], sameValues = new float[values.Length];
        expected.CopyTo(keys, values);
        actual.CopyTo(sameKeys, sameValues);
        Assert.Equal(keys, sameKeys);
        Assert.Equal(values, sameValues);
    }

    /// <summary>At so manieth lease from now on, all numbers become 0.</summary>
    private static void ChangeAfter(int leases, params int[][] arrays)
    {
        AttentionScratch.Trim();
        AttentionScratch.SizeOfBuffer = need =>
        {
            if (--leases == 0)
            {
                foreach (int[] array in arrays)
                    Array.Clear(array);
            }

            return need;
        };
    }

    private static bool HasLengths(TestConfiguration configuration) =>
        configuration.Ragged || configuration.KeyLengths || configuration.KeyStarts || configuration.PrefixLengths;
}
