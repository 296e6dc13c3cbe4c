using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.Bench.Workloads;
using AttentionGen.CompilerServices;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>Memory of a workload's real sizes, and the kernels that work on it: makes any call of a <see cref="CallList"/>.</summary>
internal sealed class KernelBuffers
{
    private const int Seed = 7;

    private readonly AttentionPlan _plan;
    private readonly AttentionShape _shape;
    private readonly KernelSet _kernels;
    private readonly PackedMatrix? _query;
    private readonly PackedMatrix? _key;
    private readonly PackedMatrix? _value;
    private readonly PackedMatrix? _output;
    private readonly AlignedMemory _input;
    private readonly AlignedMemory _source;
    private readonly AlignedMemory? _givenValues;
    private readonly AlignedMemory _outputRows;
    private readonly AlignedMemory _scratch;
    private readonly AlignedMemory _keyValues;
    private readonly AlignedMemory? _rotary;
    private readonly HeadNorm? _queryNorm;
    private readonly HeadNorm? _keyNorm;
    private readonly int _rows;
    private readonly float _queryFactor;
    // Whether heads are joined in scratch, not where the caller wants them.
    private readonly bool _joinsInScratch;
    private readonly nint _strip;
    // -1 where keys are laid out as they come.
    private readonly nint _keyStrip;
    private readonly nint _queries;
    private readonly nint _scores;
    private readonly nint _blockHeads;
    private readonly nint _panelStride;

    /// <summary>Makes buffers that hold the workload's data, and packs its weights; keys and values in a cache are random.</summary>
    public KernelBuffers(Workload workload, AttentionPlan plan, WorkloadData data)
    {
        AttentionWeights weights = data.Weights;
        _plan = plan;
        _shape = workload.Shape;
        _kernels = new KernelSet(workload.Kernel, plan);
        var random = new Random(Seed);
        int rows = workload.Batch * workload.Rows;
        _rows = workload.Rows;
        _input = Copy(data.Input);
        // As the generated constructor does it: without the scale, probabilities would become denormal numbers.
        double factor = _shape.Scale / Math.Log(2);
        if (_shape.QueryKeyNorm != QueryKeyNorm.None)
        {
            _queryNorm = new(_shape.QueryKeyNorm, weights.QueryNorm, weights.QueryNormBias, _shape.QueryKeyNormEpsilon, factor);
            _keyNorm = new(_shape.QueryKeyNorm, weights.KeyNorm, weights.KeyNormBias, _shape.QueryKeyNormEpsilon);
            factor = 1;
        }

        _queryFactor = (float)factor;
        if (_shape.HasProjections)
        {
            _query = PackedMatrix.Pack(weights.Query, weights.QueryBias, _shape.QueryDim, _shape.DModel, Interleaved(plan.InputProjection), factor);
            _key = PackedMatrix.Pack(weights.Key, weights.KeyBias, _shape.KeyDim, _shape.MemoryDim, Interleaved(plan.MemoryProjection));
            _value = PackedMatrix.Pack(weights.Value, weights.ValueBias, _shape.ValueDim, _shape.MemoryDim, Interleaved(plan.MemoryProjection));
            _output = PackedMatrix.Pack(weights.Output, weights.OutputBias, _shape.DModel, _shape.JoinedDim, Interleaved(plan.OutputProjection));
            _source = _shape.IsCrossAttention ? Copy(data.Memory) : _input;
            _outputRows = Allocate(random, (nint)rows * plan.OutputPanels * AttentionPlan.PanelWidth);
        }
        else
        {
            _source = Copy(data.Key);
            _givenValues = Copy(data.Value);
            _outputRows = Allocate(random, (nint)rows * _shape.JoinedDim);
        }

        _scratch = Allocate(random, plan.Scratch.Length);
        int capacity = AttentionPlan.RoundUp(workload.Keys);
        _keyValues = Allocate(random, (nint)_shape.KvHeads * capacity * (_shape.HeadDim + plan.ValueHeadDimPadded));
        _rotary = _shape.Rotary == RotaryKind.None ? null : RotaryTable.Get(_shape).Ensure(workload.Keys);
        _joinsInScratch = _shape.HasProjections || _shape.Layout == HeadLayout.HeadsRows;
        _strip = _joinsInScratch ? plan.Scratch["Strip"].Offset : 0;
        _keyStrip = _shape.HasProjections || !plan.Spec.ChangesKeys ? -1 : plan.Scratch["KeyStrip"].Offset;
        _queries = plan.Scratch["Queries"].Offset;
        _scores = plan.Scratch["Scores"].Offset;
        _blockHeads = plan.Scratch["BlockHeads"].Offset;
        _panelStride = (nint)capacity * AttentionPlan.PanelWidth;
        static int Interleaved(ProductPlan? product) => product!.InterleavedPanels;
    }

