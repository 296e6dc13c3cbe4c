using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Digest;

/// <summary>Compiles classes, calls them, and digests all they give and all of their text.</summary>
internal sealed class KernelDigests
{
    private const int ClassesOfACompilation = 40;

    // Lengths around a line of 32 keys and a block of 256, and lengths of nothing.
    private static readonly (int Batch, int Rows, int Keys)[] Sizes = [(3, 1, 5), (2, 33, 40), (1, 70, 31), (1, 259, 262), (2, 0, 3), (1, 4, 0)];

    private readonly List<(string Subject, string Set, string Name, string Digest)> digests = [];

    /// <summary>What is digested, the set, the class and the digest, in the order of the classes.</summary>
    public IEnumerable<string> Lines => digests.Select(line => $"{line.Subject}\t{line.Set}\t{line.Digest}\t{line.Name}");

    public void Add(IReadOnlyList<ListedClass> classes)
    {
        foreach (ListedClass[] batch in classes.Chunk(ClassesOfACompilation))
            AddBatch(batch);
    }

    /// <summary>A digest for each subject and set, and one for each subject.</summary>
    public void Print(TextWriter writer)
    {
        foreach (var subject in digests.GroupBy(line => line.Subject))
        {
            foreach (var set in subject.GroupBy(line => line.Set))
                writer.WriteLine($"{subject.Key,-18} {set.Key,-12} {set.Count(),4} {Digest(set.Select(line => line.Digest))}");
            writer.WriteLine($"{subject.Key,-18} {"all",-12} {subject.Count(),4} {Digest(subject.Select(line => line.Digest))}");
        }
    }

    private void AddBatch(ListedClass[] batch)
    {
        // Cases of one configuration share a class, so that texts do not depend on how many there are.
        var texts = new SortedDictionary<(int Class, string Kind), string>();
        IKernelType[] types = KernelFactory.Compile([.. batch.Select(one => one.Text)], (hint, text) =>
        {
            string[] parts = hint.Split('.');
            texts.Add((int.Parse(parts[1]["Kernel".Length..]), parts.Length > 4 ? string.Join('.', parts[2..^2]) : "Class"), text);
        });
        var outputs = new string[batch.Length];
        Parallel.For(
            0,
            batch.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            index => outputs[index] = DigestOfCalls(batch[index], types[index], index));
        for (int index = 0; index < batch.Length; index++)
        {
            string name = batch[index].Conformance?.Case ?? batch[index].Text.Name;
            digests.Add(("outputs", batch[index].Set, name, outputs[index]));
            foreach (var (key, text) in texts.Where(file => file.Key.Class == index))
                digests.Add(($"text of {key.Kind}", batch[index].Set, name, Digest([text])));
        }
    }

    private static string DigestOfCalls(ListedClass one, IKernelType type, int index)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            if (one.Conformance is { } conformance)
                AddConformance(hash, conformance.Call, type);
            else
                AddCalls(hash, type, index);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{one.Set}: {one.Text.Name}: {exception.Message}", exception);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddConformance(IncrementalHash hash, Conformance.VectorCall vector, IKernelType type)
    {
        AttentionCase call = vector.Call;
        IKernel kernel = type.Create(call.Weights);
        AttentionCache? cache = vector.Past is null ? null : kernel.CreateCache(Math.Max(1, call.KeysOf(0)), call.Batch);
        if (vector.Past is { Keys.Length: > 0 } past)
            cache!.Load(past.Keys, past.Values);
        Add(hash, call.RunAll(kernel, cache: cache));
        Add(hash, cache);
    }

    private static void AddCalls(IncrementalHash hash, IKernelType type, int index)
    {
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 7);
        IKernel kernel = type.Create(weights);
        for (int size = 0; size < Sizes.Length; size++)
        {
            var (batch, rows, keys) = Sizes[size];
            // Numbers of threads change, and no bit with them.
            Add(hash, Case(batch, rows, keys).RunAll(kernel, 1 + ((index + size) % SharedThreads.Most)));
        }

        foreach (int rows in (int[])(shape.HasCache ? [9, 38, 266] : []))
        {
            AttentionCase whole = Case(rows > 100 ? 1 : 3, rows, shape.IsCrossAttention ? rows : -1);
            if (shape.IsCrossAttention)
                AddMemory(hash, whole, kernel);
            else
                AddChunks(hash, whole, kernel);
        }

        AttentionCase Case(int batch, int rows, int keys) =>
            AttentionCase.Create(shape, batch, shape.SequenceLength == 0 ? rows : shape.SequenceLength, keys, seed: rows + 1, weights);
    }

    private static void AddMemory(IncrementalHash hash, AttentionCase whole, IKernel kernel)
    {
        AttentionCache cache = kernel.CreateCache(Math.Max(1, whole.Keys), whole.Batch);
        whole.ProjectMemory(kernel, cache);
        Add(hash, whole.Projected.RunAll(kernel, cache: cache));
        Add(hash, cache);
    }

    private static void AddChunks(IncrementalHash hash, AttentionCase whole, IKernel kernel)
    {
        var random = new Random(whole.Rows);
        AttentionCache cache = kernel.CreateCache(whole.Rows + 3, whole.Batch);
        int[] first = new int[whole.Batch];
        while (Enumerable.Range(0, whole.Batch).Any(sequence => first[sequence] < whole.RowsOf(sequence)))
        {
            int next = random.Next(3) == 0 ? 1 : random.Next(1, 1 + Math.Max(1, whole.Rows / 2));
            int[] count = [.. Enumerable.Range(0, whole.Batch).Select(sequence => Math.Min(whole.RowsOf(sequence) - first[sequence], next))];
            Add(hash, whole.Chunk(first, count).RunAll(kernel, 1 + random.Next(SharedThreads.Most), cache));
            first = [.. first.Select((start, sequence) => start + count[sequence])];
        }

        Add(hash, cache);
    }

    private static void Add(IncrementalHash hash, AttentionResult result)
    {
        foreach (float[] values in (float[][])[result.Output, result.Probabilities, result.Scores, result.LogSumExp])
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
    }

    /// <summary>The keys and values that a cache still holds.</summary>
    private static void Add(IncrementalHash hash, AttentionCache? cache)
    {
        for (int sequence = 0; sequence < (cache?.Batch ?? 0); sequence++)
        {
            int first = cache!.GetFirstHeldKey(sequence), held = cache.Lengths[sequence] - first;
            float[] keys = new float[held * cache.Shape.KeyDim], values = new float[held * cache.Shape.ValueDim];
            cache.CopyTo(sequence, first, keys, values);
            hash.AppendData(MemoryMarshal.AsBytes<float>(keys));
            hash.AppendData(MemoryMarshal.AsBytes<float>(values));
        }
    }

    private static string Digest(IEnumerable<string> texts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join("\n", texts))));
}
