using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Workloads;

/// <summary>One call that is measured: what is computed, of how many rows, and by whom.</summary>
internal abstract record Workload
{
    public required string Name { get; init; }

    /// <summary>Added to the seed of inputs and weights.</summary>
    public int Seed { get; init; }

    /// <summary>Our subject.</summary>
    public required Func<ISubject> CreateGenerated { get; init; }

    /// <summary>Whether the call has so few rows that reading weights and cache is the work.</summary>
    public abstract bool IsBoundByReading { get; }

    /// <summary>Bytes that no implementation can do without reading once: weights, and keys and values that are in the cache afterwards.</summary>
    public abstract long RequiredBytes { get; }

    /// <summary>
    /// Floating-point operations that no implementation can do without: those of products. Padding and masked scores do not count, nor do softmax, norms
    /// and activations.
    /// </summary>
    public abstract double UsefulOperations { get; }

    /// <summary>Sentences of a call of a model; 0 for a part of a model.</summary>
    public virtual int Sentences => 0;

    /// <summary>Tokens of a call of a model, without padding; 0 for a part of a model.</summary>
    public virtual int Tokens => 0;

    /// <summary>How far an output may differ from the reference, as a part of the largest expected value.</summary>
    public virtual double Tolerance => 1e-4;

    /// <summary>What a reader of the figures must know, or null.</summary>
    public virtual string? Note => null;

    /// <summary>The other subjects that can do this, in every form that they have.</summary>
    public abstract IEnumerable<ISubject> CreatePeers();

    /// <summary>Inputs, weights and what must come out.</summary>
    public abstract WorkloadData CreateData();
}
