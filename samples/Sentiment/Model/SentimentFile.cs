using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>The file of a trained model: the classifier, and the encoder if it was trained too.</summary>
internal static class SentimentFile
{
    private const string WeightName = "classifier.weight";
    private const string BiasName = "classifier.bias";

    /// <summary>Reads a file.</summary>
    /// <param name="path">What <see cref="Save"/> wrote.</param>
    /// <param name="use">Gets the weights of the encoder, until it returns, and the classifier.</param>
    /// <exception cref="IOException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or has no classifier of this shape.</exception>
    public static T Read<T>(string path, Func<SafetensorsFile, LinearWeights, T> use)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"The file '{path}' does not exist. The command train writes it, and --model names another one.");
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Contains(WeightName) || !file.GetInfo(WeightName).Shape.SequenceEqual([SentimentHead.Outputs, SentimentHead.Inputs]))
            throw new InvalidDataException(
                $"'{path}' has no tensor {WeightName} of [{SentimentHead.Outputs}, {SentimentHead.Inputs}]: expected a file that the command train wrote.");
        LinearWeights classifier = LinearWeights.From(file, WeightName, BiasName);
        if (file.TensorNames.Any(name => name.StartsWith("encoder.", StringComparison.Ordinal)))
            return use(file, classifier);
        using SafetensorsFile packaged = PackagedModel.OpenWeights();
        return use(packaged, classifier);
    }

    /// <summary>Writes a file. With frozen layers it holds only the classifier.</summary>
    /// <param name="path">Where.</param>
    /// <param name="classifier">The classifier.</param>
    public static void Save(string path, LinearWeights classifier) => With(classifier).Save(path);

    /// <summary>Writes a file with all weights.</summary>
    /// <param name="path">Where.</param>
    /// <param name="run">What was trained.</param>
    /// <param name="encoder">What was not.</param>
    public static void Save(string path, FineTuning run, SafetensorsFile encoder)
    {
        SafetensorsBuilder builder = With(run.Classifier);
        run.AddTo(builder);
        foreach (string name in encoder.TensorNames.Where(name => !name.StartsWith("encoder.layer.", StringComparison.Ordinal)))
            builder.Add(name, [.. encoder.GetInfo(name).Shape], encoder.ReadFloat32(name));
        builder.Save(path);
    }

    private static SafetensorsBuilder With(LinearWeights classifier)
    {
        var builder = new SafetensorsBuilder();
        builder.Metadata["format"] = "pt";
        builder.Metadata["encoder"] = PackagedModel.Name;
        return builder.Add(WeightName, [SentimentHead.Outputs, SentimentHead.Inputs], classifier.Weight.ToArray())
            .Add(BiasName, [SentimentHead.Outputs], classifier.Bias.ToArray());
    }
}
