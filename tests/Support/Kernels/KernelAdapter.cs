namespace AttentionGen.Tests.Support;

/// <summary>A generated class, seen through the static members of <see cref="IAttentionKernel{TSelf}"/>.</summary>
internal interface IKernelType
{
    AttentionShape Shape { get; }

    bool IsAccelerated { get; }

    string Plan { get; }

    IKernel Create(AttentionWeights weights);

    long GetScratchBytes(int batch, int rows, int keys, int threads = 1);
}

/// <summary>What kernels and layers have in common.</summary>
internal interface IRunnable
{
    AttentionCache CreateCache(int capacity, int batch = 1);

    void Forward(in AttentionArguments arguments);
}

/// <summary>An object of a generated class.</summary>
internal interface IKernel : IRunnable
{
    IKernelType Type { get; }

    /// <summary>The kernel as what can be trained; only where its shape declares gradients.</summary>
    ITrainable<AttentionWeights> Trainable { get; }

    /// <summary>Puts the keys and values of a memory into a cache; cross-attention only.</summary>
    void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options);

    /// <summary>The same where values may have an input of their own, which is empty where they have none.</summary>
    void ProjectMemory(
        ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options);

    /// <summary>The same with default options.</summary>
    sealed void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, params ReadOnlySpan<int> memoryOffsets) =>
        ProjectMemory(memory, cache, memoryOffsets, default);
}

/// <summary>Makes <typeparamref name="T"/> usable without naming it.</summary>
internal sealed class KernelAdapter<T> : IKernelType
    where T : class, IAttentionKernel<T>
{
    public AttentionShape Shape => T.Shape;

    public bool IsAccelerated => T.IsAccelerated;

    public string Plan => T.Plan;

    public IKernel Create(AttentionWeights weights) => new Instance(this, T.Create(weights));

    public long GetScratchBytes(int batch, int rows, int keys, int threads) => T.GetScratchBytes(batch, rows, keys, threads);

    private sealed class Instance(IKernelType type, T kernel) : IKernel
    {
        public IKernelType Type => type;

        public ITrainable<AttentionWeights> Trainable =>
            kernel as ITrainable<AttentionWeights> ?? throw new NotSupportedException($"{typeof(T).Name} has no gradients.");

        public AttentionCache CreateCache(int capacity, int batch) => kernel.CreateCache(capacity, batch);

        public void Forward(in AttentionArguments arguments) => kernel.Forward(arguments);

        public void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            Cross.ProjectMemory(memory, cache, memoryOffsets, in options);

        public void ProjectMemory(
            ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            Cross.ProjectMemory(memory, valueInput, cache, memoryOffsets, in options);

        private ICrossAttention Cross => kernel as ICrossAttention ?? throw new NotSupportedException($"{typeof(T).Name} has no ProjectMemory.");
    }
}
