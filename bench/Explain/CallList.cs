using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>
/// The calls that one forward of a workload makes on one thread, in its order and with its places, as the generated path
/// makes them. If the path changes and this does not, the calls give other bits than the forward, and <c>explain</c> says so.
/// </summary>
internal sealed class CallList
{
    private readonly Workload _workload;
    private readonly AttentionPlan _plan;
    private readonly AttentionShape _shape;
    private readonly List<KernelCall> _calls = [];

    private CallList(Workload workload, AttentionPlan plan)
    {
        _workload = workload;
        _plan = plan;
        _shape = workload.Shape;
        KeyCapacity = AttentionPlan.RoundUp(workload.Keys);
    }

    /// <summary>Keys that the panels have room for.</summary>
    private int KeyCapacity { get; }

    private int Group => _shape.Heads / _shape.KvHeads;

    public static KernelCall[] Create(Workload workload, AttentionPlan plan)
    {
        var list = new CallList(workload, plan);
        for (int sequence = 0; sequence < workload.Batch; sequence++)
            list.AddSequence(sequence);
        return [.. list._calls];
    }

    private void AddSequence(int sequence)
    {
        int visible = _workload.KeyLengths.Length == 0 ? _workload.Keys : _workload.KeyLengths[sequence];
        int cached = _workload.CachedRows;
        int newKeys = _workload.UsesCache ? _workload.Rows : visible;
        int sourceRows = _shape.IsCrossAttention ? _workload.MemoryRows : _workload.Rows;
        if (!_shape.HasProjections)
            AddKeysAndValuesAsGiven(newKeys, sequence, cached);
        for (int row = 0; row < newKeys && _shape.HasProjections; row += _plan.RowBlock)
            AddKeysAndValues(Math.Min(_plan.RowBlock, newKeys - row), (nint)(sequence * sourceRows + row) * _shape.MemoryDim, cached + row);

        int rows = _shape.SkipPadding || _shape.Ragged ? _workload.UsefulRows(sequence) : _workload.Rows;
        int blocks = (rows + _plan.RowBlock - 1) / _plan.RowBlock;
        int even = ((rows + blocks - 1) / blocks + AttentionPlan.QueryBlock - 1) / AttentionPlan.QueryBlock * AttentionPlan.QueryBlock;
        int step = blocks <= 1 ? _plan.RowBlock : Math.Min(_plan.RowBlock, even);
        int alignment = _shape.Causal && !_workload.UsesCache && _shape.CausalAlignment == CausalAlignment.BottomRight ? _workload.Keys - rows : 0;
        for (int row = 0; row < rows; row += step)
        {
            int count = Math.Min(step, rows - row);
            nint first = sequence * _workload.Rows + row;
            if (_shape.HasProjections)
                AddQueries(count, first, cached + row);
            else
                AddQueriesAsGiven(count, sequence, row, cached + row);
            for (int head = 0; head < _shape.KvHeads; head++)
            {
                for (int query = 0; query < count * Group; query += AttentionPlan.QueryRun)
                    AddAttention(head, query, Math.Min(AttentionPlan.QueryRun, count * Group - query), count, visible, cached + row + alignment, first);
            }
            if (!_shape.HasProjections && _shape.Layout == HeadLayout.HeadsRows)
                Add(new(Part.OutputHeads, count, First: row, Seen: sequence));
            if (_shape.HasProjections)
                Add(new(Part.OutputProjection, count, Target: first * _plan.OutputPanels * AttentionPlan.PanelWidth));
        }
    }

    private void AddQueries(int count, nint first, int position)
    {
        Add(new(Part.QueryProjection, count, Source: first * _shape.DModel));
        AddChange(Part.QueryNorm, count, _shape.Heads, Place("Strip"), _plan.QueryPanels * AttentionPlan.PanelWidth, position);
        Add(new(Part.QueryRows, count));
    }

    /// <summary>Each KV head's queries are gathered by themselves.</summary>
    private void AddQueriesAsGiven(int count, int sequence, int row, int position)
    {
        nint width = (nint)Group * _shape.HeadDim;
        for (int head = 0; head < _shape.KvHeads; head++)
        {
            Add(new(Part.QueryRows, count, head, Source: Given(sequence, _workload.Rows, row, _shape.Heads, head * Group, _shape.HeadDim)));
            AddChange(Part.QueryNorm, count, Group, Place("Queries") + (head * count * width), width, position);
        }
    }

    /// <summary>Keys and values that are laid out as they are given, head by head.</summary>
    private void AddKeysAndValuesAsGiven(int rows, int sequence, int firstKey)
    {
        bool changes = _shape.QueryKeyNorm != QueryKeyNorm.None || _shape.Rotary != RotaryKind.None;
        for (int head = 0; head < _shape.KvHeads; head++)
        {
            nint keys = Given(sequence, _workload.Rows, 0, _shape.KvHeads, head, _shape.HeadDim);
            if (!changes)
                Add(new(Part.KeyPanels, rows, Source: keys, Shared: KeyHead(head), First: firstKey));
            for (int row = 0; row < rows && changes; row += _plan.RowBlock)
            {
                int count = Math.Min(_plan.RowBlock, rows - row);
                Add(new(Part.KeyStrip, count, Source: keys + ((nint)row * (_shape.Layout == HeadLayout.RowsHeads ? _shape.KeyDim : _shape.HeadDim))));
                AddChange(Part.KeyNorm, count, 1, Place("KeyStrip"), _shape.HeadDim, firstKey + row);
                Add(new(Part.KeyPanels, count, Shared: KeyHead(head), First: firstKey + row));
            }

            nint values = Given(sequence, _workload.Rows, 0, _shape.KvHeads, head, _shape.ValueHeadDim);
            Add(new(Part.ValuePanels, rows, Source: values, Shared: ValueHead(head), First: firstKey));
        }
    }

