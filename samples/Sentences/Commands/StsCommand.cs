using System.CommandLine;
using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>How well the model's similarities agree with people's.</summary>
internal static class StsCommand
{
    public static Command Create(CommonOptions common)
    {
        var file =
            new Argument<string>("FILE") { Description = "Comma-separated: two sentences, and how similar people found them. The STS benchmark has this "
                + "form." };
        var command = new Command("sts", "Compares the model's similarities with people's: Spearman's rank correlation.") { file };
        command.OnRun((result, cancellation) =>
        {
            SentencePair[] pairs = SentencePairs.Read(result.GetRequiredValue(file));
            SentenceModel model = common.Load(result);
            string[] texts = [.. pairs.SelectMany(pair => new[] { pair.First, pair.Second })];
            float[][] embeddings = Terminal.Embed(model, texts, common.Forward(result, cancellation));
            double[] similarities = [.. pairs.Select((_, i) => (double)TensorPrimitives.Dot(embeddings[2 * i], embeddings[2 * i + 1]))];
            double[] scores = [.. pairs.Select(pair => pair.Score)];
            Console.Out.WriteLine($"{pairs.Length} pairs");
            Console.Out.WriteLine($"pearson {Correlation.Pearson(similarities, scores):F4}");
            Console.Out.WriteLine($"spearman {Correlation.Spearman(similarities, scores):F4}");
        });
        return command;
    }
}
