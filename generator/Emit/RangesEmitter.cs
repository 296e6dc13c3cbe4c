using System;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the method that finds, for each query row of a run, the first key that it sees and the end of them: every rule that is an interval becomes loop bounds.</summary>
internal static class RangesEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Keys that each row of a run sees, [row][first, end], and, behind them, those of each query block and of the whole run; first = end where there are none.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void FindRanges(ref int ranges, nint head, nint first, nint count, nint firstRow, in {ContextEmitter.TypeName} context)"))
        {
            writer.Line("nint runFirst = nint.MaxValue, runEnd = 0;");
            if (spec.Documents)
                writer.Line("nint documentFirst = 0, documentEnd = 0;");
            using (writer.Block($"for (nint block = 0; block < count; block += {AttentionPlan.QueryBlock})"))
            {
                writer.Line("nint blockFirst = nint.MaxValue, blockEnd = 0;");
                using (writer.Block($"for (nint row = block; row < Math.Min(block + {AttentionPlan.QueryBlock}, count); row++)"))
                {
                    WriteRow(writer, spec);
                    writer.Line("Unsafe.Add(ref ranges, 2 * row) = (int)begin;");
                    writer.Line("Unsafe.Add(ref ranges, (2 * row) + 1) = (int)end;");
                    using (writer.Block("if (begin < end)"))
                    {
                        writer.Line("blockFirst = Math.Min(blockFirst, begin);");
                        writer.Line("blockEnd = Math.Max(blockEnd, end);");
                    }
                }

                writer.Line($"ref int blockRange = ref Unsafe.Add(ref ranges, {BlockRanges} + (block / {AttentionPlan.QueryBlock} * 2));");
                writer.Line("blockRange = blockEnd == 0 ? 0 : (int)blockFirst;");
                writer.Line("Unsafe.Add(ref blockRange, 1) = (int)blockEnd;");
                writer.Line("runFirst = Math.Min(runFirst, blockFirst);");
                writer.Line("runEnd = Math.Max(runEnd, blockEnd);");
            }

            writer.Line($"Unsafe.Add(ref ranges, {RunRange}) = runEnd == 0 ? 0 : (int)runFirst;");
            writer.Line($"Unsafe.Add(ref ranges, {RunRange + 1}) = (int)runEnd;");
        }
    }

    /// <summary>Where the ranges of the query blocks begin, in ints.</summary>
    public const int BlockRanges = 2 * AttentionPlan.QueryRun;

    /// <summary>Where the range of the run lies, in ints.</summary>
    public const int RunRange = BlockRanges + (2 * (AttentionPlan.QueryRun / AttentionPlan.QueryBlock));

    private static void WriteRow(CodeWriter writer, AttentionSpec spec)
    {
        string row = spec.Group == 1 ? "first + row" : $"((first + row) / {spec.Group})";
        if (ForwardEmitter.ComparesPositions(spec))
            writer.Line($"nint position = firstRow + {row} + context.Offset;");
        writer.Line($"nint begin = {(spec.KeyStarts ? "context.Start" : "0")};");
        writer.Line("nint end = context.Visible;");
        if (spec.Causal)
            writer.Line(spec.PrefixLengths ? "end = Math.Min(end, Math.Max(position + 1, context.Prefix));" : "end = Math.Min(end, position + 1);");
        if (spec.WindowLeft >= 0)
            writer.Line(CodeWriter.Invariant($"begin = Math.Max(begin, position - {spec.WindowLeft});"));
        if (spec.WindowRight >= 0)
            // A span has fewer keys than the widest window, whose end would be no int.
            writer.Line(CodeWriter.Invariant($"end = Math.Min(end, position + {Math.Min(spec.WindowRight, int.MaxValue - 1) + 1});"));
        if (spec.ChunkSize > 0)
        {
            writer.Line("// Rounded down, for positions before key 0 too.");
            writer.Line(CodeWriter.Invariant($"nint chunk = (position >= 0 ? position / {spec.ChunkSize} : ((position + 1) / {spec.ChunkSize}) - 1) * {spec.ChunkSize};"));
            writer.Line("begin = Math.Max(begin, chunk);");
            writer.Line(CodeWriter.Invariant($"end = Math.Min(end, chunk + {spec.ChunkSize});"));
        }

        if (spec.Documents)
        {
            writer.Line("// Rows of one document are neighbours.");
            writer.Line("if (position < documentFirst || position >= documentEnd)");
            writer.Line("    Services::DocumentRuns.Find(ref context.Documents, context.Keys, position, out documentFirst, out documentEnd);");
            writer.Line("begin = Math.Max(begin, documentFirst);");
            writer.Line("end = Math.Min(end, documentEnd);");
        }

        if (spec.MaskPredicate?.Range is not null)
        {
            string head = GroupedRow.QueryHead(spec);
            writer.Line($"(int First, int End) declared = {HookEmitter.Range(spec, $"(int){head}", "(int)position", "(int)context.Keys")};");
            writer.Line("begin = Math.Max(begin, declared.First);");
            writer.Line("end = Math.Min(end, declared.End);");
        }

        using (writer.Block("if (begin >= end)"))
            writer.Line("begin = end = 0;");
    }
}
