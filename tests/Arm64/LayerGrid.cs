namespace AttentionGen.Tests.Arm64;

/// <summary>Calls of one layer against the float64 reference: a line each, with a hash of every output bit.</summary>
internal static class LayerGrid<T>
    where T : class, ITransformerLayer<T>
{
    private static readonly TransformerLayerWeights Weights = TransformerLayerWeights.Random(T.Shape, seed: 5);

    /// <summary>Batches whose keys, and memory if there is one, come with the call. True where every call was close to the reference.</summary>
    public static bool Run(params (int Batch, int Rows, int Memory)[] calls)
    {
        T layer = T.Create(Weights);
        bool right = true;
        foreach (var (batch, rows, memory) in calls)
        {
            for (int threads = 1; threads <= 2; threads++)
            {
                var numbers = new Numbers((ulong)((1000 * rows) + memory));
                float[] input = numbers.Floats(batch * rows * T.Shape.DModel), memoryRows = numbers.Floats(batch * memory * T.Shape.MemoryDim);
                var digest = new OutputDigest(T.Shape.Attention.Weights == WeightFormat.Int8);
                Call(layer, input, memoryRows, batch, threads, null, null, numbers, digest);
                right &= digest.Print($"{typeof(T).Name} {batch}x{rows}x{memory} threads {threads}");
            }
        }

        return right;
    }

    /// <summary>A prompt through a cache, and three rows after it, one at a time, with a memory that is projected before if the layer reads one.</summary>
    public static bool Decode(int memory, params int[] prompts)
    {
        T layer = T.Create(Weights);
        bool right = true;
        foreach (int prompt in prompts)
        {
            for (int threads = 1; threads <= 2; threads++)
            {
                var numbers = new Numbers((ulong)prompt);
                ReferenceCache reference = ReferenceCache.ForLayer(T.Shape);
                AttentionCache cache;
                if (layer is IDecoderLayer decoder)
                {
                    float[] rows = numbers.Floats(memory * T.Shape.MemoryDim);
                    cache = decoder.CreateCache(prompt + 3, memory);
                    decoder.ProjectMemory(rows, cache, options: new() { MaxDegreeOfParallelism = threads });
                    ReferenceLayer.ProjectMemory(T.Shape, Weights, rows, reference);
                }
                else
                {
                    cache = layer.CreateCache(prompt + 3);
                }

                var digest = new OutputDigest();
                foreach (int rows in (int[])[prompt, 1, 1, 1])
                    Call(layer, numbers.Floats(rows * T.Shape.DModel), [], 1, threads, cache, reference, numbers, digest);
                right &= digest.Print($"{typeof(T).Name} cache {prompt}+1+1+1 threads {threads}");
            }
        }

        return right;
    }

    private static void Call(
        T layer, float[] input, float[] memory, int batch, int threads, AttentionCache? cache, ReferenceCache? reference, Numbers numbers, OutputDigest digest)
    {
        var output = new float[input.Length];
        int rows = input.Length / (batch * T.Shape.DModel);
        var arguments = new AttentionArguments
        {
            Input = input, Memory = memory, Batch = batch, Output = output,
            KeyLengths = T.Shape.Attention.KeyLengths ? [.. Enumerable.Range(0, batch).Select(_ => numbers.Below(rows + 1))] : [],
            Options = new() { MaxDegreeOfParallelism = threads },
        };
        layer.Forward(arguments with { Cache = cache });
        digest.Add(output, ReferenceLayer.Forward(T.Shape, Weights, in arguments, reference).Output);
    }
}

/// <summary>Calls of one product against the float64 reference.</summary>
internal static class LinearGrid<T>
    where T : class, ILinear<T>
{
    /// <summary>True where every call was close to the reference.</summary>
    public static bool Run(params int[] rowCounts)
    {
        LinearWeights weights = LinearWeights.Random(T.Shape, seed: 5);
        T linear = T.Create(weights);
        bool right = true;
        foreach (int rows in rowCounts)
        {
            for (int threads = 1; threads <= 2; threads++)
            {
                var numbers = new Numbers((ulong)rows);
                float[] input = numbers.Floats(rows * T.Shape.Inputs), output = new float[rows * T.Shape.Outputs];
                float[] gate = numbers.Floats(T.Shape.Gate ? output.Length : 0), residual = numbers.Floats(T.Shape.Residual ? output.Length : 0);
                linear.Forward(new LinearArguments
                {
                    Input = input, Output = output, Gate = gate, Residual = residual, Options = new() { MaxDegreeOfParallelism = threads },
                });
                var digest = new OutputDigest(T.Shape.Weights == WeightFormat.Int8 || T.Shape.Arithmetic == WeightArithmetic.Int8);
                digest.Add(output, ReferenceLinear.Forward(T.Shape, weights.Weight, weights.Bias, input, gate, residual));
                right &= digest.Print($"{typeof(T).Name} {rows} rows threads {threads}");
            }
        }

        return right;
    }
}
