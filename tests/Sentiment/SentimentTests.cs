using AttentionGen.Samples.Heads;
using AttentionGen.Samples.Sentences;
using AttentionGen.Samples.Sentiment;
using AttentionGen.Tests.Sentences;

namespace AttentionGen.Tests.Sentiment;

/// <summary>samples/Sentiment: its folds, its regression, a few steps of fine-tuning, its file, and its heads.</summary>
[Trait("Speed", "Slow")]
public sealed class SentimentTests : IDisposable
{
    private static readonly LabelledTexts Few = new(
        ["The food was great.", "I hate this.", "Lovely people!", "It was not good at all, and too expensive."], [1, 0, 1, 0]);

    private readonly string folder = Directory.CreateTempSubdirectory("sentiment").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Each_text_is_in_one_fold_and_each_fold_has_its_share_of_each_label()
    {
        int[] labels = [.. Enumerable.Range(0, 103).Select(text => text % 3 == 0 ? 1 : 0)];
        int[][] folds = Folds.Stratified(labels, 5, seed: 1);
        Assert.Equal(Enumerable.Range(0, 103), folds.SelectMany(fold => fold).Order());
        // 35 ones and 68 zeros.
        Assert.All(folds, fold => Assert.Equal(7, fold.Sum(text => labels[text])));
        Assert.All(folds, fold => Assert.InRange(fold.Length - 7, 13, 14));
        Assert.Equal(folds, Folds.Stratified(labels, 5, seed: 1));
        Assert.NotEqual(folds, Folds.Stratified(labels, 5, seed: 2));
        Assert.Contains("--folds is 36; expected at most 35, the number of texts with the label 1.",
            Assert.Throws<ArgumentException>(() => Folds.Stratified(labels, 36, seed: 1)).Message);
    }

    /// <summary>At the minimum of a convex function its slope is zero. Here in float64, for one row of weights, the difference of the two.</summary>
    [Fact]
    public void The_regression_is_at_its_minimum()
    {
        var random = new Random(1);
        float[][] vectors = [.. Enumerable.Range(0, 40).Select(_ => Vector(random))];
        int[] labels = [.. vectors.Select(vector => vector[0] + (0.05 * random.NextSingle()) > 0.02 ? 1 : 0)];
        LinearWeights weights = Regression.Train(vectors, labels);
        int width = SentenceEncoder.Width;
        double[] row = [.. Enumerable.Range(0, width).Select(i => (double)weights.Weight[width + i] - weights.Weight[i])];
        double bias = (double)weights.Bias[1] - weights.Bias[0], biasSlope = 0;
        // scikit-learn's form with C = 1: the sum of the losses, and half of the squares.
        double[] slope = [.. row];
        for (int text = 0; text < vectors.Length; text++)
        {
            double margin = bias + row.Zip(vectors[text]).Sum(one => one.First * one.Second), error = (1 / (1 + Math.Exp(-margin))) - labels[text];
            biasSlope += error;
            for (int i = 0; i < width; i++)
                slope[i] += error * vectors[text][i];
        }

        Assert.InRange(Math.Sqrt(row.Sum(weight => weight * weight)), 1, 10);
        Assert.InRange(slope.Append(biasSlope).Max(Math.Abs), 0, 2e-3);
    }

    /// <summary>Along the gradient of the rows the product of a vector with a direction changes as the gradient says.</summary>
    [Fact]
    public void The_gradient_of_a_vector_goes_to_its_rows()
    {
        const int Width = SentenceEncoder.Width;
        const float Step = 1 / 64f;
        var random = new Random(2);
        var batch = new TextBatch(2, 7);
        batch.Take([[1, 2, 3], [4, 5]], [1, 0]);
        float[] rows = [.. Enumerable.Range(0, 5 * Width).Select(_ => random.NextSingle() - 0.4f)];
        float[] direction = [.. Vector(random), .. Vector(random)];
        Product(0);
        direction.CopyTo(batch.VectorGradients);
        batch.Unpool();
        float[] gradient = batch.OutputGradients.ToArray();
        double norm = Math.Sqrt(gradient.Sum(slope => (double)slope * slope));
        Assert.Equal(norm, (Product(Step / norm) - Product(-Step / norm)) / (2 * Step), 1e-4 * norm);

        double Product(double factor)
        {
            for (int i = 0; i < rows.Length; i++)
                batch.Output[i] = rows[i] + (float)(factor * batch.OutputGradients[i]);
            for (int place = 0; place < batch.Count; place++)
                batch.Lengths[place] = SentenceFiles.Encoder.Pool(batch.OutputOf(place), batch.Vectors.Slice(place * Width, Width));
            return direction.Zip(batch.Vectors.ToArray()).Sum(one => (double)one.First * one.Second);
        }
    }

