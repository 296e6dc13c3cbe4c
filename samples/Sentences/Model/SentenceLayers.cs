namespace AttentionGen.Samples.Sentences;

/// <summary>The layers of an encoder, in float32 or in int8.</summary>
internal abstract class SentenceLayers
{
    /// <summary>Number of layers.</summary>
    public abstract int Count { get; }

    /// <summary>Reads and packs the weights of all layers.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="names">The names of a layer's tensors.</param>
    /// <param name="count">Number of layers.</param>
    /// <param name="isInt8">Whether weights are stored, and multiplied, in int8.</param>
    public static SentenceLayers Load(TensorFile file, Func<int, TransformerTensorNames> names, int count, bool isInt8) => isInt8
        ? new Stack<Int8SentenceLayer>(TransformerStack<Int8SentenceLayer>.Load(file, names, count))
        : new Stack<SentenceLayer>(TransformerStack<SentenceLayer>.Load(file, names, count));

    /// <summary>Runs all layers.</summary>
    /// <param name="input">[tokens, Width].</param>
    /// <param name="output">[tokens, Width].</param>
    /// <param name="rowOffsets">[texts + 1].</param>
    /// <param name="options">Threads and cancellation.</param>
    public abstract void Forward(ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets, in ForwardOptions options);

    /// <summary>Runs one layer.</summary>
    /// <param name="layer">From 0.</param>
    /// <param name="input">[tokens, Width].</param>
    /// <param name="output">[tokens, Width].</param>
    /// <param name="rowOffsets">[texts + 1].</param>
    /// <param name="options">Threads and cancellation.</param>
    public abstract void RunLayer(int layer, ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets, in ForwardOptions options);

    private sealed class Stack<TLayer>(TransformerStack<TLayer> layers) : SentenceLayers
        where TLayer : class, ITransformerLayer<TLayer>
    {
        public override int Count => layers.Count;

        public override void Forward(ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets, in ForwardOptions options) =>
            layers.Forward(input, output, rowOffsets, in options);

        public override void RunLayer(int layer, ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets, in ForwardOptions options) =>
            layers.Layers[layer].Forward(new AttentionArguments
            {
                Input = input, Output = output, RowOffsets = rowOffsets, Batch = rowOffsets.Length - 1, Options = options,
            });
    }
}
