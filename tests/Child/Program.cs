using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionGen;
using AttentionGen.Tests.Child;

// What a process started with other JIT settings computes; the tests compare the lines.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["outputs"]:
        Console.WriteLine(
            $"processor {Vector128.IsHardwareAccelerated} {Vector256.IsHardwareAccelerated} {Vector512.IsHardwareAccelerated} "
                + $"{Fma.IsSupported || System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported} {AvxVnni.IsSupported}");
        Outputs<EncoderAttention>([(1, 33)]);
        Outputs<DecoderAttention>([(1, 1), (1, 40)]);
        Outputs<GroupedAttention>([(1, 1), (2, 7), (3, 70), (1, 300), (1, 513)]);
        Outputs<WideHeadAttention>([(1, 1), (2, 19), (1, 270)]);
        Outputs<CrossAttention>([(1, 1), (2, 6), (3, 65), (1, 290)]);
        Outputs<TinyAttention>([(1, 1), (2, 5), (1, 17), (1, 257)]);
        Outputs<VariantAttention>(
            [(1, 1), (2, 33), (1, 300)], new() { ScoreModifier = (score, _, query, key) => key > query ? score : (score * 0.75) - (0.01 * (query - key)) });
        Outputs<CoreAttention>([(1, 1), (2, 33), (1, 300)], new() { MaskPredicate = CoreAttention.IsSeen });
        LinearOutputs<GatedLinear>([1, 2, 3, 13, 130]);
        LinearOutputs<HeadLinear>([1, 5, 50]);
        LinearOutputs<WidenedLinear>([1, 3, 13]);
        LinearOutputs<Float16Linear>([1, 3, 13]);
        Outputs<Int8CacheAttention>([(1, 300), (1, 1), (1, 17)]);
        LinearOutputs<Int8Linear>([1, 4, 6, 13, 70]);
        LinearOutputs<Int8BlocksLinear>([1, 4, 13]);
        LinearOutputs<Int4BlocksLinear>([1, 4, 13]);
        return 0;
    case ["kernels"]:
        Touch<EncoderAttention>();
        Touch<BertAttention>();
        Touch<DecoderAttention>();
        Touch<WindowAttention>();
        return 0;
    case ["layers"]:
        LayerOutputs<PostLayer>();
        LayerOutputs<PreLayer>();
        LayerOutputs<BothLayer>();
        LinearOutputs<GatedLinear>([3]);
        LinearOutputs<HeadLinear>([3]);
        LinearOutputs<ReluLinear>([3]);
        LinearOutputs<GeluTanhLinear>([3]);
        LinearOutputs<QuickGeluLinear>([3]);
        return 0;
    default:
        Console.Error.WriteLine("Expected 'outputs', 'kernels' or 'layers'.");
        return 2;
}

// One line: the class, whether its fast path runs, a hash of all output bits, the largest error against float64.
static void Outputs<T>((int Batch, int Rows)[] calls, ReferenceHooks? hooks = null)
    where T : class, IAttentionKernel<T>
{
    AttentionShape shape = T.Shape;
    AttentionWeights weights = AttentionWeights.Random(shape, seed: 5);
    T kernel = T.Create(weights);
    // Narrow keys and values are those of a cache, which the calls go through one after another.
    bool isNarrow = shape.KeyValues != KeyValueFormat.Float32;
    AttentionCache? cache = isNarrow ? kernel.CreateCache(calls.Sum(call => call.Rows)) : null;
    ReferenceCache? referenceCache = isNarrow ? new ReferenceCache(shape) : null;
    var random = new Random(6);
    ulong hash = 14695981039346656037;
    double worst = 0;
    foreach (var (batch, rows) in calls)
    {
        int keys = shape.IsCrossAttention ? 300 - rows : rows;
        float[] input = Uniform(random, batch * rows * shape.InputDim);
        float[] memory = shape.IsCrossAttention ? Uniform(random, batch * keys * shape.MemoryDim) : [];
        float[] key = shape.HasProjections ? [] : Uniform(random, batch * keys * shape.KeyDim);
        float[] value = shape.HasProjections ? [] : Uniform(random, batch * keys * shape.ValueDim);
        int[] lengths = shape.KeyLengths ? [.. Enumerable.Range(0, batch).Select(_ => random.Next(keys + 1))] : [];
        var output = new float[batch * rows * shape.OutputDim];
        var logSumExp = new float[(shape.Outputs & AttentionOutputs.LogSumExp) != 0 ? batch * rows * shape.Heads : 0];
        var probabilities = new float[(shape.Outputs & AttentionOutputs.Probabilities) != 0 ? batch * shape.Heads * rows * keys : 0];
        var arguments = new AttentionArguments
        {
            Input = input, Memory = memory, Key = key, Value = value, Output = output, KeyLengths = lengths, LogSumExp = logSumExp,
            Probabilities = probabilities, Batch = batch,
        };
        kernel.Forward(arguments with { Cache = cache });
        ReferenceResult expected = ReferenceAttention.Forward(shape, weights, in arguments, referenceCache, hooks);
        Add(output, expected.Output);
        Add(logSumExp, expected.LogSumExp);
        Add(probabilities, expected.Probabilities);
    }

    void Add(float[] actual, double[] expected)
    {
        for (int index = 0; index < actual.Length; index++)
        {
            if (actual[index] != expected[index])
                worst = Math.Max(worst, Math.Abs(expected[index] - actual[index]) / (1 + Math.Abs(expected[index])));
        }

        // FNV-1a over the bytes.
        foreach (byte part in MemoryMarshal.AsBytes<float>(actual))
            hash = (hash ^ part) * 1099511628211;
    }

    Console.WriteLine($"{typeof(T).Name} {T.IsAccelerated} {hash:x16} {worst:R}");
}

