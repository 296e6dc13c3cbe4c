using AttentionGen.CompilerServices;
using static AttentionGen.Bench.Explain.KernelTimes;

namespace AttentionGen.Bench.Explain;

/// <summary>A class's kernels, each of which tells when it begins and ends.</summary>
internal readonly struct TimedKernels<TKernels> : IAttentionKernels
    where TKernels : struct, IAttentionKernels
{
    public static bool PinsRows => TKernels.PinsRows;

    public static void ProjectInput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectInput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.InputProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void ProjectMemory(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectMemory(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.MemoryProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void ProjectValueInput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectValueInput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.ValueInputProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void ProjectOutput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectOutput(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.OutputProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void ProjectUp(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectUp(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.UpProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void ProjectDown(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.ProjectDown(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.DownProjection, rows, panels: panels, shared: Place(ref weights));
    }

    public static void Scores(ref float queries, nint rows, ref float keys, nint panels, ref float scores)
    {
        Begin();
        TKernels.Scores(ref queries, rows, ref keys, panels, ref scores);
        End(Part.Scores, rows, panels: panels, shared: Place(ref keys));
    }

    public static void Softmax(ref float scores, nint rows, nint columns, ref float state)
    {
        Begin();
        TKernels.Softmax(ref scores, rows, columns, ref state);
        End(Part.Softmax, rows, columns);
    }

    public static void CausalSoftmax(ref float scores, nint rows, nint columns, nint first, nint seen, ref float state)
    {
        Begin();
        TKernels.CausalSoftmax(ref scores, rows, columns, first, seen, ref state);
        End(Part.Softmax, rows, columns);
    }

    public static void RangeSoftmax(ref float scores, nint rows, nint from, nint columns, nint key, ref int ranges, ref float state)
    {
        Begin();
        TKernels.RangeSoftmax(ref scores, rows, from, columns, key, ref ranges, ref state);
        End(Part.Softmax, rows, columns - from);
    }

    public static void Merge(ref float softmax, nint rows)
    {
        Begin();
        TKernels.Merge(ref softmax, rows);
        End(Part.Merge, rows);
    }

    public static void Values(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, ref float heads)
    {
        Begin();
        TKernels.Values(ref probabilities, rows, keys, ref values, panelStride, ref heads);
        End(Part.Values, rows, keys, shared: Place(ref values));
    }

    public static void MergeHeads(ref float heads, ref float blockHeads, nint rows, ref float softmax)
    {
        Begin();
        TKernels.MergeHeads(ref heads, ref blockHeads, rows, ref softmax);
        End(Part.MergeHeads, rows);
    }

    public static bool JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined)
    {
        Begin();
        bool anyNaN = TKernels.JoinHeads(ref heads, ref softmax, count, first, head, ref joined);
        End(Part.JoinHeads, count);
        return anyNaN;
    }

    public static void Modify(
        ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float maskLine,
        in AttendContext context)
    {
        Begin();
        TKernels.Modify(ref scores, rows, from, columns, head, first, key, firstRow, ref ranges, ref maskLine, in context);
        End(Part.Modify, rows, columns - from);
    }

    public static void Cap(ref float scores, nint rows, nint columns)
    {
        Begin();
        TKernels.Cap(ref scores, rows, columns);
        End(Part.Cap, rows, columns);
    }

    public static void Finish(ref float softmax, nint rows, nint first, nint head, nint firstRow, in AttendContext context)
    {
        Begin();
        TKernels.Finish(ref softmax, rows, first, head, firstRow, in context);
        End(Part.Finish, rows);
    }

    public static void Probabilities(
        ref float scores, nint rows, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax, in AttendContext context)
    {
        Begin();
        TKernels.Probabilities(ref scores, rows, columns, head, first, key, firstRow, ref ranges, ref softmax, in context);
        End(Part.Probabilities, rows, columns);
    }

    public static void ModifyProbabilities(
        ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax,
        in AttendContext context)
    {
        Begin();
        TKernels.ModifyProbabilities(ref scores, rows, from, columns, head, first, key, firstRow, ref ranges, ref softmax, in context);
        End(Part.ModifyProbabilities, rows, columns - from);
    }

    public static void AppendedProbabilities(ref float scores, nint rows, nint columns, ref float softmax)
    {
        Begin();
        TKernels.AppendedProbabilities(ref scores, rows, columns, ref softmax);
        End(Part.ModifyProbabilities, rows, columns);
    }

    public static (int First, int End) DeclaredRange(int head, int query, int keys) => TKernels.DeclaredRange(head, query, keys);
}
