using System.CommandLine;
using System.Text.Json;

namespace AttentionGen.Samples.Sentences;

/// <summary>The vectors of a file's lines, for other programs.</summary>
internal static class EmbedCommand
{
    public static Command Create(CommonOptions common)
    {
        var file = new Argument<string>("FILE") { Description = "A text file." };
        var json = new Option<string>("--json") { Description = $"Where to write one array, with an array of {SentenceModel.Dimensions} numbers for each line.",
            HelpName = "OUT", Required = true };
        var command = new Command("embed", "Writes the vector of each line of a text file.") { file, json };
        command.OnRun((result, cancellation) =>
        {
            string[] lines = TextFile.ReadLines(result.GetRequiredValue(file));
            string path = SampleCommands.ToWrite("--json", result.GetRequiredValue(json));
            SentenceModel model = common.Load(result);
            float[][] embeddings = Terminal.Embed(model, lines, common.Forward(result, cancellation));
            Write(embeddings, path);
            Terminal.Say($"{lines.Length} lines, {SentenceModel.Dimensions} numbers each: {path}");
        });
        return command;
    }

    private static void Write(float[][] embeddings, string path)
    {
        // A file under the name is whole.
        string unfinished = path + ".unfinished";
        try
        {
            using (FileStream stream = File.Create(unfinished))
            using (var writer = new Utf8JsonWriter(stream))
            {
                writer.WriteStartArray();
                foreach (float[] embedding in embeddings)
                {
                    writer.WriteStartArray();
                    foreach (float number in embedding)
                        writer.WriteNumberValue(number);
                    writer.WriteEndArray();
                    writer.Flush();
                }

                writer.WriteEndArray();
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }
}
