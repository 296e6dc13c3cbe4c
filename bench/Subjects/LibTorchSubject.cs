using AttentionGen.Bench.Workloads;
using TorchSharp;
using static TorchSharp.torch;

namespace AttentionGen.Bench.Subjects;

/// <summary>libtorch through TorchSharp: one linear for queries, keys and values where they share a source, the fused scaled dot-product attention, and a linear.</summary>
internal sealed class LibTorchSubject : ISubject
{
    private readonly List<Tensor> _owned = [];
    private AttentionShape? _shape;
    private Tensor? _input;
    private Tensor? _memory;
    private Tensor? _weight;
    private Tensor? _bias;
    private Tensor? _memoryWeight;
    private Tensor? _memoryBias;
    private Tensor? _outputWeight;
    private Tensor? _outputBias;
    private Tensor? _mask;
    private Tensor? _output;

    public string Name => "libtorch";

    public string Form => "";

    public ReadOnlySpan<float> Output => _output!.data<float>().ToArray();

    /// <summary>Caches, rotary embedding and grouped heads are left to the program that uses libtorch.</summary>
    public bool Supports(Workload workload)
    {
        AttentionShape shape = workload.Shape;
        return !workload.UsesCache && shape.Rotary == RotaryKind.None && shape.KvHeads == shape.Heads && shape.CausalAlignment == CausalAlignment.TopLeft
            && shape is { QueryBias: true, KeyBias: true, ValueBias: true } && Math.Abs(shape.Scale * Math.Sqrt(shape.HeadDim) - 1) < 1e-6;
    }

    public void Prepare(WorkloadData data, int threads)
    {
        Workload workload = data.Workload;
        AttentionWeights weights = data.Weights;
        AttentionShape shape = _shape = workload.Shape;
        set_num_threads(threads);
        _input = Copy(data.Input, workload.Batch, workload.Rows, shape.DModel);
        if (shape.IsCrossAttention)
        {
            _memory = Copy(data.Memory, workload.Batch, workload.MemoryRows, shape.MemoryDim);
            _weight = Copy(weights.Query, shape.QueryDim, shape.DModel);
            _bias = Copy(weights.QueryBias, shape.QueryDim);
            _memoryWeight = Copy([.. weights.Key, .. weights.Value], 2 * shape.KeyDim, shape.MemoryDim);
            _memoryBias = Copy([.. weights.KeyBias, .. weights.ValueBias], 2 * shape.KeyDim);
        }
        else
        {
            _weight = Copy([.. weights.Query, .. weights.Key, .. weights.Value], 3 * shape.QueryDim, shape.DModel);
            _bias = Copy([.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim);
        }
        _outputWeight = Copy(weights.Output, shape.DModel, shape.QueryDim);
        _outputBias = shape.OutputBias ? Copy(weights.OutputBias, shape.DModel) : null;
        if (workload.KeyLengths.Length > 0)
        {
            var mask = new float[workload.Batch * workload.Keys];
            for (int i = 0; i < mask.Length; i++)
                mask[i] = i % workload.Keys < workload.KeyLengths[i / workload.Keys] ? 0 : float.NegativeInfinity;
            _mask = Copy(mask, workload.Batch, 1, 1, workload.Keys);
        }
    }

    public void Run()
    {
        _output?.Dispose();
        using DisposeScope scope = NewDisposeScope();
        using var inference = inference_mode();
        Tensor projected = nn.functional.linear(_input!, _weight!, _bias);
        Tensor[] parts = _memory is null
            ? projected.chunk(3, -1)
            : [projected, .. nn.functional.linear(_memory, _memoryWeight!, _memoryBias).chunk(2, -1)];
        Tensor heads = nn.functional.scaled_dot_product_attention(Heads(parts[0]), Heads(parts[1]), Heads(parts[2]), _mask, is_casual: _shape!.Causal);
        Tensor joined = heads.transpose(1, 2).flatten(2);
        _output = nn.functional.linear(joined, _outputWeight!, _outputBias).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _output?.Dispose();
        foreach (Tensor tensor in _owned)
            tensor.Dispose();
    }

    private Tensor Heads(Tensor rows) => rows.unflatten(2, _shape!.Heads, _shape.HeadDim).transpose(1, 2);

    private Tensor Copy(ReadOnlySpan<float> values, params long[] dimensions)
    {
        Tensor copy = tensor(values.ToArray(), dimensions);
        _owned.Add(copy);
        return copy;
    }
}
