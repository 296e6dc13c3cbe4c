using System;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what stands in place of the projections where there are none: heads from and to the caller's layout.</summary>
internal static class LayOutEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteKeyHead(writer, plan);
        writer.Line();
        WriteQueryHead(writer, plan.Spec);
        if (plan.Spec.Layout == HeadLayout.HeadsRows)
        {
            writer.Line();
            WriteOutputHeads(writer, plan.Spec);
        }
    }

    private static void WriteKeyHead(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Lays some new keys and values of one KV head out in its panels.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void KeyHead({spec.Target.Name} block, {ForwardEmitter.CallParameters}, nint sequence, nint first, nint count, nint head, in Services::KeyValuePanels panels, ref float scratch)"))
        {
            writer.Line($"nint keys = {NewKeys(spec)};");
            writer.Line($"ref float source = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Key), {Start(spec, "keys", spec.KvHeads, "head", spec.HeadDim, 1)});");
            int stride = Stride(spec, spec.KeyDim, spec.HeadDim);
            if (spec.ChangesKeys)
                WriteChangedKeys(writer, plan, stride);
            else
                writer.Line(ProjectEmitter.WriteKeys(spec, "ref source", stride, "count", "dimensions.CachedKeys + first"));
            writer.Line($"ref float values = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Value), {Start(spec, "keys", spec.KvHeads, "head", spec.ValueHeadDim, 1)});");
            writer.Line(ProjectEmitter.WriteValues(spec, "ref values", Stride(spec, spec.ValueDim, spec.ValueHeadDim), "count", "dimensions.CachedKeys + first"));
        }
    }

    private static void WriteChangedKeys(CodeWriter writer, AttentionPlan plan, int stride)
    {
        AttentionSpec spec = plan.Spec;
        HeadEmitter.WriteTable(writer, spec);
        writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["KeyStrip"].Offset});");
        using (writer.Block($"for (nint row = 0; row < count; row += {plan.RowBlock})"))
        {
            writer.Line($"nint rows = Math.Min({plan.RowBlock}, count - row);");
            writer.Line($"Services::StridedRows.Copy(ref Unsafe.Add(ref source, row * {stride}), {stride}, ref strip, {spec.HeadDim}, rows, {spec.HeadDim});");
            HeadEmitter.WriteChange(writer, spec, "key", "ref strip", spec.HeadDim, "rows", 1, HeadEmitter.RowPosition(spec, "first + row"));
            writer.Line(ProjectEmitter.WriteKeys(spec, "ref strip", spec.HeadDim, "rows", "dimensions.CachedKeys + first + row"));
        }
    }

    private static void WriteQueryHead(CodeWriter writer, AttentionSpec spec)
    {
        int width = spec.Group * spec.HeadDim;
        bool norms = spec.QueryKeyNorm != QueryKeyNorm.None;
        double factor = norms ? 1 : spec.NaturalScores ? spec.Scale : spec.Scale / Math.Log(2);
        string multiplied = norms ? "The factor of the scores is in the normalisation's weights." : spec.NaturalScores ? "They are multiplied by the scale." : "They are multiplied by the scale and log2(e).";
        writer.Line($"/// <summary>Gathers some query rows of the heads that read one KV head. {multiplied}</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void QueryHead({spec.Target.Name} block, {ForwardEmitter.CallParameters}, nint sequence, nint first, nint count, nint head, ref float queries)"))
        {
            string rows = ForwardEmitter.Rows(spec);
            string headStride = spec.Layout == HeadLayout.RowsHeads ? CodeWriter.Invariant($"{spec.HeadDim}") : $"(nint){rows} * {spec.HeadDim}";
            writer.Line($"ref float source = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Input), {Start(spec, rows, spec.Heads, "head", spec.HeadDim, spec.Group)});");
            writer.Line(CodeWriter.Invariant($"Services::QueryRows.Gather(ref source, {Stride(spec, spec.QueryDim, spec.HeadDim)}, {headStride}, count, ref queries, {spec.Group}, {spec.HeadDim}, {(float)factor:G9}f);"));
            HeadEmitter.WriteTable(writer, spec);
            HeadEmitter.WriteChange(writer, spec, "query", "ref queries", width, "count", spec.Group, HeadEmitter.RowPosition(spec, "first"));
        }
    }

    private static void WriteOutputHeads(CodeWriter writer, AttentionSpec spec)
    {
        string rows = ForwardEmitter.Rows(spec);
        writer.Line("/// <summary>Writes some rows of some joined heads to the caller's, head by head.</summary>");
        using (writer.Block($"private static void OutputHeads({ForwardEmitter.CallParameters}, nint sequence, nint first, nint count, nint firstHead, nint heads, ref float joined)"))
        {
            using (writer.Block("for (nint head = firstHead; head < firstHead + heads; head++)"))
            {
                writer.Line($"ref float target = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), {Start(spec, rows, spec.Heads, "head", spec.ValueHeadDim, 1)});");
                writer.Line($"Services::StridedRows.Copy(ref Unsafe.Add(ref joined, head * {spec.ValueHeadDim}), {spec.JoinedDim}, ref target, {spec.ValueHeadDim}, count, {spec.ValueHeadDim});");
            }
        }
    }

    /// <summary>New keys of a sequence, as the caller's layout has them.</summary>
    public static string NewKeys(AttentionSpec spec) => "dimensions.Keys - dimensions.CachedKeys";

    /// <summary>Floats before row <c>first</c> of a head, or of the first head of a group.</summary>
    private static string Start(AttentionSpec spec, string rows, int heads, string head, int width, int group)
    {
        string index = group == 1 ? head : $"({head} * {group})";
        return spec.Layout == HeadLayout.RowsHeads
            ? $"(((sequence * {rows}) + first) * {heads * width}) + ({head} * {group * width})"
            : $"((((sequence * {heads}) + {index}) * {rows}) + first) * {width}";
    }

    /// <summary>Floats from a row to the next.</summary>
    private static int Stride(AttentionSpec spec, int row, int head) => spec.Layout == HeadLayout.RowsHeads ? row : head;
}