    /// <summary>A few steps lower the loss; and a file brings back the same numbers, in another class of layer.</summary>
    [Fact]
    public void Fine_tuning_learns_and_its_file_reads_as_it_does()
    {
        var training = new Training(SentenceFiles.Weights, Few, default);
        LinearWeights frozen = training.Frozen(training.All);
        var losses = new List<double>();
        FineTuning run = training.FineTune(training.All, frozen, new(Epochs: 3, Seed: 1, Threads: 2), losses.Add, CancellationToken.None);
        Assert.Equal(3, losses.Count);
        Assert.True(losses[2] < 0.9 * losses[0], string.Join(", ", losses));

        string tuned = Path.Combine(folder, "tuned.safetensors"), small = Path.Combine(folder, "small.safetensors");
        SentimentFile.Save(tuned, run, SentenceFiles.Weights);
        double[] margins = run.Margins([.. Few.Texts.Select(text => SentenceFiles.Model.Tokenize(text).Ids)]);
        Assert.Equal(margins, Margins(tuned));
        SentimentFile.Save(small, frozen);
        Assert.InRange(new FileInfo(small).Length, 3_000, 5_000);
        Assert.Equal(new SentimentHead(frozen).Margins(SentenceFiles.Model.Embed([.. Few.Texts.Select(SentenceFiles.Model.Tokenize)])), Margins(small));

        static double[] Margins(string path) => SentimentFile.Read(path, (weights, classifier) =>
        {
            SentenceModel model = SentenceModel.WithWeights(path, weights);
            return new SentimentHead(classifier).Margins(model.Embed([.. Few.Texts.Select(model.Tokenize)]));
        });
    }

    /// <summary>Without a head a sentence reads as it does where nothing of that head reaches the output projection.</summary>
    [Fact]
    public void A_head_carries_what_is_lost_without_it()
    {
        var pair = new NegatedPair("I like it.", "I do not like it.", IsPraise: true);
        LinearWeights classifier = LinearWeights.Random(SentimentHead.Shape, seed: 3);
        var head = new SentimentHead(classifier);
        PairEffect effect = new NegationHeads(SentenceFiles.Weights, classifier).Measure([pair], CancellationToken.None).Single();
        double[] whole = head.Margins(SentenceFiles.Model.Embed([.. Tokens().Select(ids => new SentenceTokens(ids, false))]));
        Assert.Equal(whole[0], effect.PlainMargin, 1e-5);
        Assert.Equal(whole[1], effect.NegatedMargin, 1e-5);
        Assert.Equal((6, 12), (effect.Lost.GetLength(0), effect.Lost.GetLength(1)));

        const int Layer = 4, Removed = 7, HeadDim = 32;
        TransformerLayerWeights[] layers = [.. Enumerable.Range(0, 6).Select(layer => TransformerLayerWeights.From(
            SentenceFiles.Weights, FineTuning.LayerNames(layer)))];
        Memory<float> output = new AttentionGradients(layers[Layer].Attention).Tensors.ToArray().Single(tensor => tensor.Name == "Output").Values;
        for (int row = 0; row < output.Length; row += SentenceEncoder.Width)
            output.Span.Slice(row + (Removed * HeadDim), HeadDim).Clear();
        var stack = TransformerStack<SentenceLayer>.Create([.. layers.Select(own => new SentenceLayer(own))]);
        double[] without = head.Margins([.. Tokens().Select(ids =>
        {
            var rows = new float[ids.Length * SentenceEncoder.Width];
            float[] last = new float[rows.Length], vector = new float[SentenceEncoder.Width];
            SentenceFiles.Encoder.Embed(ids, [0, ids.Length], rows);
            stack.Forward(rows, last, [0, ids.Length]);
            SentenceFiles.Encoder.Pool(last, vector);
            return vector;
        })]);
        Assert.Equal(whole[0] - whole[1] - (without[0] - without[1]), effect.Lost[Layer, Removed], 1e-5);
        Assert.NotInRange(effect.Lost[Layer, Removed], -1e-4, 1e-4);

        IEnumerable<int[]> Tokens() => new[] { pair.Plain, pair.Negated }.Select(text => SentenceFiles.Model.Tokenize(text).Ids);
    }

    private static float[] Vector(Random random)
    {
        float[] vector = [.. Enumerable.Range(0, SentenceEncoder.Width).Select(_ => random.NextSingle() - 0.5f)];
        float length = MathF.Sqrt(vector.Sum(number => number * number));
        return [.. vector.Select(number => number / length)];
    }
}
