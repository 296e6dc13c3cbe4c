using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>
/// A step of training of a layer with shapes known at run time, as one would write it by hand: pre-norm, layer norms, self-attention, GELU, biases everywhere.
/// </summary>
public sealed class GenericTraining
{
    private readonly GenericLayerOptions options;
    private readonly GenericLayerWeights weights;
    private readonly GenericHeads heads;
    private readonly Dictionary<float[], float[]> gradients;
    private readonly Dictionary<float[], (float[] Mean, float[] Square)> moments;
    private readonly Dictionary<string, float[]> rows = [];
    private int steps;

    /// <summary>Takes the weights, which <see cref="Update"/> changes.</summary>
    /// <param name="options">The shape.</param>
    /// <param name="weights">Matrices and vectors of that shape.</param>
    /// <exception cref="ArgumentException">The layer is of another kind.</exception>
    public GenericTraining(GenericLayerOptions options, GenericLayerWeights weights)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(weights);
        GenericAttentionOptions attention = options.Attention.Resolve();
        if (options.IsGated || options.IsRms || !options.IsPreNorm || attention.KvHeads != attention.Heads || attention.Rotary != GenericRotary.None)
            throw new ArgumentException("The layer must be pre-norm with layer norms, GELU, a KV head a head, and no rotary embedding.", nameof(options));
        this.options = options with { Attention = attention };
        this.weights = weights;
        heads = new GenericHeads(attention);
        float[][] all =
        [
            weights.Attention.Query, weights.Attention.QueryBias, weights.Attention.Key, weights.Attention.KeyBias, weights.Attention.Value,
            weights.Attention.ValueBias, weights.Attention.Output, weights.Attention.OutputBias, weights.Up, weights.UpBias, weights.Down, weights.DownBias,
            weights.AttentionNorm, weights.AttentionNormBias, weights.FeedForwardNorm, weights.FeedForwardNormBias,
        ];
        if (all.Any(tensor => tensor.Length == 0))
            throw new ArgumentException("Every product and norm must have a bias.", nameof(weights));
        gradients = all.ToDictionary(tensor => tensor, tensor => new float[tensor.Length]);
        moments = all.ToDictionary(tensor => tensor, tensor => (new float[tensor.Length], new float[tensor.Length]));
    }

    /// <summary>∂L/∂w of a tensor of the weights.</summary>
    /// <param name="tensor">The array that the constructor got.</param>
    public ReadOnlySpan<float> GradientOf(float[] tensor) => gradients[tensor];

    /// <summary>Runs the layer and keeps what <see cref="Backward"/> reads.</summary>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="output">The same.</param>
    /// <param name="batch">Sequences.</param>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, int batch)
    {
        GenericAttentionWeights attention = weights.Attention;
        int length = input.Length, width = options.Attention.DModel;
        float[] normed = Normed("attention", input, weights.AttentionNorm, weights.AttentionNormBias);
        float[] query = Project("query", normed, width, attention.Query, attention.QueryBias);
        float[] key = Project("key", normed, width, attention.Key, attention.KeyBias);
        float[] value = Project("value", normed, width, attention.Value, attention.ValueBias);
        float[] joined = Rows("joined", query.Length);
        heads.Forward(query, key, value, joined, batch);
        float[] middle = Project("middle", joined, attention.Output.Length / width, attention.Output, attention.OutputBias);
        TensorPrimitives.Add(input, middle, middle);

        float[] network = Normed("network", middle, weights.FeedForwardNorm, weights.FeedForwardNormBias);
        float[] up = Project("up", network, width, weights.Up, weights.UpBias);
        float[] active = Rows("active", up.Length);
        up.CopyTo(active, 0);
        GenericRows.Gelu(active);
        GenericRows.Project(active, options.FeedForwardDim, weights.Down, weights.DownBias, output);
        TensorPrimitives.Add(output[..length], middle, output);
    }

    /// <summary>Adds to the gradients of the weights, and writes that of the input.</summary>
    /// <param name="outputGradient">[batch, rows, DModel].</param>
    /// <param name="input">The input of the forward.</param>
    /// <param name="inputGradient">The same size.</param>
    public void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> input, Span<float> inputGradient)
    {
        GenericAttentionWeights attention = weights.Attention;
        int width = options.Attention.DModel;
        float[] slopes = Cleared("active", rows["active"].Length);
        Back(outputGradient, "active", options.FeedForwardDim, weights.Down, weights.DownBias, slopes);
        GenericGradients.Gelu(rows["up"], slopes);
        float[] branch = Cleared("branch", input.Length);
        Back(slopes, "network", width, weights.Up, weights.UpBias, branch);
        Norm(rows["middle"], branch, weights.FeedForwardNorm, weights.FeedForwardNormBias);
        float[] middle = Rows("gradient of middle", input.Length);
        TensorPrimitives.Add(outputGradient, branch, middle);

        float[] joined = Cleared("joined", rows["joined"].Length);
        Back(middle, "joined", attention.Output.Length / width, attention.Output, attention.OutputBias, joined);
        float[] query = Rows("gradient of query", joined.Length), key = Rows("gradient of key", joined.Length);
        float[] value = Rows("gradient of value", joined.Length);
        heads.Backward(rows["query"], joined, query, key, value);
        Array.Clear(branch);
        Back(query, "attention", width, attention.Query, attention.QueryBias, branch);
        Back(key, "attention", width, attention.Key, attention.KeyBias, branch);
        Back(value, "attention", width, attention.Value, attention.ValueBias, branch);
        Norm(input, branch, weights.AttentionNorm, weights.AttentionNormBias);
        TensorPrimitives.Add(middle, branch, inputGradient);
    }

    /// <summary>One step of AdamW with the gradients, which are zero afterwards.</summary>
    /// <param name="rate">The learning rate.</param>
    public void Update(float rate)
    {
        const float FirstDecay = 0.9f, SecondDecay = 0.999f, Epsilon = 1e-8f, WeightDecay = 0.01f;
        steps++;
        float first = rate / (1 - MathF.Pow(FirstDecay, steps)), second = 1 / MathF.Sqrt(1 - MathF.Pow(SecondDecay, steps));
        foreach ((float[] tensor, float[] gradient) in gradients)
        {
            (float[] mean, float[] square) = moments[tensor];
            float[] change = Rows("change", tensor.Length);
            TensorPrimitives.Multiply(mean, FirstDecay, mean);
            TensorPrimitives.MultiplyAdd(gradient, 1 - FirstDecay, mean, mean);
            TensorPrimitives.Multiply(square, SecondDecay, square);
            TensorPrimitives.Multiply<float>(gradient, gradient, change);
            TensorPrimitives.MultiplyAdd(change, 1 - SecondDecay, square, square);
            TensorPrimitives.Sqrt<float>(square, change);
            TensorPrimitives.Multiply(change, second, change);
            TensorPrimitives.Add(change, Epsilon, change);
            TensorPrimitives.Divide(mean, change, change);
            TensorPrimitives.Multiply(tensor, 1 - (rate * WeightDecay), tensor);
            TensorPrimitives.MultiplyAdd(change, -first, tensor, tensor);
            Array.Clear(gradient);
        }
    }

    private float[] Normed(string name, ReadOnlySpan<float> input, float[] scale, float[] shift)
    {
        float[] normed = Rows(name, input.Length);
        input.CopyTo(normed);
        GenericRows.LayerNorm(normed, scale, shift, options.NormEpsilon);
        return normed;
    }

    private float[] Project(string name, float[] input, int inputs, float[] matrix, float[] bias)
    {
        float[] output = Rows(name, input.Length / inputs * bias.Length);
        GenericRows.Project(input, inputs, matrix, bias, output);
        return output;
    }

    private void Back(ReadOnlySpan<float> gradient, string input, int inputs, float[] matrix, float[] bias, float[] inputGradient) =>
        GenericGradients.Project(gradient, rows[input], inputs, matrix, inputGradient, gradients[matrix], gradients[bias]);

    private void Norm(ReadOnlySpan<float> before, float[] gradient, float[] scale, float[] shift) =>
        GenericGradients.LayerNorm(before, scale, options.NormEpsilon, gradient, gradients[scale], gradients[shift]);

    private float[] Cleared(string name, int length)
    {
        float[] gradient = Rows($"gradient of {name}", length);
        Array.Clear(gradient);
        return gradient;
    }

    /// <summary>Rows that are used again from step to step.</summary>
    private float[] Rows(string name, int length)
    {
        if (!rows.TryGetValue(name, out float[]? own) || own.Length != length)
            rows[name] = own = new float[length];
        return own;
    }
}
