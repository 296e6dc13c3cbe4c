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
    private readonly nint _strip;
    private readonly nint _queries;
    private readonly nint _scores;
    private readonly nint _blockHeads;
    private readonly nint _panelStride;

    public KernelBuffers(Workload workload, AttentionPlan plan, AttentionWeights weights)
    {
        _plan = plan;
        _shape = workload.Shape;
        _kernels = new KernelSet(workload.Kernel, plan);
        var random = new Random(Seed);
        int rows = workload.Batch * workload.Rows;
        _input = Allocate(random, (nint)rows * _shape.InputDim);
        if (_shape.HasProjections)
        {
            // As the generated constructor does it: without the scale, probabilities would become denormal numbers.
            _query = PackedMatrix.Pack(weights.Query, weights.QueryBias, _shape.QueryDim, _shape.DModel, Together(_shape.DModel), _shape.Scale / Math.Log(2));
            _key = PackedMatrix.Pack(weights.Key, weights.KeyBias, _shape.KeyDim, _shape.MemoryDim, Together(_shape.MemoryDim));
            _value = PackedMatrix.Pack(weights.Value, weights.ValueBias, _shape.ValueDim, _shape.MemoryDim, Together(_shape.MemoryDim));
            _output = PackedMatrix.Pack(weights.Output, weights.OutputBias, _shape.DModel, _shape.JoinedDim, Together(_shape.JoinedDim));
            _source = _shape.IsCrossAttention ? Allocate(random, (nint)workload.Batch * workload.MemoryRows * _shape.MemoryDim) : _input;
            _outputRows = Allocate(random, (nint)rows * plan.OutputPanels * AttentionPlan.PanelWidth);
        }
        else
        {
            _source = Allocate(random, (nint)rows * _shape.KeyDim);
            _givenValues = Allocate(random, (nint)rows * _shape.ValueDim);
            _outputRows = Allocate(random, (nint)rows * _shape.JoinedDim);
        }

        _scratch = Allocate(random, plan.Scratch.Length);
        int capacity = AttentionPlan.RoundUp(workload.Keys);
        _keyValues = Allocate(random, (nint)_shape.KvHeads * capacity * (_shape.HeadDim + plan.ValueHeadDimPadded));
        _rotary = _shape.Rotary == RotaryKind.None ? null : RotaryTable.Get(_shape.RotaryDim, _shape.RotaryBase).Ensure(workload.Keys);
        // Without projections heads are joined where the caller wants them.
        _strip = _shape.HasProjections ? plan.Scratch["Strip"].Offset : 0;
        _queries = plan.Scratch["Queries"].Offset;
        _scores = plan.Scratch["Scores"].Offset;
        _blockHeads = plan.Scratch["BlockHeads"].Offset;
        _panelStride = (nint)capacity * AttentionPlan.PanelWidth;
        int Together(int depth) => plan.Projection(depth).PanelsTogether;
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
            case Part.QueryRows or Part.KeyPanels or Part.ValuePanels when !_shape.HasProjections:
                LayOut(in call, ref shared);
                break;
            default:
                ChangeLayout(in call, ref shared);
                break;
        }
    }

    private ref float Joined(in KernelCall call) =>
        ref _shape.HasProjections ? ref At(_scratch, _strip) : ref At(_outputRows, call.Shared);

    /// <summary>What stands in place of the projections where there are none.</summary>
    private void LayOut(in KernelCall call, ref float shared)
    {
        switch (call.Part)
        {
            case Part.QueryRows:
                int group = _shape.Heads / _shape.KvHeads;
                nint width = (nint)group * _shape.HeadDim, head = call.Columns;
                QueryRows.Gather(
                    ref At(_input, call.Source + (head * width)), _shape.QueryDim, _shape.HeadDim, call.Rows,
                    ref At(_scratch, _queries + (head * call.Rows * width)), group, _shape.HeadDim, (float)(_shape.Scale / Math.Log(2)));
                break;
            case Part.KeyPanels:
                KeyPanels.Write(ref At(_source, call.Source), _shape.KeyDim, call.Rows, ref shared, call.First, _shape.HeadDim);
                break;
            default:
                ValuePanels.Write(ref At(_givenValues!, call.Source), _shape.ValueDim, call.Rows, ref shared, _panelStride, call.First, _shape.ValueHeadDim);
                break;
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
            case Part.Rotary when _shape.Rotary == RotaryKind.HalfSplit:
                RotaryEmbedding.ApplyHalfSplit(ref strip, RotaryStride(call.Columns), call.Rows, call.Columns, headDim, _shape.RotaryDim, ref _rotary!.Reference, call.First);
                break;
            case Part.Rotary:
                RotaryEmbedding.ApplyInterleaved(ref strip, RotaryStride(call.Columns), call.Rows, call.Columns, headDim, _shape.RotaryDim, ref _rotary!.Reference, call.First);
                break;
            case Part.QueryRows:
                int group = _shape.Heads / _shape.KvHeads;
                QueryRows.Write(ref strip, queryStride, call.Rows, ref At(_scratch, _queries), call.Rows * group * headDim, _shape.KvHeads, group, headDim);
                break;
            case Part.KeyPanels:
                KeyPanels.Write(ref strip, keyStride, call.Rows, ref shared, call.First, headDim);
                break;
            case Part.ValuePanels:
                ValuePanels.Write(ref strip, keyStride, call.Rows, ref shared, _panelStride, call.First, headDim);
                break;
        }

        nint RotaryStride(int heads) => heads == _shape.Heads ? queryStride : keyStride;
    }

    private static void Project(KernelSet.ProductKernel kernel, ref float a, int rows, PackedMatrix weights, ref float c) =>
        kernel(ref a, rows, ref weights.Panels, ref weights.Bias, weights.PanelCount, ref c, weights.PanelCount * AttentionPlan.PanelWidth);
}
