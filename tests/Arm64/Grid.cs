using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Arm64;

/// <summary>Calls of one kernel against the float64 reference: a line each, with a hash of every output bit.</summary>
/// <param name="hooks">What the class declares as hooks, for the reference.</param>
/// <param name="sharedFrom">Rows from which a call that asks for two threads must have both; the kernel's predicate attends the meeting.</param>
internal sealed class Grid<T>(ReferenceHooks? hooks = null, int sharedFrom = int.MaxValue)
    where T : class, IAttentionKernel<T>
{
    // What float32 loses in blocks of these sizes, with room: error over 1 + |expected|.
    private const double Tolerance = 2e-5;

    private readonly AttentionWeights weights = AttentionWeights.Random(T.Shape, seed: 5);
    private ulong hash;
    private double worst;
    private bool shared;

    /// <summary>True where every call was close to the reference.</summary>
    public bool Run(params (int Batch, int Rows, int Keys)[] calls)
    {
        T kernel = T.Create(weights);
        bool right = true;
        foreach (var (batch, rows, keys) in calls)
        {
            for (int threads = 1; threads <= 2; threads++)
            {
                Begin();
                Call(kernel, new Numbers((ulong)((1000 * rows) + keys)), batch, rows, keys, threads, null, null);
                right &= End($"{batch}x{rows}x{keys} threads {threads}");
            }
        }

        return right;
    }

    /// <summary>The same for a prompt through a cache, and three rows after it, one at a time.</summary>
    public bool Decode(params int[] prompts)
    {
        bool right = true;
        foreach (int prompt in prompts)
            right &= Through(keys: prompt + 3, prompt, 1, 1, 1);
        return right;
    }

    /// <summary>The same for chunks of rows one after another, through a cache that has memory for so many keys at once.</summary>
    public bool Through(int keys, params int[] chunks)
    {
        T kernel = T.Create(weights);
        bool right = true;
        for (int threads = 1; threads <= 2; threads++)
        {
            Begin();
            AttentionCache cache = kernel.CreateCache(chunks.Sum());
            if (cache.KeyCapacity != (keys + 15) / 16 * 16)
                throw new InvalidOperationException($"The cache has memory for {cache.KeyCapacity} keys; {keys}, in whole panels of 16, were expected.");
            var reference = new ReferenceCache(T.Shape);
            var numbers = new Numbers((ulong)chunks[0]);
            foreach (int rows in chunks)
                Call(kernel, numbers, 1, rows, rows, threads, cache, reference);
            right &= End($"cache {string.Join('+', chunks)} threads {threads}");
        }

        return right;
    }

    private void Call(T kernel, Numbers numbers, int batch, int rows, int keys, int threads, AttentionCache? cache, ReferenceCache? reference)
    {
        AttentionShape shape = T.Shape;
        // A ragged batch: one sequence of these rows, an empty one, and one of half as many.
        int[] offsets = shape.Ragged ? [0, rows, rows, rows + (rows / 2)] : [];
        int seenKeys = keys + (cache?.Length ?? 0);
        int allRows = offsets.Length > 0 ? offsets[^1] : batch * rows, allKeys = batch * keys;
        var output = new float[allRows * shape.OutputDim];
        var logSumExp = new float[(shape.Outputs & AttentionOutputs.LogSumExp) != 0 ? allRows * shape.Heads : 0];
        var probabilities = new float[(shape.Outputs & AttentionOutputs.Probabilities) != 0 ? batch * shape.Heads * rows * keys : 0];
        var arguments = new AttentionArguments
        {
            Input = numbers.Floats(allRows * shape.InputDim),
            Memory = numbers.Floats(shape.IsCrossAttention ? allKeys * shape.MemoryDim : 0),
            Key = numbers.Floats(shape.HasProjections ? 0 : allKeys * shape.KeyDim),
            Value = numbers.Floats(shape.HasProjections ? 0 : allKeys * shape.ValueDim),
            KeyLengths = shape.KeyLengths ? [.. Enumerable.Range(0, batch).Select(_ => numbers.Below(keys + 1))] : [],
            BooleanMask = shape.BooleanMask == MaskAxes.None ? [] : [.. Enumerable.Range(0, rows * seenKeys).Select(_ => numbers.Below(3) != 0)],
            AdditiveMask = numbers.Floats(shape.AdditiveMask == MaskAxes.None ? 0 : shape.Heads * rows * seenKeys),
            RowOffsets = offsets,
            Output = output,
            LogSumExp = logSumExp,
            Probabilities = probabilities,
            Batch = shape.Ragged ? 3 : batch,
            Options = new() { MaxDegreeOfParallelism = threads },
        };
        Meeting.Begin(rows >= sharedFrom ? threads : 1);
        kernel.Forward(arguments with { Cache = cache });
        shared &= Meeting.End();
        ReferenceResult expected = ReferenceAttention.Forward(shape, weights, in arguments, reference, hooks);
        Add(output, expected.Output);
        Add(logSumExp, expected.LogSumExp);
        Add(probabilities, expected.Probabilities);
    }

    private void Begin() => (hash, worst, shared) = (14695981039346656037, 0, true);

    private bool End(string call)
    {
        // Written so that NaN is wrong.
        bool right = worst <= Tolerance;
        Console.WriteLine(
            $"{typeof(T).Name} {call}: {hash:x16} error "
                + $"{worst:E1}{(right ? "" : $", allowed {Tolerance:E1}")}{(shared ? "" : ", one thread where two were allowed")}");
        return right && shared;
    }

    private void Add(float[] actual, double[] expected)
    {
        if (actual.Length != expected.Length)
            throw new InvalidOperationException($"{actual.Length} elements, the reference has {expected.Length}.");
        for (int index = 0; index < actual.Length; index++)
        {
            // Equal infinities have no distance; Math.Max keeps a NaN.
            if (actual[index] != expected[index])
                worst = Math.Max(worst, Math.Abs(expected[index] - actual[index]) / (1 + Math.Abs(expected[index])));
        }

        // FNV-1a over the bytes.
        foreach (byte part in MemoryMarshal.AsBytes<float>(actual))
            hash = (hash ^ part) * 1099511628211;
    }
}
