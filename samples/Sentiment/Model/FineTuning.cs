using System.Numerics.Tensors;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>How a fine-tuning goes on.</summary>
/// <param name="Epochs">How often it sees every text.</param>
/// <param name="Seed">Decides the order of the texts.</param>
/// <param name="Threads">Threads that share a step.</param>
internal sealed record FineTuningPlan(int Epochs, long Seed, int Threads)
{
    /// <summary>Texts of a step.</summary>
    public const int Batch = 16;

    /// <summary>Epochs, unless a command says otherwise.</summary>
    public const int DefaultEpochs = 4;

    /// <summary>Steps for so many texts.</summary>
    public int Steps(int texts) => Epochs * ((texts + Batch - 1) / Batch);
}

/// <summary>Trains all layers of the encoder together with the classifier. The embeddings of tokens stay as they are.</summary>
internal sealed class FineTuning
{
    private const int Width = SentenceEncoder.Width;
    private const double MostNorm = 1;

    /// <summary>The highest learning rate of the last layer.</summary>
    private const double Rate = 1e-4;
    private const double WarmupShare = 0.1;
    private const double LayerDecay = 0.8;
    private const double HeadFactor = 10;

    private readonly SentenceEncoder encoder;
    private readonly FineTuningPlan plan;
    private readonly TransformerLayerWeights[] weights;
    private readonly TransformerStack<SentimentLayer> stack;
    private readonly StackGradients gradients;
    private readonly LinearWeights headWeights;
    private readonly SentimentHead head;
    private readonly LinearGradients headGradients;
    private readonly GradientTensor[] tensors;
    private readonly AdamW[] optimisers;
    private readonly StackActivations activations;
    private readonly TextBatch batch;

    /// <summary>Begins with the weights of a file.</summary>
    /// <param name="encoder">Gives the embeddings of tokens, and the vector of a text.</param>
    /// <param name="file">The layers as they are before.</param>
    /// <param name="start">The classifier as it is before: that of the frozen layers.</param>
    /// <param name="plan">What to do.</param>
    /// <param name="texts">All texts that it will see: they say how much room a batch needs.</param>
    public FineTuning(SentenceEncoder encoder, SafetensorsFile file, LinearWeights start, FineTuningPlan plan, IReadOnlyList<int[]> texts)
    {
        this.encoder = encoder;
        this.plan = plan;
        weights = [.. Enumerable.Range(0, encoder.LayerCount).Select(layer => TransformerLayerWeights.From(file, LayerNames(layer)))];
        stack = TransformerStack<SentimentLayer>.Create([.. weights.Select(own => new SentimentLayer(own))]);
        gradients = new StackGradients(weights);
        headWeights = LinearWeights.FromSpans(start.Weight, start.Bias);
        head = new SentimentHead(headWeights);
        headGradients = new LinearGradients(headWeights);
        tensors = [.. gradients.Tensors, .. headGradients.Tensors];
        optimisers = [.. gradients.Layers.Select(layer => Optimiser(layer)), Optimiser(headGradients)];
        int most = texts.Select(text => text.Length).OrderDescending().Take(FineTuningPlan.Batch).Sum();
        activations = stack.CreateActivations(FineTuningPlan.Batch, (most + FineTuningPlan.Batch - 1) / FineTuningPlan.Batch);
        batch = new TextBatch(FineTuningPlan.Batch, most);

        static AdamW Optimiser(WeightGradients own) => new(own.Tensors, name => !name.Contains("Bias", StringComparison.Ordinal)
            && !name.Contains("Norm", StringComparison.Ordinal));
    }

    /// <summary>The classifier as it is now.</summary>
    public LinearWeights Classifier => headWeights;

    private ForwardOptions Options => new() { MaxDegreeOfParallelism = plan.Threads };

    /// <summary>The names of a layer in the file.</summary>
    public static TransformerTensorNames LayerNames(int layer) => TransformerTensorNames.Bert($"encoder.layer.{layer}");