    /// <summary>Where a row of a head lies in the caller's layout.</summary>
    private nint Given(int sequence, int rows, int row, int heads, int head, int width) => _shape.Layout == HeadLayout.RowsHeads
        ? ((((nint)sequence * rows) + row) * heads * width) + ((nint)head * width)
        : (((((nint)sequence * heads) + head) * rows) + row) * width;

    private void AddKeysAndValues(int rows, nint source, int firstKey)
    {
        Add(new(Part.KeyProjection, rows, Source: source));
        AddChange(Part.KeyNorm, rows, _shape.KvHeads, Place("Strip"), _plan.KeyPanels * AttentionPlan.PanelWidth, firstKey);
        for (int head = 0; head < _shape.KvHeads; head++)
            Add(new(Part.KeyPanels, rows, Source: head * _shape.HeadDim, Shared: KeyHead(head), First: firstKey));
        Add(new(Part.ValueProjection, rows, Source: source));
        for (int head = 0; head < _shape.KvHeads; head++)
            Add(new(Part.ValuePanels, rows, Source: head * _shape.ValueHeadDim, Shared: ValueHead(head), First: firstKey));
    }

    /// <summary>What is done to heads before they are laid out: normalisation and rotary embedding, in place.</summary>
    private void AddChange(Part norm, int rows, int heads, nint place, nint stride, int position)
    {
        if (_shape.QueryKeyNorm != QueryKeyNorm.None)
            Add(new(norm, rows, heads, Source: place, Stride: stride));
        if (_shape.Rotary != RotaryKind.None)
            Add(new(Part.Rotary, rows, heads, Source: place, First: position, Stride: stride));
    }

    private void AddAttention(int head, int first, int count, int blockRows, int visible, int offset, nint blockRow)
    {
        int most = _shape.Causal ? Math.Min(visible, (first + count - 1) / Group + offset + 1) : visible;
        nint headQueries = Place("Queries") + (nint)head * blockRows * Group * _shape.HeadDim;
        for (int key = 0; key < most; key += AttentionPlan.KeyBlock)
        {
            for (int row = 0; row < count; row += AttentionPlan.QueryBlock)
            {
                int rows = Math.Min(AttentionPlan.QueryBlock, count - row);
                int seen = _shape.Causal ? Math.Min(visible, (first + row + rows - 1) / Group + offset + 1) : visible;
                int columns = Math.Min(AttentionPlan.KeyBlock, seen - key);
                if (columns <= 0)
                    continue;
                (nint heads, nint state) = RunningState(row);
                Add(new(Part.Scores, rows, columns, headQueries + (nint)(first + row) * _shape.HeadDim, KeyHead(head) + (nint)key * _shape.HeadDim));
                nint blockState = key == 0 ? state : state + BlockStateOffset;
                Add(new(Part.Softmax, rows, columns, Target: blockState, First: first + row, Seen: offset + 1 - key));
                if (key > 0)
                    Add(new(Part.Merge, rows, Target: state));
                nint values = ValueHead(head) + (nint)key * AttentionPlan.PanelWidth;
                Add(new(Part.Values, rows, columns, Shared: values, Target: key == 0 ? heads : Place("BlockHeads")));
                if (key > 0)
                    Add(new(Part.MergeHeads, rows, Source: heads, Target: state));
            }
        }
        for (int row = 0; row < count; row += AttentionPlan.QueryBlock)
        {
            (nint heads, nint state) = RunningState(row);
            nint joined = _shape.HasProjections ? 0 : blockRow * _shape.JoinedDim;
            Add(new(Part.JoinHeads, Math.Min(AttentionPlan.QueryBlock, count - row), Source: heads, Shared: joined, Target: state, First: first + row, Seen: head));
        }
    }

    /// <summary>A block's maxima and sums lie behind the running ones of up to 32 rows.</summary>
    private const int BlockStateOffset = 64;

    private (nint Heads, nint State) RunningState(int row) =>
        (Place("Heads") + (nint)row * _plan.ValueHeadDimPadded, Place("Softmax") + (nint)row * (ScratchLayout.SoftmaxFloats / AttentionPlan.QueryBlock));

    private nint KeyHead(int head) => (nint)head * KeyCapacity * _shape.HeadDim;

    private nint ValueHead(int head) => (nint)_shape.KvHeads * KeyCapacity * _shape.HeadDim + (nint)head * KeyCapacity * _plan.ValueHeadDimPadded;

    private nint Place(string slice) => _plan.Scratch[slice].Offset;

    private void Add(KernelCall call) => _calls.Add(call);
}
