using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime.Narrow;

/// <summary>Sums of products of bytes are exact at the extremes, with every instruction set that runs here.</summary>
public sealed class ByteProductsTests
{
    private static readonly int[] Weights = [-128, -127, -1, 0, 1, 64, 127], Inputs = [-127, -1, 0, 1, 127];

    [Fact]
    public void Sums_are_exact_with_every_instruction_set_of_this_processor()
    {
        CheckBlocks<PlainProducts>();
        if (Avx2.IsSupported)
            Check<Avx2Products>();
        if (Avx2.IsSupported)
            CheckBlocks<SignProducts>();
        if (Avx512BW.IsSupported)
            Check<Avx512Products>();
        if (AvxVnni.IsSupported)
            CheckBlocks<VnniProducts>();
        if (Dp.IsSupported)
            CheckBlocks<ArmProducts>();
    }

    /// <summary>Every combination of extremes for the four products of a word: two of them together exceed 16 bits where they are added carelessly.</summary>
    private static void Check<T>()
        where T : struct, IByteProducts<T>
    {
        var sums = new int[T.Lanes];
        foreach (int w0 in Weights)
        {
            foreach (int w1 in Weights)
            {
                foreach (int a0 in Inputs)
                {
                    foreach (int a1 in Inputs)
                    {
                        byte first = (byte)(w0 + 128), second = (byte)(w1 + 128);
                        byte[] words = [.. Enumerable.Range(0, T.Lanes).SelectMany(_ => (byte[])[first, second, first, second])];
                        sbyte[] inputs = [(sbyte)a0, (sbyte)a1, (sbyte)a1, (sbyte)a0];
                        T start = T.Create(5 + Start<T>(ref inputs));
                        ref sbyte some = ref inputs[0];
                        T.AddBytes(start, T.Load(ref words[0]), T.Broadcast(ref some), T.Flips(ref some), T.Ones).Store(ref sums[0]);
                        Assert.All(sums, sum => Assert.Equal(5 + (w0 * a0) + (w1 * a1) + (w0 * a1) + (w1 * a0), sum));
                    }
                }
            }
        }
    }

    /// <summary>Half bytes too.</summary>
    private static void CheckBlocks<T>()
        where T : struct, IBlockProducts<T>
    {
        Check<T>();
        var sums = new int[T.Lanes];
        foreach (int a0 in Inputs)
        {
            byte[] words = [.. Enumerable.Range(0, 4 * T.Lanes).Select(place => (byte)(place % 4 == 0 ? 0xF3 : 0x0F))];
            sbyte[] inputs = [(sbyte)a0, 127, (sbyte)-a0, -127];
            T start = T.Create(-3), some = T.Broadcast(ref inputs[0]);
            T.AddHalves(start, T.LowHalves(T.Load(ref words[0])), some).Store(ref sums[0]);
            Assert.All(sums, sum => Assert.Equal(-3 + (3 * a0) + (15 * 127) - (15 * a0) - (15 * 127), sum));
            T.AddHalves(start, T.HighHalves(T.Load(ref words[0])), some).Store(ref sums[0]);
            Assert.All(sums, sum => Assert.Equal(-3 + (15 * a0), sum));
        }

        // A block of 32 inputs, all at the same extreme.
        foreach (sbyte extreme in (sbyte[])[-127, 127])
        {
            byte[] words = [.. Enumerable.Repeat((byte)0x0F, 4 * T.Lanes)];
            sbyte[] inputs = [extreme, extreme, extreme, extreme];
            T block = T.Create(9), some = T.Broadcast(ref inputs[0]);
            for (int word = 0; word < 8; word++)
                block = T.AddHalves(block, T.LowHalves(T.Load(ref words[0])), some);
            block.Store(ref sums[0]);
            Assert.All(sums, sum => Assert.Equal(9 + (32 * 15 * extreme), sum));
        }
    }

    /// <summary>Where the sums of a word begin; inputs are replaced by what the products read.</summary>
    private static int Start<T>(ref sbyte[] inputs)
        where T : struct, IByteProducts<T>
    {
        if (!T.ReadsMagnitudes)
            return -T.ByteOffset * inputs.Sum(input => input);
        sbyte[] chunk = [.. inputs, .. new sbyte[NarrowLayout.ChunkInputs - inputs.Length]];
        inputs = new sbyte[InputMagnitudes.BlockBytes];
        return InputMagnitudes.Write(ref chunk[0], chunk.Length, ref inputs[0]);
    }
}
