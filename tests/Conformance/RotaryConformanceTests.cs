using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

[AttentionConfig(Heads = 4, HeadDim = 8, Projections = false, Rotary = RotaryKind.HalfSplit, RotaryTables = true, Positions = true)]
internal sealed partial class OnnxRotary;

[AttentionConfig(Heads = 4, HeadDim = 8, Projections = false, Rotary = RotaryKind.HalfSplit, RotaryDim = 4, RotaryTables = true, Positions = true)]
internal sealed partial class OnnxPartialRotary;

[AttentionConfig(Heads = 4, HeadDim = 8, Projections = false, Rotary = RotaryKind.Interleaved, RotaryDim = 4, RotaryTables = true, Positions = true)]
internal sealed partial class OnnxInterleavedRotary;

/// <summary>
/// The RotaryEmbedding cases, whose tables hold random numbers. They go through generated classes, whose caches keep the keys that were rotated, and through
/// the reference's rotation.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class RotaryConformanceTests
{
    public static TheoryData<string> Cases => [.. VectorFile.Names.Where(name => name.StartsWith("rotary_", StringComparison.Ordinal))];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void Kernels_rotate_as_the_case_expects(string name)
    {
        RotaryCase rotary = RotaryCase.Read(name);
        float[] keys = (rotary.RotaryDim, rotary.Interleaved) switch
        {
            (8, false) => Rotated(new OnnxRotary(), rotary),
            (4, false) => Rotated(new OnnxPartialRotary(), rotary),
            _ => Rotated(new OnnxInterleavedRotary(), rotary),
        };
        Compare.Close(rotary.Expected, keys, rotary.HeadDim, name, 1e-5);

        // All rows are one sequence: each has the line of its own position.
        static float[] Rotated<T>(T kernel, RotaryCase rotary)
            where T : class, IAttentionKernel<T>
        {
            Assert.Equal((rotary.Heads, rotary.HeadDim, rotary.RotaryDim), (T.Shape.KvHeads, T.Shape.HeadDim, T.Shape.RotaryDim));
            AttentionCache cache = kernel.CreateCache(rotary.Rows);
            kernel.Forward(new AttentionArguments
            {
                Input = rotary.Input, Key = rotary.Input, Value = rotary.Input, Output = new float[rotary.Input.Length], Positions = rotary.Lines,
                Cosines = rotary.CosineTable, Sines = rotary.SineTable, Cache = cache,
            });
            var keys = new float[rotary.Input.Length];
            cache.CopyTo(keys, new float[keys.Length], HeadLayout.RowsHeads);
            return keys;
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    public void The_reference_rotates_as_the_case_expects(string name)
    {
        RotaryCase rotary = RotaryCase.Read(name);
        AttentionShape shape = new TestConfiguration
        {
            Heads = rotary.Heads, HeadDim = rotary.HeadDim, Projections = false, RotaryDim = rotary.RotaryDim,
            Rotary = rotary.Interleaved ? RotaryKind.Interleaved : RotaryKind.HalfSplit,
        }.Shape;
        int width = rotary.Heads * rotary.HeadDim;
        for (int row = 0; row < rotary.Rows; row++)
        {
            double[] heads = [.. rotary.Input.AsSpan(row * width, width).ToArray()];
            float[] cosines = rotary.Cosines(row), sines = rotary.Sines(row);
            ReferenceRotary.Rotate(shape, heads, pair => (sines[pair], cosines[pair]));
            Compare.Close(rotary.Expected.AsSpan(row * width, width), [.. heads.Select(value => (float)value)], rotary.HeadDim, name, 1e-5);
        }
    }

    /// <summary>Rows of heads, [batch · rows, heads · d], and the table's line for each.</summary>
    private sealed record RotaryCase(
        float[] Input,
        double[] Expected,
        int Rows,
        int Heads,
        int HeadDim,
        int RotaryDim,
        bool Interleaved,
        float[] CosineTable,
        float[] SineTable,
        int[] Lines)
    {
        public float[] Cosines(int row) => AttentionCase.Slice(CosineTable, Lines[row], RotaryDim / 2);

        public float[] Sines(int row) => AttentionCase.Slice(SineTable, Lines[row], RotaryDim / 2);

        public static RotaryCase Read(string name)
        {
            VectorFile file = VectorFile.Read(name);
            int[] shape = file.Shape("X");
            // 3D is [batch, rows, heads · d], 4D is [batch, heads, rows, d].
            bool flat = shape.Length == 3;
            int batch = shape[0], rows = shape[flat ? 1 : 2], heads = flat ? file.Int("num_heads") : shape[1], headDim = flat ? shape[2] / heads : shape[3];
            float[] Rows(string array) => flat ? file.Floats(array) : Arrays.SwapMiddle(file.Floats(array), batch, heads, rows, headDim);
            int rotaryDim = file.Int("rotary_embedding_dim");
            return new(
                Rows("X"), [.. Rows("Y")], batch * rows, heads, headDim, rotaryDim == 0 ? headDim : rotaryDim, file.Int("interleaved") == 1,
                file.Floats("cos_cache"), file.Floats("sin_cache"),
                // Without positions the tables have a line for each row, [batch, rows, r/2].
                file.Has("position_ids") ? [.. file["position_ids"].ToInt64().Select(position => (int)position)] : [.. Enumerable.Range(0, batch * rows)]);
        }
    }
}
