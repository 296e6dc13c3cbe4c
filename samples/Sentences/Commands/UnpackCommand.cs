using System.CommandLine;

namespace AttentionGen.Samples.Sentences;

/// <summary>The model that comes with the program, as a folder for --model and for other programs.</summary>
internal static class UnpackCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The folder; it is made if it does not exist." };
        var command = new Command(
            "unpack", $"Writes {PackagedModel.Name}, which comes with the program, into a folder: model.safetensors, model.onnx and vocab.txt.") { directory };
        command.OnRun((result, _) =>
        {
            string folder = Directory.CreateDirectory(result.GetRequiredValue(directory)).FullName;
            Copy(PackagedModel.OpenVocabulary(), Path.Combine(folder, "vocab.txt"));
            Copy(PackagedModel.OpenOnnx(), Path.Combine(folder, "model.onnx"));
            using Stream onnx = PackagedModel.OpenOnnx();
            Terminal.Wait("Converting", () => OnnxConverter.Convert(onnx, "model.onnx")).Save(Path.Combine(folder, "model.safetensors"));
            File.WriteAllText(Path.Combine(folder, "sentence_bert_config.json"), $$"""{ "max_seq_length": {{PackagedModel.MaxTokens}} }""" + "\n");
            Terminal.Say($"{PackagedModel.Name}: {folder}");
        });
        return command;
    }

    private static void Copy(Stream from, string to)
    {
        using (from)
        using (FileStream target = File.Create(to))
            from.CopyTo(target);
    }
}
