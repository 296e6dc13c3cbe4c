using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace AttentionGen.Samples.Configure;

/// <summary>Reads the config.json of a Hugging Face model, and prints the attributes and the preset that it needs.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var path = new Argument<string>("model") { Description = "A folder with a config.json, or that file." };
        var length = new Option<int>("--length")
        {
            Description = "Positions of the longest context that you will use. Models that scale their rotation by the length need it.",
        };
        var command = new RootCommand("Prints the attributes and the preset of names for a model of Hugging Face.") { path, length };
        command.SetAction(result => Run(result.GetValue(path)!, result.GetValue(length)));
        return command.Parse(args).Invoke();
    }

    private static int Run(string path, int length)
    {
        try
        {
            string file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
            Console.Write(Catalog.Describe(File.ReadAllText(file), length));
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or UnsupportedModelException)
        {
            Console.Error.WriteLine(exception.Message);
            return 1;
        }
    }
}
