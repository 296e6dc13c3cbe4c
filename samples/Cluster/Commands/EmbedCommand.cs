using System.CommandLine;
using AttentionGen.Samples.Sentences;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AttentionGen.Samples.Cluster;

/// <summary>The vectors of a file of documents, computed by all silos.</summary>
internal static class EmbedCommand
{
    public static Command Create(ClusterSetup cluster)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A text file with a document in each line." };
        var output = new Option<FileInfo>("--npy")
        {
            Description = $"Where to write the vectors, in NumPy's format: a row of {SentenceModel.Dimensions} float32 for each document.", HelpName = "OUT",
            Required = true,
        };
        var calls = new Option<int>("--calls")
        {
            Description = "Batches on their way at the same time: a few for each worker of all silos.", HelpName = "N", DefaultValueFactory = _ => 12,
        };
        var patience = new Option<int>("--patience")
        {
            Description = "How long a batch is tried until the command gives up.", HelpName = "SECONDS", DefaultValueFactory = _ => 60,
        };
        var resume = new Option<bool>("--resume") { Description = "Go on where an earlier run was interrupted." };
        var command = new Command("embed", "Writes the vectors of a file of documents.") { file, output, calls, patience, resume };
        command.OnRun(async (result, cancellation) =>
        {
            string path = result.GetRequiredValue(file).FullName;
            if (!File.Exists(path))
                throw new FileNotFoundException($"The file '{path}' does not exist.");
            if (result.GetValue(calls) < 1 || result.GetValue(patience) < 1)
                throw new ArgumentException(
                    $"--calls and --patience must be 1 or more, but they are {result.GetValue(calls)} and {result.GetValue(patience)}.");
            string target = result.GetRequiredValue(output).FullName;
            using IHost host = await cluster.ConnectAsync(result, cancellation);
            var silos = new EmbeddingSilos(host.Services.GetRequiredService<IClusterClient>(), TimeSpan.FromSeconds(result.GetValue(patience)));
            using VectorFile vectors = result.GetValue(resume) ? VectorFile.Resume(target) : VectorFile.Create(target);
            await CheckLastAsync(silos, path, target, vectors, cancellation);
            var progress = new EmbeddingProgress(vectors.Count);
            using var done = new CancellationTokenSource();
            Task showing = progress.ShowAsync(done.Token);
            long before = vectors.Count;
            using var cost = new ClientCost();
            await new EmbeddingRun(silos, progress, result.GetValue(calls)).RunAsync(
                DocumentFile.ReadBatches(path, vectors.Count), vectors, cancellation);
            string summary = progress.Summary();
            await done.CancelAsync();
            await showing;
            vectors.Finish();
            Console.Out.WriteLine(summary);
            Console.Out.WriteLine($"{silos.Repeated} calls were made again");
            Console.Out.WriteLine($"a document: {cost.Each(Math.Max(1, vectors.Count - before))}");
        });
        return command;
    }

    /// <summary>The last document that an earlier run has written gives the same bits again, or the files do not belong together.</summary>
    private static async Task CheckLastAsync(EmbeddingSilos silos, string path, string target, VectorFile vectors, CancellationToken cancellation)
    {
        if (vectors.Count == 0)
            return;
        string? document = DocumentFile.ReadDocuments(path).Skip((int)Math.Min(int.MaxValue, vectors.Count - 1)).FirstOrDefault();
        bool isSame = document is not null
            && (await silos.EmbedAsync(vectors.Count - 1, [document], cancellation)).Vectors.AsSpan().SequenceEqual(vectors.ReadLast());
        if (!isSame)
            throw new InvalidDataException(
                $"'{target}.unfinished' has {vectors.Count} vectors, and the last of them is not that of line {vectors.Count} of '{path}' with this model: "
                    + $"it was begun with another file or another model. Leave --resume out.");
    }
}