    public void Run(ReadOnlySpan<KernelCall> calls)
    {
        foreach (ref readonly KernelCall call in calls)
            Run(in call);
    }

    /// <summary>Makes the calls and adds what each took, in ticks of the stopwatch, to its part's place.</summary>
    public void Run(ReadOnlySpan<KernelCall> calls, Span<long> ticks)
    {
        long last = Stopwatch.GetTimestamp();
        foreach (ref readonly KernelCall call in calls)
        {
            Run(in call);
            long now = Stopwatch.GetTimestamp();
            ticks[(int)call.Part] += now - last;
            last = now;
        }
    }

    private static AlignedMemory Allocate(Random random, nint floats)
    {
        AlignedMemory memory = AlignedMemory.Allocate(floats);
        foreach (ref float value in MemoryMarshal.CreateSpan(ref memory.Reference, (int)floats))
            value = random.NextSingle() - 0.5f;
        return memory;
    }

    private static AlignedMemory Copy(float[] values)
    {
        AlignedMemory memory = AlignedMemory.Allocate(values.Length);
        values.CopyTo(MemoryMarshal.CreateSpan(ref memory.Reference, values.Length));
        return memory;
    }

    /// <summary>Floats from an output row to the next: projected rows are whole panels.</summary>
    public int OutputStride => _shape.HasProjections ? _plan.OutputPanels * AttentionPlan.PanelWidth : _shape.JoinedDim;

    /// <summary>What the calls have written.</summary>
    public ReadOnlySpan<float> Output => MemoryMarshal.CreateReadOnlySpan(ref _outputRows.Reference, (int)_outputRows.Length);

    private static ref float At(AlignedMemory memory, nint place) => ref Unsafe.Add(ref memory.Reference, place);

    private void Run(in KernelCall call)
    {
        ref float source = ref At(_scratch, call.Source);
        ref float target = ref At(_scratch, call.Target);
        ref float shared = ref At(_keyValues, call.Shared);
        switch (call.Part)
        {
            case Part.QueryProjection:
                Project(_kernels.InputProjection!, ref At(_input, call.Source), call.Rows, _query!, ref At(_scratch, _strip));
                break;
            case Part.KeyProjection:
                Project(_kernels.MemoryProjection!, ref At(_source, call.Source), call.Rows, _key!, ref At(_scratch, _strip));
                break;
            case Part.ValueProjection:
                Project(_kernels.MemoryProjection!, ref At(_source, call.Source), call.Rows, _value!, ref At(_scratch, _strip));
                break;
            case Part.OutputProjection:
                Project(_kernels.OutputProjection!, ref At(_scratch, _strip), call.Rows, _output!, ref At(_outputRows, call.Target));
                break;
            case Part.Scores:
                _kernels.Scores(ref source, call.Rows, ref shared, AttentionPlan.Panels(call.Columns), ref At(_scratch, _scores));
                break;
            case Part.Softmax when _kernels.CausalSoftmax is { } softmax:
                softmax(ref At(_scratch, _scores), call.Rows, call.Columns, call.First, call.Seen, ref target);
                break;
            case Part.Softmax:
                _kernels.Softmax!(ref At(_scratch, _scores), call.Rows, call.Columns, ref target);
                break;
            case Part.Merge:
                _kernels.Merge(ref target, call.Rows);
                break;
            case Part.Values:
                _kernels.Values(ref At(_scratch, _scores), call.Rows, call.Columns, ref shared, _panelStride, ref target);
                break;
            case Part.MergeHeads:
                _kernels.MergeHeads(ref source, ref At(_scratch, _blockHeads), call.Rows, ref target);
                break;
            case Part.JoinHeads when _kernels.CausalJoinHeads is { } join:
                join(ref source, ref target, call.Rows, call.First, call.Seen, ref Joined(in call));
                break;
            case Part.JoinHeads:
                _kernels.JoinHeads!(ref source, ref target, call.Rows, call.First, call.Seen, ref Joined(in call));
                break;
            case Part.Rotary when _shape.Rotary == RotaryKind.HalfSplit:
                RotaryEmbedding.ApplyHalfSplit(ref source, call.Stride, call.Rows, call.Columns, _shape.HeadDim, _shape.RotaryDim, ref _rotary!.Reference, call.First);
                break;
            case Part.Rotary:
                RotaryEmbedding.ApplyInterleaved(ref source, call.Stride, call.Rows, call.Columns, _shape.HeadDim, _shape.RotaryDim, ref _rotary!.Reference, call.First);
                break;
            case Part.QueryNorm:
                _queryNorm!.Apply(ref source, call.Stride, call.Rows, call.Columns);
                break;
            case Part.KeyNorm:
                _keyNorm!.Apply(ref source, call.Stride, call.Rows, call.Columns);
                break;
            case >= Part.QueryRows when !_shape.HasProjections:
                LayOut(in call, ref shared);
                break;
            default:
                ChangeLayout(in call, ref shared);
                break;
        }
    }

