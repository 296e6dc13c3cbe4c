using System.CommandLine;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Cluster;

/// <summary>Whether a cluster gave what one process gives.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The documents." };
        var vectors = new Argument<FileInfo>("VECTORS") { Description = "What the command embed wrote." };
        var common = new CommonOptions();
        var command = new Command("check", "Computes the vectors again in this process, without a cluster, and compares every bit.")
        {
            file, vectors, common.Model, common.Int8,
        };
        command.OnRun((result, cancellation) =>
        {
            SentenceModel model = common.Load(result);
            using IEnumerator<byte[]> rows = VectorFile.ReadRows(result.GetRequiredValue(vectors).FullName).GetEnumerator();
            long count = 0;
            foreach ((_, string[] documents) in DocumentFile.ReadBatches(result.GetRequiredValue(file).FullName, 0))
            {
                cancellation.ThrowIfCancellationRequested();
                byte[] expected = SiloModel.Embed(model, "", documents).Vectors;
                for (int document = 0; document < documents.Length; document++, count++)
                {
                    if (!rows.MoveNext())
                        throw new InvalidDataException($"There are {count} vectors, but more documents.");
                    if (!rows.Current.AsSpan().SequenceEqual(expected.AsSpan(document * VectorFile.RowBytes, VectorFile.RowBytes)))
                        throw new InvalidDataException($"The vector of document {count + 1} is another one.");
                }
            }

            if (rows.MoveNext())
                throw new InvalidDataException($"There are more vectors than documents, {count}.");
            Console.Out.WriteLine($"{count} documents, each with its vector, bit for bit");
        });
        return command;
    }
}
