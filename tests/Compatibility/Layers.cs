namespace AttentionGen.Tests.Compatibility;

/// <summary>Calls of layers, of stacks and of single products.</summary>
internal static class Layers
{
    /// <summary>Two layers as a stack: sequences without padding.</summary>
    public static void Ragged<T>(params int[] rowOffsets)
        where T : class, ITransformerLayer<T>
    {
        (TransformerLayerWeights[] weights, TransformerStack<T> stack) = Stack<T>();
        float[] input = new Numbers(14).Next(rowOffsets[^1] * T.Shape.DModel), output = new float[input.Length];
        stack.Forward(input, output, rowOffsets);

        // float64 reads what the first layer gave, as rounded: a layer of its own gives these bits too.
        float[] between = new float[input.Length];
        stack.Layers[0].Forward(new AttentionArguments { Input = input, Output = between, RowOffsets = rowOffsets, Batch = rowOffsets.Length - 1 });
        using var digest = new BitDigest();
        digest.Add(between, Expected(0, input));
        digest.Add(output, Expected(1, between));
        digest.Print(typeof(T).Name);

        double[] Expected(int layer, float[] rows) => ReferenceLayer.Forward(
            T.Shape, weights[layer], new AttentionArguments { Input = rows, RowOffsets = rowOffsets, Batch = rowOffsets.Length - 1 }).Output;
    }

    /// <summary>One layer through its cache, in chunks; a memory is projected into it first.</summary>
    public static void Cached<T>(params int[] chunks)
        where T : class, ITransformerLayer<T>
    {
        const int memoryRows = 40;
        TransformerLayerWeights weights = TransformerLayerWeights.Random(T.Shape, seed: 15);
        T layer = T.Create(weights);
        var numbers = new Numbers(16);
        var decoder = layer as IDecoderLayer;
        AttentionCache cache = decoder is null ? layer.CreateCache(chunks.Sum()) : decoder.CreateCache(chunks.Sum(), memoryRows);
        var expectedCache = ReferenceCache.ForLayer(T.Shape);
        if (decoder is not null)
        {
            float[] memory = numbers.Next(memoryRows * T.Shape.MemoryDim);
            decoder.ProjectMemory(memory, cache);
            ReferenceLayer.ProjectMemory(T.Shape, weights, memory, expectedCache);
        }

        using var digest = new BitDigest();
        foreach (int rows in chunks)
        {
            float[] output = new float[rows * T.Shape.DModel];
            var arguments = new AttentionArguments { Input = numbers.Next(output.Length), Output = output };
            layer.Forward(arguments with { Cache = cache });
            digest.Add(output, ReferenceLayer.Forward(T.Shape, weights, in arguments, expectedCache).Output);
        }

        digest.Print(typeof(T).Name);
    }

    /// <summary>A step of training: output, and the gradients of the input and of all weights.</summary>
    public static void Trained<T>(int batch, int rows)
        where T : class, ITransformerLayer<T>, ITrainable<TransformerLayerWeights>
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(T.Shape, seed: 17);
        T layer = T.Create(weights);
        var gradients = new TransformerLayerGradients(weights);
        var numbers = new Numbers(18);
        float[] input = numbers.Next(batch * rows * T.Shape.DModel), outputGradient = numbers.Next(input.Length);
        float[] output = new float[input.Length], inputGradient = new float[input.Length];
        var arguments = new AttentionArguments { Input = input, Output = output, Batch = batch, Activations = layer.CreateActivations(batch, rows) };
        layer.Forward(in arguments);
        layer.Backward(in arguments, new BackwardArguments { OutputGradient = outputGradient, InputGradient = inputGradient, Gradients = gradients });

        var plain = new AttentionArguments { Input = input, Batch = batch };
        using var digest = new BitDigest();
        digest.Add(output, ReferenceLayer.Forward(T.Shape, weights, in plain).Output);
        ReferenceGradients expected = ReferenceLayer.Backward(T.Shape, weights, in plain, outputGradient);
        digest.Add(inputGradient, expected.Input);
        foreach (GradientTensor tensor in gradients.Tensors)
            digest.Add(tensor.Gradient.Span, expected.Weights[tensor.Name]);
        digest.Print(typeof(T).Name);
    }

    /// <summary>A product of each number of rows, and its gradients where it has them.</summary>
    public static void Products<T>(params int[] rowCounts)
        where T : class, ILinear<T>
    {
        LinearShape shape = T.Shape;
        LinearWeights weights = LinearWeights.Random(shape, seed: 19);
        T linear = T.Create(weights);
        var numbers = new Numbers(20);
        using var digest = new BitDigest();
        foreach (int rows in rowCounts)
        {
            float[] input = numbers.Next(rows * shape.Inputs), output = new float[rows * shape.Outputs];
            float[] gate = numbers.Next(shape.Gate ? output.Length : 0), residual = numbers.Next(shape.Residual ? output.Length : 0);
            var arguments = new LinearArguments { Input = input, Output = output, Gate = gate, Residual = residual };
            linear.Forward(in arguments);
            digest.Add(output, ReferenceLinear.Forward(shape, weights.Weight, weights.Bias, input, gate, residual));
            if (linear is not ITrainableLinear trained)
                continue;
            var gradients = new LinearGradients(weights);
            float[] outputGradient = numbers.Next(output.Length), inputGradient = new float[input.Length];
            trained.Backward(in arguments, new BackwardArguments { OutputGradient = outputGradient, InputGradient = inputGradient, Gradients = gradients });
            ReferenceGradients expected = ReferenceLinear.Backward(shape, weights.Weight, weights.Bias, outputGradient, input);
            digest.Add(inputGradient, expected.Input);
            foreach (GradientTensor tensor in gradients.Tensors)
                digest.Add(tensor.Gradient.Span, expected.Weights[tensor.Name]);
        }

        digest.Print(typeof(T).Name);
    }

    private static (TransformerLayerWeights[] Weights, TransformerStack<T> Stack) Stack<T>()
        where T : class, ITransformerLayer<T>
    {
        TransformerLayerWeights[] weights = [.. Enumerable.Range(0, 2).Select(layer => TransformerLayerWeights.Random(T.Shape, seed: 13 + layer))];
        return (weights, TransformerStack<T>.Create([.. weights.Select(T.Create)]));
    }
}