    private ref float Joined(in KernelCall call) =>
        ref _joinsInScratch ? ref At(_scratch, _strip) : ref At(_outputRows, call.Shared);

    /// <summary>What stands in place of the projections where there are none.</summary>
    private void LayOut(in KernelCall call, ref float shared)
    {
        bool rowsHeads = _shape.Layout == HeadLayout.RowsHeads;
        int headDim = _shape.HeadDim, keyStride = rowsHeads ? _shape.KeyDim : headDim;
        switch (call.Part)
        {
            case Part.QueryRows:
                int group = _shape.Heads / _shape.KvHeads;
                QueryRows.Gather(
                    ref At(_input, call.Source), rowsHeads ? _shape.QueryDim : headDim, rowsHeads ? headDim : (nint)_rows * headDim, call.Rows,
                    ref At(_scratch, _queries + ((nint)call.Columns * call.Rows * group * headDim)), group, headDim, _queryFactor);
                break;
            case Part.KeyStrip:
                StridedRows.Copy(ref At(_source, call.Source), keyStride, ref At(_scratch, _keyStrip), headDim, call.Rows, headDim);
                break;
            case Part.KeyPanels when _keyStrip >= 0:
                KeyPanels.Write(ref At(_scratch, _keyStrip), headDim, call.Rows, ref shared, call.First, headDim);
                break;
            case Part.KeyPanels:
                KeyPanels.Write(ref At(_source, call.Source), keyStride, call.Rows, ref shared, call.First, headDim);
                break;
            case Part.ValuePanels:
                nint valueStride = rowsHeads ? _shape.ValueDim : _shape.ValueHeadDim;
                ValuePanels.Write(ref At(_givenValues!, call.Source), valueStride, call.Rows, ref shared, _panelStride, call.First, _shape.ValueHeadDim);
                break;
            case Part.OutputHeads:
                WriteOutputHeads(in call);
                break;
        }
    }

    private void WriteOutputHeads(in KernelCall call)
    {
        int width = _shape.ValueHeadDim;
        for (int head = 0; head < _shape.Heads; head++)
        {
            nint target = ((((call.Seen * _shape.Heads) + head) * _rows) + call.First) * width;
            StridedRows.Copy(ref At(_scratch, _strip + (head * width)), _shape.JoinedDim, ref At(_outputRows, target), width, call.Rows, width);
        }
    }

    private void ChangeLayout(in KernelCall call, ref float shared)
    {
        ref float strip = ref At(_scratch, _strip + call.Source);
        nint queryStride = _plan.QueryPanels * AttentionPlan.PanelWidth;
        nint keyStride = _plan.KeyPanels * AttentionPlan.PanelWidth;
        nint headDim = _shape.HeadDim;
        switch (call.Part)
        {
            case Part.QueryRows:
                int group = _shape.Heads / _shape.KvHeads;
                QueryRows.Write(ref strip, queryStride, call.Rows, ref At(_scratch, _queries), call.Rows * group * headDim, _shape.KvHeads, group, headDim);
                break;
            case Part.KeyPanels:
                KeyPanels.Write(ref strip, keyStride, call.Rows, ref shared, call.First, headDim);
                break;
            case Part.ValuePanels:
                ValuePanels.Write(ref strip, _plan.ValuePanels * AttentionPlan.PanelWidth, call.Rows, ref shared, _panelStride, call.First, _shape.ValueHeadDim);
                break;
        }
    }

    private static void Project(KernelSet.ProductKernel kernel, ref float a, int rows, PackedMatrix weights, ref float c) =>
        kernel(ref a, rows, ref weights.Panels, ref weights.Bias, weights.PanelCount, ref c, weights.PanelCount * AttentionPlan.PanelWidth);
}
