using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>One call of a kernel, or the calls that fill a cache, between guard pages.</summary>
/// <param name="Type">The kernel.</param>
/// <param name="Expected">What it gives in ordinary memory.</param>
/// <param name="Packs">Whether the weights are packed from between guard pages too.</param>
/// <param name="ChangesAll">Whether documents and positions change during the call too. Then any bits are right that come from inside the buffers.</param>
internal sealed record GuardedCase(
    IKernelType Type,
    AttentionCase Call,
    bool IsCached,
    int Threads,
    GuardSide Side,
    Lazy<AttentionResult> Expected,
    bool Packs,
    bool ChangesAll = false) : IGuardedCase
{
    private static readonly int[] Lengths = [1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 255, 256, 257];
    private static readonly int[] CachedLengths = [5, 33, 300];

    /// <summary>What decides addresses: the bits stay those of the numbers that the call has checked.</summary>
    private static readonly string[] OwnLengths = ["RowOffsets", "KeyOffsets", "KeyLengths", "KeyStarts", "PrefixLengths"];

    /// <summary>
    /// The grid of a shape: lengths around the edges of panels, lines and key blocks, one sequence and three, one thread and two, both sides.
    /// </summary>
    public static IEnumerable<GuardedCase> All(IKernelType type)
    {
        AttentionShape shape = type.Shape;
        AttentionWeights weights = AttentionWeights.Random(shape, seed: 7);
        IKernel ordinary = type.Create(weights);
        int[] rowCounts = shape.SequenceLength == 0 ? Lengths : [shape.SequenceLength];
        int call = 0;
        foreach (int rows in rowCounts)
        {
            foreach (int batch in rows > 100 ? (int[])[1 + (2 * (call % 2))] : [1, 3])
            {
                // Another number of keys each time, where keys are not rows.
                int keys = Lengths[(call++ * 5) % Lengths.Length];
                AttentionCase one = AttentionCase.Create(shape, batch, rows, keys, seed: call, weights);
                var expected = new Lazy<AttentionResult>(() => one.RunAll(ordinary));
                foreach (GuardSide side in Enum.GetValues<GuardSide>())
                {
                    foreach (int threads in rows > 100 ? (int[])[1 + ((call + (int)side) % SharedThreads.Most)] : [1, 2 + (call % (SharedThreads.Most - 1))])
                        yield return new(type, one, IsCached: false, threads, side, expected, Packs: call == 1 && threads == 1);
                    if (rows is 17 or 257 && (shape.Documents || shape.Positions))
                        yield return new(type, one, IsCached: false, Threads: 1 + (call % 2), side, expected, Packs: false, ChangesAll: true);
                }
            }
        }

        foreach (int length in shape.HasCache ? CachedLengths : [])
        {
            int rows = shape.SequenceLength == 0 ? length : shape.SequenceLength;
            AttentionCase whole = AttentionCase.Create(shape, rows > 100 ? 1 : 3, rows, shape.IsCrossAttention ? length : -1, seed: length, weights);
            var expected = new Lazy<AttentionResult>(() => Cached(whole, ordinary, 1, null));
            yield return new(type, whole, IsCached: true, Threads: 1, GuardSide.After, expected, Packs: false);
            yield return new(type, whole, IsCached: true, Threads: SharedThreads.Most, GuardSide.Before, expected, Packs: false);
        }
    }

    /// <summary>In half of all cases, which then do not see whether a call writes these inputs.</summary>
    public IReadOnlyCollection<string> Changing => ChangesAll ? [.. OwnLengths, "Documents", "Positions"] : Side == GuardSide.Before ? OwnLengths : [];

    public override string ToString() =>
        $"{(IsCached ? "through a cache, " : "")}{Call.Describe()}, {Threads} threads, guard "
            + $"{(Side == GuardSide.After ? "after" : "before")}{(ChangesAll ? ", all integers change" : "")}";

    public IEnumerable<float[]> Results()
    {
        AttentionResult result = Expected.Value;
        return [result.Output, result.Probabilities, result.Scores, result.LogSumExp];
    }

    public Action<GuardedMemory> Prepare()
    {
        AttentionResult expected = Expected.Value;
        return memory => Run(expected, memory);
    }

    private void Run(AttentionResult expected, GuardedMemory memory)
    {
        if (Packs)
            Pack(memory);
        IKernel kernel = Type.Create(Call.Weights);
        AttentionResult actual = IsCached ? Cached(Call, kernel, Threads, memory) : Forward(Call, kernel, null, Threads, memory);
        if (!ChangesAll)
            expected.AssertSameBits(actual, ToString());
    }

    private static AttentionResult Cached(AttentionCase call, IKernel kernel, int threads, GuardedMemory? memory)
    {
        AttentionCache cache = kernel.CreateCache(call.Shape.IsCrossAttention ? call.Keys : call.Rows, call.Batch);
        if (call.Shape.IsCrossAttention)
        {
            kernel.ProjectMemory(
                Place(call.Memory, "Memory", memory), Place(call.ValueInput, "ValueInput", memory), cache,
                Place(call.KeyOffsets, "KeyOffsets", memory), new() { MaxDegreeOfParallelism = threads });
            // The next call leases anew.
            if (memory is not null)
                AttentionScratch.Trim();
            return Forward(call.Projected, kernel, cache, threads, memory);
        }

        // A prefill of most rows, then one row after the other.
        var results = new List<AttentionResult>();
        int[] first = new int[call.Batch];
        foreach (int step in (int[])[call.Rows - 2, 1, 1])
        {
            int[] count = [.. first.Select((start, sequence) => Math.Min(step, call.RowsOf(sequence) - start))];
            results.Add(Forward(call.Chunk(first, count), kernel, cache, threads, memory));
            first = [.. first.Select((start, sequence) => start + count[sequence])];
        }

        return AttentionResult.Join([.. results]);
    }

    private static AttentionResult Forward(AttentionCase call, IKernel kernel, AttentionCache? cache, int threads, GuardedMemory? memory)
    {
        if (memory is null)
            return call.RunAll(kernel, threads, cache);
        var (outputs, probabilities, scores, logSumExps) = call.ResultLengths;
        Span<float> output = memory.Space(outputs, "Output"), probability = memory.Space(probabilities, "Probabilities");
        Span<float> score = memory.Space(scores, "Scores"), logSumExp = memory.Space(logSumExps, "LogSumExp");
        kernel.Forward((call with { Places = memory }).Arguments with
        {
            Output = output, Probabilities = probability, Scores = score, LogSumExp = logSumExp, Cache = cache,
            Options = new() { MaxDegreeOfParallelism = threads },
        });
        // The next call finds no scratch of this one.
        AttentionScratch.Trim();
        return new(output.ToArray(), probability.ToArray(), score.ToArray(), logSumExp.ToArray());
    }

    private static ReadOnlySpan<T> Place<T>(T[] values, string name, GuardedMemory? memory)
        where T : unmanaged => memory is null ? values : memory.Put(values, name);

    /// <summary>What a kernel's constructor reads of the weights, from spans between guard pages: it gets them as arrays.</summary>
    private void Pack(GuardedMemory memory)
    {
        AttentionShape shape = Call.Shape;
        AttentionWeights weights = Call.Weights;
        if (shape.HasProjections)
        {
            Matrix("Query", weights.Query, weights.QueryBias, shape.QueryDim, shape.DModel);
            Matrix("Key", weights.Key, weights.KeyBias, shape.KeyDim, shape.MemoryDim);
            Matrix("Value", weights.Value, weights.ValueBias, shape.ValueDim, shape.ValueSourceDim);
            if (shape.OutputProjection)
                Matrix("Output", weights.Output, weights.OutputBias, shape.DModel, shape.JoinedDim);
            if (shape.OutputGate)
                Matrix("Output gate", weights.OutputGate, weights.OutputGateBias, shape.JoinedDim, shape.DModel);
        }

        if (shape.QueryKeyNorm != QueryKeyNorm.None)
            _ = new HeadNorm(
                shape.QueryKeyNorm, Put(weights.QueryNorm, "Query norm"), Put(weights.QueryNormBias, "Query norm bias"), shape.QueryKeyNormEpsilon, 0.5,
                shape.QueryKeyNormScope == QueryKeyNormScope.Projection ? 0 : shape.HeadDim);
        if (shape.BiasKeyValue)
            _ = new AppendedKeys(shape, Put(weights.BiasKey, "Bias key"), Put(weights.BiasValue, "Bias value"));
        if (shape.RelativePositionBuckets > 0)
            _ = new DistanceBias(shape, Put(weights.RelativePositionBias, "Relative position bias")).Ensure(Call.Rows);
        AlignedMemory.CopyOf(Put(weights.Sinks, "Sinks"));

        // Single panels, and pairs where they may be.
        void Matrix(string name, ReadOnlySpan<float> matrix, ReadOnlySpan<float> bias, int outputs, int inputs)
        {
            for (int together = 1; together <= 2 && (outputs + 15) / 16 % together == 0; together++)
                PackedMatrix.Pack(Put(matrix, name + " weights"), Put(bias, name + " bias"), outputs, inputs, together);
        }

        ReadOnlySpan<float> Put(ReadOnlySpan<float> values, string name) => memory.Put(values.ToArray(), name);
    }
}
