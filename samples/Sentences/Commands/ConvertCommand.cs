using System.CommandLine;

namespace AttentionGen.Samples.Sentences;

/// <summary>From an ONNX file to one that Hugging Face's libraries read.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("MODEL.onnx") { Description = "An exported model." };
        var target = new Argument<string>("MODEL.safetensors") { Description = "Where to write its weights." };
        var command = new Command(
            "convert", "Writes the weights of an ONNX file as safetensors, under the names that they have in PyTorch.") { source, target };
        command.OnRun((result, _) =>
        {
            string from = result.GetRequiredValue(source), to = result.GetRequiredValue(target);
            if (Directory.Exists(from))
                throw new FileNotFoundException($"'{from}' is a folder; expected an ONNX file.");
            if (!File.Exists(from))
                throw new FileNotFoundException($"The file '{from}' does not exist.");
            if (Path.GetFullPath(from) == Path.GetFullPath(to))
                throw new ArgumentException($"'{to}' would replace the file that is read: name another one.");
            using FileStream onnx = File.OpenRead(from);
            Terminal.Wait("Converting", () => OnnxConverter.Convert(onnx, from)).Save(to);
            using SafetensorsFile written = SafetensorsFile.Open(to);
            Terminal.Say($"{written.TensorNames.Count} tensors: {to}");
        });
        return command;
    }
}
