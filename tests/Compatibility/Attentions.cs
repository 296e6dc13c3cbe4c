namespace AttentionGen.Tests.Compatibility;

/// <summary>Calls of attention blocks, without a cache and through one.</summary>
internal static class Attentions
{
    /// <summary>A call for each batch and number of rows. Cross-attention has 300 keys, other blocks a key for each row.</summary>
    public static void Calls<T>(ReferenceHooks? hooks, params (int Batch, int Rows)[] calls)
        where T : class, IAttentionKernel<T>
    {
        AttentionShape shape = T.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 5);
        T kernel = T.Create(weights);
        var numbers = new Numbers(6);
        using var digest = new BitDigest();
        foreach (var (batch, rows) in calls)
        {
            int keys = shape.IsCrossAttention ? 300 : rows;
            float[] output = new float[batch * rows * shape.OutputDim];
            float[] scores = new float[shape.Outputs == AttentionOutputs.None ? 0 : batch * shape.Heads * rows * keys];
            bool givesScores = shape.Outputs == AttentionOutputs.MaskedScores;
            var arguments = new AttentionArguments
            {
                Input = numbers.Next(batch * rows * shape.InputDim),
                Memory = numbers.Next(shape.IsCrossAttention ? batch * keys * shape.MemoryDim : 0),
                Key = numbers.Next(shape.HasProjections ? 0 : batch * keys * shape.KeyDim),
                Value = numbers.Next(shape.HasProjections ? 0 : batch * keys * shape.ValueDim),
                KeyLengths = shape.KeyLengths ? numbers.NextLengths(batch, keys) : default,
                Output = output,
                Probabilities = givesScores ? default : scores,
                Scores = givesScores ? scores : default,
                Batch = batch,
            };
            kernel.Forward(in arguments);
            ReferenceResult expected = ReferenceAttention.Forward(shape, weights, in arguments, null, hooks);
            digest.Add(output, expected.Output);
            digest.Add(scores, givesScores ? expected.Scores : expected.Probabilities);
        }

        digest.Print(typeof(T).Name);
    }

    /// <summary>Two sequences through a cache, in chunks; a memory is projected into it first.</summary>
    public static void Cached<T>(params int[] chunks)
        where T : class, IAttentionKernel<T>
    {
        const int batch = 2, memoryRows = 70;
        AttentionShape shape = T.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 7);
        T kernel = T.Create(weights);
        var numbers = new Numbers(8);
        AttentionCache cache = kernel.CreateCache(shape.IsCrossAttention ? memoryRows : chunks.Sum(), batch);
        var expectedCache = new ReferenceCache(shape, batch);
        if (kernel is ICrossAttention cross)
        {
            float[] memory = numbers.Next(batch * memoryRows * shape.MemoryDim);
            cross.ProjectMemory(memory, cache);
            ReferenceAttention.ProjectMemory(shape, weights, memory, expectedCache);
        }

        using var digest = new BitDigest();
        foreach (int rows in chunks)
        {
            float[] output = new float[batch * rows * shape.OutputDim];
            var arguments = new AttentionArguments
            {
                Input = numbers.Next(batch * rows * shape.InputDim),
                Key = numbers.Next(shape.HasProjections ? 0 : batch * rows * shape.KeyDim),
                Value = numbers.Next(shape.HasProjections ? 0 : batch * rows * shape.ValueDim),
                KeyLengths = shape.KeyLengths ? numbers.NextLengths(batch, memoryRows) : default,
                Output = output,
                Batch = batch,
                Options = new() { MaxDegreeOfParallelism = 2 },
            };
            kernel.Forward(arguments with { Cache = cache });
            digest.Add(output, ReferenceAttention.Forward(shape, weights, in arguments, expectedCache, null).Output);
        }

        digest.Print($"{typeof(T).Name}:cached");
    }

    /// <summary>Sequences that follow each other without padding.</summary>
    public static void Ragged<T>(params int[] rowOffsets)
        where T : class, IAttentionKernel<T>
    {
        AttentionShape shape = T.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 9);
        float[] input = new Numbers(10).Next(rowOffsets[^1] * shape.InputDim), output = new float[rowOffsets[^1] * shape.OutputDim];
        var arguments = new AttentionArguments { Input = input, Output = output, RowOffsets = rowOffsets, Batch = rowOffsets.Length - 1 };
        T.Create(weights).Forward(in arguments);
        using var digest = new BitDigest();
        digest.Add(output, ReferenceAttention.Forward(shape, weights, in arguments, null, null).Output);
        digest.Print(typeof(T).Name);
    }

    /// <summary>A step of training: output, and the gradients of the input and of all weights.</summary>
    public static void Trained<T>(int batch, int rows)
        where T : class, IAttentionKernel<T>, ITrainable<AttentionWeights>
    {
        AttentionShape shape = T.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 11);
        T kernel = T.Create(weights);
        var gradients = new AttentionGradients(weights);
        var numbers = new Numbers(12);
        float[] input = numbers.Next(batch * rows * shape.InputDim), outputGradient = numbers.Next(input.Length);
        float[] output = new float[input.Length], inputGradient = new float[input.Length];
        var arguments = new AttentionArguments { Input = input, Output = output, Batch = batch, Activations = kernel.CreateActivations(batch, rows) };
        kernel.Forward(in arguments);
        kernel.Backward(in arguments, new BackwardArguments { OutputGradient = outputGradient, InputGradient = inputGradient, Gradients = gradients });

        var plain = new AttentionArguments { Input = input, Batch = batch };
        using var digest = new BitDigest();
        digest.Add(output, ReferenceAttention.Forward(shape, weights, in plain, null, null).Output);
        ReferenceGradients expected = ReferenceAttention.Backward(shape, weights, in plain, outputGradient);
        digest.Add(inputGradient, expected.Input);
        foreach (GradientTensor tensor in gradients.Tensors)
            digest.Add(tensor.Gradient.Span, expected.Weights[tensor.Name]);
        digest.Print(typeof(T).Name);
    }
}
