using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Arm64;

/// <summary>The steps of layers on rows, whose bits must be the same on every processor: norms, residual sums and activations.</summary>
internal static class LayerRows
{
    private const int Rows = 3;

    public static void Run()
    {
        var numbers = new Numbers(15);
        foreach (int width in new[] { 1, 5, 31, 32, 100, 384, 577 })
        {
            foreach (Norm kind in Enum.GetValues<Norm>())
            {
                var norm = new RowNorm(kind, numbers.Floats(width), kind == Norm.Layer ? numbers.Floats(width) : [], 1e-5f);
                float[] residual = numbers.Floats(Rows * width), branch = numbers.Floats(Rows * width), sums = new float[Rows * width],
                target = new float[Rows * width];
                norm.AddAndApply(ref residual[0], width, ref branch[0], width, 0.75f, ref sums[0], width, ref target[0], width, Rows);
                Console.WriteLine($"{kind} norm of {width}: sums {Digest(sums):x16}, rows {Digest(target):x16}");
            }
        }

        // From −16 to 16, and the ends of float32.
        float[] x =
        [
            .. numbers.Floats(65536 - 16).Select(value => 16 * value), 0f, -0f, float.Epsilon, -float.Epsilon, 1e-38f, -1e-38f, 1e-20f, -1e-20f,
            88, 89, -88, -89, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity,
        ];
        float[] up = numbers.Floats(x.Length);
        foreach (Activation kind in Enum.GetValues<Activation>())
        {
            float[] applied = [.. x], gated = [.. x];
            Activations.Apply(kind, ref applied[0], 0, 1, x.Length);
            Activations.ApplyGate(kind, ref gated[0], 0, ref up[0], 0, 1, x.Length);
            Console.WriteLine($"{kind}: values {Digest(applied):x16}, gated {Digest(gated):x16}");
        }
    }

    /// <summary>FNV-1a (Fowler, Noll and Vo 1991) of all bits.</summary>
    private static ulong Digest(float[] values)
    {
        ulong digest = 0xCBF29CE484222325;
        foreach (float value in values)
            digest = (digest ^ BitConverter.SingleToUInt32Bits(value)) * 0x100000001B3;
        return digest;
    }
}