    /// <summary>Learns from texts.</summary>
    /// <param name="texts">The tokens of each text.</param>
    /// <param name="labels">For each 1 or 0.</param>
    /// <param name="progress">Is told the loss of each step.</param>
    /// <param name="cancellation">Ends it after a step.</param>
    public void Train(IReadOnlyList<int[]> texts, int[] labels, Action<double> progress, CancellationToken cancellation)
    {
        int steps = plan.Steps(texts.Count);
        var schedule = new LearningRateSchedule(Rate, (int)Math.Ceiling(WarmupShare * steps), steps, LearningRateDecay.Linear);
        int[] order = [.. Enumerable.Range(0, texts.Count)];
        long step = 0;
        for (int epoch = 0; epoch < plan.Epochs; epoch++)
        {
            var random = new SplitMix(plan.Seed, epoch);
            random.Shuffle(order, order.Length);
            for (int first = 0; first < order.Length; first += FineTuningPlan.Batch)
            {
                cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<int> chosen = order.AsSpan(first, Math.Min(FineTuningPlan.Batch, order.Length - first));
                progress(Step(texts, labels, chosen, schedule.At(++step)));
            }
        }
    }

    /// <summary>The margin of each text.</summary>
    public double[] Margins(IReadOnlyList<int[]> texts)
    {
        var margins = new List<double>(texts.Count);
        int[] order = [.. Enumerable.Range(0, texts.Count)];
        for (int first = 0; first < order.Length; first += FineTuningPlan.Batch)
        {
            ReadOnlySpan<int> chosen = order.AsSpan(first, Math.Min(FineTuningPlan.Batch, order.Length - first));
            Forward(texts, chosen);
            margins.AddRange(SentimentHead.MarginsOf(batch.Logits));
        }

        return [.. margins];
    }

    /// <summary>Adds the trained layers to a file.</summary>
    public void AddTo(SafetensorsBuilder builder)
    {
        for (int layer = 0; layer < weights.Length; layer++)
            weights[layer].AddTo(builder, LayerNames(layer), SentimentLayer.Shape);
    }

    private double Step(IReadOnlyList<int[]> texts, int[] labels, ReadOnlySpan<int> chosen, double rate)
    {
        Forward(texts, chosen);
        for (int place = 0; place < chosen.Length; place++)
            batch.Labels[place] = labels[chosen[place]];
        gradients.Clear();
        headGradients.Clear();
        double loss = CrossEntropy.Compute(batch.Logits, batch.Labels, batch.Logits);
        head.Backward(batch.Logits, batch.Vectors, batch.VectorGradients, headGradients);
        batch.Unpool();
        stack.Backward(batch.OutputGradients, Arguments(), activations, batch.RowGradients, gradients);
        GradientClipping.Clip(tensors, MostNorm);
        for (int part = 0; part < optimisers.Length; part++)
        {
            int below = weights.Length - 1 - part;
            optimisers[part].LearningRate = rate * (below < 0 ? HeadFactor : Math.Pow(LayerDecay, below));
            optimisers[part].Step();
        }

        stack.Pack(weights);
        head.Pack(headWeights);
        return loss;
    }

    private void Forward(IReadOnlyList<int[]> texts, ReadOnlySpan<int> chosen)
    {
        batch.Take(texts, chosen);
        encoder.Embed(batch.Ids, batch.RowOffsets, batch.Rows);
        stack.Forward(activations, Arguments() with { Output = batch.Output });
        for (int place = 0; place < chosen.Length; place++)
            batch.Lengths[place] = encoder.Pool(batch.OutputOf(place), batch.Vectors.Slice(place * Width, Width));
        head.Forward(batch.Vectors, batch.Logits);
    }

    private AttentionArguments Arguments() => new()
    {
        Input = batch.Rows, RowOffsets = batch.RowOffsets, Batch = batch.Count, Options = Options,
    };
}