// The same line for one product.
static void LinearOutputs<T>(int[] rowCounts)
    where T : class, ILinear<T>
{
    LinearShape shape = T.Shape;
    LinearWeights weights = LinearWeights.Random(shape, seed: 5);
    T linear = T.Create(weights);
    var random = new Random(6);
    ulong hash = 14695981039346656037;
    double worst = 0;
    foreach (int rows in rowCounts)
    {
        float[] input = Uniform(random, rows * shape.Inputs), output = new float[rows * shape.Outputs];
        float[] gate = Uniform(random, shape.Gate ? output.Length : 0), residual = Uniform(random, shape.Residual ? output.Length : 0);
        linear.Forward(new LinearArguments { Input = input, Output = output, Gate = gate, Residual = residual });
        double[] expected = ReferenceLinear.Forward(shape, weights.Weight, weights.Bias, input, gate, residual);
        for (int index = 0; index < output.Length; index++)
            worst = Math.Max(worst, Math.Abs(expected[index] - output[index]) / (1 + Math.Abs(expected[index])));
        foreach (byte part in MemoryMarshal.AsBytes<float>(output))
            hash = (hash ^ part) * 1099511628211;
    }

    Console.WriteLine($"{typeof(T).Name} {T.IsAccelerated} {hash:x16} {worst:R}");
}

// What rows go through in a layer, on a few of them.
static void LayerOutputs<T>()
    where T : class, ITransformerLayer<T>
{
    float[] input = Uniform(new Random(6), 3 * T.Shape.DModel), output = new float[input.Length];
    T.Create(TransformerLayerWeights.Random(T.Shape, seed: 5)).Forward(new AttentionArguments { Input = input, Output = output });
    Console.WriteLine($"{typeof(T).Name} {T.IsAccelerated} {output.Sum():R}");
}

// Every tile of every kernel: all short row counts, some long ones, and decode where there is a cache.
static void Touch<T>()
    where T : class, IAttentionKernel<T>
{
    AttentionShape shape = T.Shape;
    T kernel = T.Create(AttentionWeights.Random(shape, seed: 5));
    AttentionCache? cache = shape.HasCache ? kernel.CreateCache(600) : null;
    for (int rows = 1; rows <= 25; rows++)
    {
        Forward(kernel, rows, null);
        if (cache is not null)
            Forward(kernel, rows, cache);
    }

    Forward(kernel, 300, null);
}

static void Forward<T>(T kernel, int rows, AttentionCache? cache)
    where T : class, IAttentionKernel<T>
{
    float[] input = Uniform(new Random(rows), rows * T.Shape.DModel);
    kernel.Forward(new AttentionArguments { Input = input, Output = new float[input.Length], Cache = cache });
}

static float[] Uniform(Random random, int count)
{
    var values = new float[count];
    for (int index = 0; index < count; index++)
        values[index] = (random.NextSingle() * 2) - 1;
    return values;
}
