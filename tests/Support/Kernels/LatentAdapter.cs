namespace AttentionGen.Tests.Support;

/// <summary>A generated class of latent attention, seen through the static members of <see cref="ILatentAttention{TSelf}"/>.</summary>
internal interface ILatentType
{
    LatentAttentionShape Shape { get; }

    string Plan { get; }

    ILatentObject Create(LatentAttentionWeights weights);

    long GetScratchBytes(int batch, int rows, int keys, LatentForm form);
}

/// <summary>An object of a generated class of latent attention.</summary>
internal interface ILatentObject
{
    AttentionCache CreateCache(int capacity, int batch = 1);

    void Forward(in LatentAttentionArguments arguments);
}

/// <summary>Makes <typeparamref name="T"/> usable without naming it.</summary>
internal sealed class LatentAdapter<T> : ILatentType
    where T : class, ILatentAttention<T>
{
    public LatentAttentionShape Shape => T.Shape;

    public string Plan => T.Plan;

    public ILatentObject Create(LatentAttentionWeights weights) => new Instance(T.Create(weights));

    public long GetScratchBytes(int batch, int rows, int keys, LatentForm form) => T.GetScratchBytes(batch, rows, keys, form);

    private sealed class Instance(T block) : ILatentObject
    {
        public AttentionCache CreateCache(int capacity, int batch) => block.CreateCache(capacity, batch);

        public void Forward(in LatentAttentionArguments arguments) => block.Forward(in arguments);
    }
}
