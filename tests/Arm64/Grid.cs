namespace AttentionGen.Tests.Arm64;

/// <summary>Calls of one kernel against the float64 reference: a line each, with a hash of every output bit.</summary>
/// <param name="hooks">What the class declares as hooks, for the reference.</param>
/// <param name="sharedFrom">Rows from which a call that asks for two threads must have both; the kernel's predicate attends the meeting.</param>
internal sealed class Grid<T>(ReferenceHooks? hooks = null, int sharedFrom = int.MaxValue)
    where T : class, IAttentionKernel<T>
{
    private readonly AttentionWeights weights = AttentionWeights.Random(T.Shape, seed: 5);
    private OutputDigest digest = new();
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
            ValueInput = numbers.Floats(shape.IsCrossAttention ? allKeys * shape.ValueInputDim : 0),
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
        digest.Add(output, expected.Output);
        digest.Add(logSumExp, expected.LogSumExp);
        digest.Add(probabilities, expected.Probabilities);
    }

    private void Begin() => (digest, shared) = (new(), true);

    private bool End(string call) => digest.Print($"{typeof(T).Name} {call}", shared ? "" : ", one thread where two were allowed") & shared;
}
