namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>A stack or an attention block, run with or without a cache.</summary>
internal interface IModelPart
{
    /// <summary>Of its first layer.</summary>
    AttentionShape Shape { get; }

    /// <summary>Width of the rows that a cross-attention reads; 0 for none.</summary>
    int MemoryDim { get; }

    /// <summary>Whether a call says how many memory rows of each sequence there are.</summary>
    bool MemoryLengths { get; }

    /// <summary>Whether it decodes with a cache.</summary>
    bool HasCache => Shape.Causal;

    /// <summary>Makes an empty cache, and puts a memory into it if there is one.</summary>
    void Begin(int capacity, int batch, ReadOnlySpan<float> memory);

    /// <summary>Runs without the cache.</summary>
    void Forward(in AttentionArguments arguments);

    /// <summary>Runs with it.</summary>
    void Continue(in AttentionArguments arguments);
}

/// <summary>Makes parts of what was loaded.</summary>
internal static class ModelPart
{
    public static IModelPart Of(object loaded) => loaded switch
    {
        TransformerStack stack => new StackPart(stack),
        (AttentionShape shape, Func<float[], int[], int, float[]> forward) => new ComposedPart(shape, forward),
        _ => (IModelPart)Activator.CreateInstance(
            (IsLatent(loaded.GetType()) ? typeof(LatentPart<>) : typeof(BlockPart<>)).MakeGenericType(loaded.GetType()), loaded)!,
    };

    private static bool IsLatent(Type type) =>
        type.GetInterfaces().Any(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(ILatentAttention<>));
}

internal sealed class StackPart(TransformerStack stack) : IModelPart
{
    private TransformerStackCache? cache;

    public AttentionShape Shape => stack.GetShape(0).Attention;

    public int MemoryDim => stack.GetShape(0).MemoryDim;

    public bool MemoryLengths => stack.GetShape(0).MemoryLengths;

    public void Begin(int capacity, int batch, ReadOnlySpan<float> memory)
    {
        cache = memory.IsEmpty ? stack.CreateCache(capacity, batch) : stack.CreateCache(capacity, memory.Length / batch / MemoryDim, batch);
        if (!memory.IsEmpty)
            stack.ProjectMemory(memory, cache);
    }

    public void Forward(in AttentionArguments arguments) => stack.Forward(in arguments);

    public void Continue(in AttentionArguments arguments) => stack.Forward(in arguments, cache);
}

internal sealed class BlockPart<T>(T block) : IModelPart
    where T : class, IAttentionKernel<T>
{
    private AttentionCache? cache;

    public AttentionShape Shape => T.Shape;

    public int MemoryDim => 0;

    public bool MemoryLengths => false;

    public void Begin(int capacity, int batch, ReadOnlySpan<float> memory) => cache = block.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments) => block.Forward(in arguments);

    public void Continue(in AttentionArguments arguments) => block.Forward(arguments with { Cache = cache });
}

/// <summary>Expanded without a cache. With one, expanded where several rows come, and absorbed for one row.</summary>
internal sealed class LatentPart<T>(T block) : IModelPart
    where T : class, ILatentAttention<T>
{
    private AttentionCache? cache;

    public AttentionShape Shape { get; } = new()
    {
        Heads = T.Shape.Heads, KvHeads = T.Shape.Heads, HeadDim = T.Shape.HeadDim, DModel = T.Shape.DModel, MemoryDim = T.Shape.DModel,
        Scale = 1, Causal = true,
    };

    public int MemoryDim => 0;

    public bool MemoryLengths => false;

    public void Begin(int capacity, int batch, ReadOnlySpan<float> memory) => cache = block.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments) => Run(in arguments, null, LatentForm.Expanded);

    public void Continue(in AttentionArguments arguments) => Run(
        in arguments, cache, arguments.Input.Length / T.Shape.DModel > arguments.Batch ? LatentForm.Expanded : LatentForm.Absorbed);

    private void Run(in AttentionArguments arguments, AttentionCache? own, LatentForm form) => block.Forward(
        new LatentAttentionArguments { Input = arguments.Input, Output = arguments.Output, Batch = arguments.Batch, Cache = own, Form = form });
}

/// <summary>A layer of several classes.</summary>
/// <param name="shape">Of its attention.</param>
/// <param name="forward">Takes rows, the offsets of a ragged batch or nothing, and the number of sequences.</param>
internal sealed class ComposedPart(AttentionShape shape, Func<float[], int[], int, float[]> forward) : IModelPart
{
    public AttentionShape Shape => shape;

    public int MemoryDim => 0;

    public bool MemoryLengths => false;

    public bool HasCache => false;

    public void Begin(int capacity, int batch, ReadOnlySpan<float> memory) => throw new NotSupportedException();

    public void Forward(in AttentionArguments arguments) =>
        forward(arguments.Input.ToArray(), arguments.RowOffsets.ToArray(), arguments.Batch).CopyTo(arguments.Output);

    public void Continue(in AttentionArguments arguments) => throw new NotSupportedException();
}
