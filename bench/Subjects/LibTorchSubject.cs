using AttentionGen.Bench.Workloads;
using TorchSharp;
using static TorchSharp.torch;

namespace AttentionGen.Bench.Subjects;

/// <summary>
/// libtorch through TorchSharp: one linear for queries, keys and values where they share a source, the fused scaled dot-product attention, and a linear.
/// </summary>
internal sealed class LibTorchSubject : Subject<AttentionData>
{
    private readonly List<Tensor> owned = [];
    private AttentionShape? shape;
    private Tensor? input;
    private Tensor? memory;
    private Tensor? weight;
    private Tensor? bias;
    private Tensor? memoryWeight;
    private Tensor? memoryBias;
    private Tensor? outputWeight;
    private Tensor? outputBias;
    private Tensor? mask;
    private Tensor? output;

    public override string Name => "libtorch";

    public override ReadOnlySpan<float> Output => output!.data<float>().ToArray();

    /// <summary>Caches, rotary embedding and grouped heads are left to the program that uses libtorch.</summary>
    public static bool Supports(AttentionWorkload workload)
    {
        AttentionShape shape = workload.Shape;
        return !workload.UsesCache && shape.Rotary == RotaryKind.None && shape.KvHeads == shape.Heads && shape.CausalAlignment == CausalAlignment.TopLeft
            && shape is { QueryBias: true, KeyBias: true, ValueBias: true } && Math.Abs(shape.Scale * Math.Sqrt(shape.HeadDim) - 1) < 1e-6;
    }

    public override void Run()
    {
        output?.Dispose();
        using DisposeScope scope = NewDisposeScope();
        using var inference = inference_mode();
        Tensor projected = nn.functional.linear(input!, weight!, bias);
        Tensor[] parts = memory is null
            ? projected.chunk(3, -1)
            : [projected, .. nn.functional.linear(memory, memoryWeight!, memoryBias).chunk(2, -1)];
        Tensor heads = nn.functional.scaled_dot_product_attention(Heads(parts[0]), Heads(parts[1]), Heads(parts[2]), mask, is_casual: shape!.Causal);
        Tensor joined = heads.transpose(1, 2).flatten(2);
        output = nn.functional.linear(joined, outputWeight!, outputBias).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        output?.Dispose();
        foreach (Tensor tensor in owned)
            tensor.Dispose();
    }

    protected override void PrepareFor(AttentionData data, int threads)
    {
        AttentionWorkload workload = data.Workload;
        AttentionWeights weights = data.Weights;
        AttentionShape shape = this.shape = workload.Shape;
        set_num_threads(threads);
        input = Copy(data.Input, workload.Batch, workload.Rows, shape.DModel);
        if (shape.IsCrossAttention)
        {
            memory = Copy(data.Memory, workload.Batch, workload.MemoryRows, shape.MemoryDim);
            weight = Copy(weights.Query, shape.QueryDim, shape.DModel);
            bias = Copy(weights.QueryBias, shape.QueryDim);
            memoryWeight = Copy([.. weights.Key, .. weights.Value], 2 * shape.KeyDim, shape.MemoryDim);
            memoryBias = Copy([.. weights.KeyBias, .. weights.ValueBias], 2 * shape.KeyDim);
        }
        else
        {
            weight = Copy([.. weights.Query, .. weights.Key, .. weights.Value], 3 * shape.QueryDim, shape.DModel);
            bias = Copy([.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim);
        }
        outputWeight = Copy(weights.Output, shape.DModel, shape.QueryDim);
        outputBias = shape.OutputBias ? Copy(weights.OutputBias, shape.DModel) : null;
        if (workload.KeyLengths.Length > 0)
        {
            var mask = new float[workload.Batch * workload.Keys];
            for (int i = 0; i < mask.Length; i++)
                mask[i] = i % workload.Keys < workload.KeyLengths[i / workload.Keys] ? 0 : float.NegativeInfinity;
            this.mask = Copy(mask, workload.Batch, 1, 1, workload.Keys);
        }
    }

    private Tensor Heads(Tensor rows) => rows.unflatten(2, shape!.Heads, shape.HeadDim).transpose(1, 2);

    private Tensor Copy(ReadOnlySpan<float> values, params long[] dimensions)
    {
        Tensor copy = tensor(values.ToArray(), dimensions);
        owned.Add(copy);
        return copy;
    }
}
