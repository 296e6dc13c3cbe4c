using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>Weights from spans, from files and from random numbers, and what takes a shape: right, or refused by a documented exception.</summary>
[Trait("Speed", "Slow")]
public sealed class LoadingProperties
{
    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 2, headDim: 4, dModel: 8, kvHeads: 1);
    private static readonly int[] Lengths = [64, 32, 32, 64, 8, 4, 4, 8];

    private static readonly int[] Extremes = [int.MinValue, int.MaxValue, 256, 257, 512, 513, 65_536, 65_537];
    private static readonly string?[] Tensors = ["one", "two", "three", "", null];

    [Fact]
    public void Weights_fit_a_kernel_or_are_refused()
    {
        // Most are right, so that one wrong length is seen alone.
        Gen<int> change = Gen.Frequency((12, Gen.Const(0)), (1, Gen.Int[-4, 4]), (1, Gen.Const(int.MinValue)));
        change.Array[8].Holds(changes =>
        {
            float[][] spans =
                [.. Lengths.Select((length, index) => TestNumbers.Random(index, changes[index] == int.MinValue ? 0 : Math.Max(0, length + changes[index])))];
            AttentionWeights weights = AttentionWeights.FromSpans(spans[0], spans[1], spans[2], spans[3], spans[4], spans[5], spans[6], spans[7]);
            Assert.Equal(spans[2], weights.Value.ToArray());
            Refusal.Where(changes.Any(each => each != 0), "weights", () => LoadingAttention.Create(weights));
        }, iter: 3_000);
    }

    [Fact]
    public void Learned_tensors_are_taken_where_they_are_declared() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 9]).Holds((which, length) =>
        {
            float[] values = TestNumbers.Random(1, length);
            AttentionWeights weights = AttentionWeights.Random(LoadingAttention.Shape, 1);
            AttentionWeights with = which switch
            {
                0 => weights.WithSinks(values),
                1 => weights.WithRelativePositionBias(values),
                2 => weights.WithBiasKeyValue(values, []),
                3 => weights.WithBiasKeyValue([], values),
                _ => weights.WithQueryKeyNorm(values, []),
            };
            Assert.Equal(weights.Query.ToArray(), with.Query.ToArray());
            Refusal.Where(length > 0, "learned tensors", () => LoadingAttention.Create(with));
        }, iter: 500);

    [Fact]
    public void A_shape_gives_weights_and_caches_or_is_refused()
    {
        Gen<int> size = Gen.Frequency((3, Gen.Int[-2, 9]), (1, Gen.Int[0, Extremes.Length - 1].Select(index => Extremes[index])));
        size.Array[7].Holds(sizes =>
        {
            AttentionShape shape = new()
            {
                Heads = sizes[0], KvHeads = sizes[1], HeadDim = sizes[2], DModel = sizes[3], MemoryDim = sizes[4], Scale = 1, Causal = true,
                ValueHeadDim = sizes[5] == 3 ? 0 : sizes[5], WindowLeft = sizes[6],
            };
            bool isLegal = sizes[0] is >= 1 and <= 256 && sizes[1] >= 1 && sizes[0] % Math.Max(1, sizes[1]) == 0 && sizes[2] is >= 1 and <= 512
                && sizes[3] is >= 1 and <= 65_536 && sizes[4] is >= 1 and <= 65_536 && shape.ValueHeadDim is >= 1 and <= 512 && sizes[6] >= -1;
            // What takes gigabytes is legal and not tried.
            if (isLegal && (long)sizes[0] * Math.Max(sizes[2], shape.ValueHeadDim) * Math.Max(sizes[3], sizes[4]) > 1_000_000)
                return;
            Refusal.Where(!isLegal, "weights of a shape", () => AttentionWeights.Random(shape, 1));
            Refusal.Where(!isLegal, "a cache of a shape", () => _ = new AttentionCache(shape, 3));
            Refusal.Where(!isLegal, "a reference cache of a shape", () => _ = new ReferenceCache(shape));
            Refusal.Where(
                !isLegal, "the reference", () => ReferenceAttention.Forward(shape, isLegal ? AttentionWeights.Random(shape, 1) : AttentionWeights.Empty, []));
        }, iter: 3_000);
    }

    [Fact]
    public void Sizes_are_counted_or_refused() =>
        Gen.Int.Array[4].Holds(sizes =>
        {
            long bytes = 0;
            bool isRefused = Refusal.Where(
                sizes.Any(size => size < 0), "GetScratchBytes", () => bytes = LoadingAttention.GetScratchBytes(sizes[0], sizes[1], sizes[2], sizes[3]));
            Assert.True(isRefused || bytes > 0);
        }, iter: 2_000);

    [Fact]
    public void A_file_gives_the_weights_that_it_names_or_says_what_it_lacks()
    {
        string[] names = ["a.q_proj.weight", "a.k_proj.weight", "a.v_proj.weight", "a.o_proj.weight"];
        using var folder = new TestFolder();
        Gen.Int[0, 100_000].Holds(seed =>
        {
            var random = new Random(seed);
            int wrong = random.Next(-4, 4), kind = random.Next(5);
            var writer = new SafetensorsWriter();
            float[][] values = new float[4][];
            for (int index = 0; index < 4; index++)
            {
                long[] shape = index switch { 0 => [8, 8], 3 => [8, 8], _ => [4, 8] };
                if (index == wrong)
                    shape = kind switch { 0 => [shape[0] * 8], 1 => [shape[0], 8, 1], 2 => [0, 8], _ => shape };
                values[index] = TestNumbers.Random(seed + index, (int)shape.Aggregate(1L, (product, dimension) => product * dimension));
                if (index == wrong && kind == 3)
                    continue;
                if (index == wrong && kind == 4)
                    writer.Add(names[index], "I32", shape, new byte[4 * values[index].Length]);
                else
                    writer.AddF32(names[index], shape, values[index]);
            }

            using SafetensorsFile file = folder.Open(writer);
            AttentionWeights? weights = null;
            bool isRefused = Refusal.Where(
                wrong >= 0, "From", () => weights = AttentionWeights.From(file, AttentionTensorNames.Llama(random.Next(2) == 0 ? "a" : "a.")));
            if (!isRefused)
                Assert.True(values[0].AsSpan().SequenceEqual(weights!.Query) && values[1].AsSpan().SequenceEqual(weights.Key)
                    && values[2].AsSpan().SequenceEqual(weights.Value) && values[3].AsSpan().SequenceEqual(weights.Output));
        }, iter: 300, threads: 1);
    }

    [Fact]
    public void A_tensor_is_read_whole_or_not_at_all()
    {
        using var folder = new TestFolder();
        SafetensorsFile file = folder.Open(new SafetensorsWriter().AddF32("one", [2, 3], 1, 2, 3, 4, 5, 6).Add("two", "I64", [1], new byte[8]));
        Gen.Select(Gen.Int[0, 4].Select(index => Tensors[index]!), Gen.Int[0, 9], Gen.Int[0, 2]).Holds((name, length, method) =>
        {
            float[] destination = [.. Enumerable.Repeat(7f, length)];
            bool isRead = name == "one" && (method != 0 || length == 6);
            bool isRefused = Refusal.Where(method == 2 ? name is not ("one" or "two") : !isRead, $"'{name}'", () =>
            {
                if (method == 0)
                    file.Read(name, destination);
                else if (method == 1)
                    Assert.Equal([1, 2, 3, 4, 5, 6], file.ReadFloat32(name));
                else
                    Assert.Equal(name, file.GetInfo(name).Name);
            });
            Assert.Equal(method == 0 && !isRefused ? [1, 2, 3, 4, 5, 6] : Enumerable.Repeat(7f, length), destination);
            Refusal.Where(name is null, "Contains", () => Assert.Equal(name is "one" or "two", file.Contains(name!)));
        }, iter: 300, threads: 1);

        file.Dispose();
        Assert.IsType<ObjectDisposedException>(Refusal.Of(() => file.ReadFloat32("one")));
        Assert.IsType<ObjectDisposedException>(Refusal.Of(() => file.Read("one", new float[6])));
        Assert.True(file.Contains("one"));
    }

    [Fact]
    public void Null_is_refused_by_name()
    {
        using var folder = new TestFolder();
        using SafetensorsFile file = folder.Open(new SafetensorsWriter());
        var cache = new AttentionCache(Shape with { Causal = true }, 1);
        AttentionShape shape = LoadingAttention.Shape;
        (string Name, Action Call)[] calls =
        [
            ("weights", () => _ = new LoadingAttention(null!)), ("weights", () => LoadingAttention.Create(null!)),
            ("file", () => AttentionWeights.From(null!, AttentionTensorNames.T5(""))), ("names", () => AttentionWeights.From(file, null!)),
            ("names", () => AttentionWeights.From(file, new() { Output = null! })),
            ("prefix", () => AttentionTensorNames.Bert(null!)), ("prefix", () => AttentionTensorNames.Gpt2(null!)),
            ("prefix", () => AttentionTensorNames.Llama(null!)),
            ("prefix", () => AttentionTensorNames.PyTorch(null!)), ("prefix", () => AttentionTensorNames.T5(null!)),
            ("shape", () => AttentionWeights.Random(null!, 1)), ("shape", () => _ = new AttentionCache(null!, 1)),
            ("shape", () => _ = new ReferenceCache(null!)),
            ("path", () => SafetensorsFile.Open(null!)), ("path", () => SafetensorsFile.Open("")),
            ("stream", () => cache.Save(null!)), ("stream", () => cache.Restore(null!)), ("stream", () => AttentionCache.Restore(null!, Shape)),
            ("shape", () => AttentionCache.Restore(Stream.Null, (AttentionShape)null!)),
            ("shape", () => ReferenceAttention.Forward(null!, AttentionWeights.Empty, [])), ("weights", () => ReferenceAttention.Forward(shape, null!, [])),
            ("cache", () => ReferenceAttention.Forward(shape, AttentionWeights.Random(shape, 1), [], (ReferenceCache)null!)),
            ("cache", () => new LoadingAttention(AttentionWeights.Random(shape, 1)).Forward([], [], null!)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.IsAssignableFrom<ArgumentException>(Refusal.Of(call.Call)).ParamName));
    }
}

/// <summary>The shape of these tests' weights, with a cache.</summary>
[AttentionConfig(Heads = 2, KvHeads = 1, DModel = 8, Causal = true)]
internal sealed partial class LoadingAttention;
