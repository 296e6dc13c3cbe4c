using System.Collections.Generic;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes how several threads share a call: how it is cut into parts, and what each part computes.</summary>
internal static class PartsEmitter
{
    public static void Write(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        WriteThreads(writer, plan);
        writer.Line();
        WriteSchedule(writer, plan, plan.Spec.HasProjections ? AttentionPlan.ColumnUnit(plans) : 1);
        writer.Line();
        WritePartRows(writer, plan);
        writer.Line();
        WriteRunPart(writer, plan);
        if (!SharesHeads(plan.Spec))
            return;
        writer.Line();
        if (plan.Spec.HasProjections)
            WriteColumns(writer, plan);
        else
            WriteHead(writer, plan);
    }

    private static void WriteThreads(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line("/// <summary>Threads for a call: one where more would not pay.</summary>");
        using (writer.Block($"private static int Threads({ForwardEmitter.CallParameters})"))
        {
            string allRows = plan.Spec.Ragged ? "(long)arguments.RowOffsets[dimensions.Batch]" : "(long)dimensions.Batch * dimensions.Rows";
            writer.Line(CodeWriter.Invariant($"long multiplyAdds = {allRows} * ({plan.ProjectionMultiplyAdds} + ((long)dimensions.Keys * {plan.AttentionMultiplyAdds}));"));
            writer.Line($"// Up to four rows the time goes into reading the {(plan.Spec.HasProjections ? "weights" : "keys and values")}.");
            writer.Line("return Services::KernelThreads.Choose(arguments.Options.MaxDegreeOfParallelism, dimensions.Rows <= 4 ? 8 * multiplyAdds : multiplyAdds);");
        }
    }

    private static void WriteSchedule(CodeWriter writer, AttentionPlan plan, int columnUnit)
    {
        AttentionSpec spec = plan.Spec;
        string keyValues = spec.HasCache ? "arguments.Cache is null ? KeyValueFloats(dimensions.Keys) : 0" : "KeyValueFloats(dimensions.Keys)";
        string newKeys = (spec.IsCrossAttention, spec.HasCache) switch
        {
            (true, _) => "arguments.Cache is null ? dimensions.Keys : 0",
            _ => spec.HasProjections ? "rows" : LayOutEmitter.NewKeys(spec),
        };
        string few = !SharesHeads(spec) ? "" : $" into {(spec.HasProjections ? "columns" : "heads")} where rows are few,";
        writer.Line($"/// <summary>How a call is cut: into sequences where there are many,{few} else into rows.</summary>");
        using (writer.Block($"private static Services::ForwardSchedule Schedule({ForwardEmitter.CallParameters}, int threads)"))
        {
            // A local even where the rows are a literal: with a constant the compiler warns of the branch not taken.
            writer.Line($"nint rows = {ForwardEmitter.Rows(spec)};");
            writer.Line($"nint keyValueFloats = {keyValues};");
            using (writer.Block("if (dimensions.Batch >= 2 * threads)"))
                writer.Line("return new() { Partition = Services::ForwardPartition.Sequences, Threads = threads, Cycle = 1, Phases = 1, FirstParts = dimensions.Batch, SharedFloats = 0, OwnFloats = ScratchFloats + keyValueFloats };");
            writer.Line();
            if (SharesHeads(spec))
                WriteFewRows(writer, plan, columnUnit);
            bool ring = SequenceEmitter.HasRing(spec);
            if (ring)
            {
                writer.Line("// Keys of a chunk, its outputs, and so on: a sequence takes two phases for each chunk of its rows.");
                writer.Line($"nint all = {SequenceEmitter.AllRows(spec, "rows")};");
                writer.Line("nint chunk = ChunkRows(in arguments, all);");
                writer.Line("int sequencePhases = 2 * (int)((all + chunk - 1) / chunk);");
                writer.Line("rows = Math.Min(rows, chunk);");
                if (!spec.HasProjections)
                    newKeys = $"Math.Min(chunk, {newKeys})";
            }

            writer.Line($"nint keyRows = {newKeys};");
            writer.Line("nint step = PartRows(keyRows, threads);");
            writer.Line("nint secondStep = PartRows(rows, threads);");
            using (writer.Block("return new()", ";"))
            {
                writer.Line(ring
                    ? "Partition = Services::ForwardPartition.Rows, Threads = threads, Cycle = 2, SequencePhases = sequencePhases, Phases = sequencePhases * dimensions.Batch, Step = step, SecondStep = secondStep,"
                    : "Partition = Services::ForwardPartition.Rows, Threads = threads, Cycle = 2, Phases = 2 * dimensions.Batch, Step = step, SecondStep = secondStep,");
                writer.Line($"FirstParts = (int)((keyRows + step - 1) / step), SecondParts = (int)((rows + secondStep - 1) / secondStep),");
                writer.Line("SharedFloats = keyValueFloats, OwnFloats = ScratchFloats,");
            }
        }
    }

    private static void WritePartRows(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line("/// <summary>Equal parts, as many for every thread: a last part that is left alone would make the others wait.</summary>");
        using (writer.Block("private static nint PartRows(nint rows, int threads)"))
        {
            string unit = plan.PartsPerThread == 1 ? "threads" : CodeWriter.Invariant($"({plan.PartsPerThread} * threads)");
            writer.Line("rows = Math.Max(1, rows);");
            writer.Line($"nint parts = (((rows + {plan.RowBlock - 1}) / {plan.RowBlock}) + {unit} - 1) / {unit} * {unit};");
            writer.Line($"return (((rows + parts - 1) / parts) + {AttentionPlan.PartRows - 1}) / {AttentionPlan.PartRows} * {AttentionPlan.PartRows};");
        }
    }

    /// <summary>Whether threads share the heads of a sequence where rows are few. The mean of the heads is added up by one thread.</summary>
    private static bool SharesHeads(AttentionSpec spec) =>
        (spec.HasProjections || spec.KvHeads > 1) && (spec.Outputs & AttentionOutputs.AveragedProbabilities) == 0;

    private static void WriteFewRows(CodeWriter writer, AttentionPlan plan, int columnUnit)
    {
        AttentionSpec spec = plan.Spec;
        string few = $"rows <= {AttentionPlan.FewRows}" + (spec.IsCrossAttention ? " && arguments.Cache is not null" : "");
        if (!spec.HasProjections && SequenceEmitter.HasRing(spec))
            few += $" && {LayOutEmitter.NewKeys(spec)} <= {AttentionPlan.FewRows}";
        using (writer.Block($"if ({few})"))
        {
            if (!spec.HasProjections)
            {
                writer.Line($"return new() {{ Partition = Services::ForwardPartition.Columns, Threads = threads, Cycle = 1, {(SequenceEmitter.HasRing(spec) ? "SequencePhases = 1, " : "")}Phases = dimensions.Batch, FirstParts = {spec.KvHeads}, SharedFloats = keyValueFloats, OwnFloats = ScratchFloats }};");
            }
            else
            {
                int keyPanels = spec.IsCrossAttention ? 0 : plan.KeyPanels;
                int valuePanels = spec.IsCrossAttention ? 0 : plan.ValuePanels;
                writer.Line("// About four parts a thread, of whole tiles.");
                writer.Line($"int panels = (({plan.QueryPanels + keyPanels + valuePanels} + (4 * threads) - 1) / (4 * threads) + {columnUnit - 1}) / {columnUnit} * {columnUnit};");
                using (writer.Block("return new()", ";"))
                {
                    writer.Line($"Partition = Services::ForwardPartition.Columns, Threads = threads, Cycle = 3, {(SequenceEmitter.HasRing(spec) ? "SequencePhases = 3, " : "")}Phases = 3 * dimensions.Batch, Step = panels,");
                    string projected = keyPanels == valuePanels
                        ? $"(2 * (({keyPanels} + panels - 1) / panels))"
                        : $"(({keyPanels} + panels - 1) / panels) + (({valuePanels} + panels - 1) / panels)";
                    writer.Line($"FirstParts = (({plan.QueryPanels} + panels - 1) / panels) + {projected},");
                    writer.Line($"SecondParts = {spec.KvHeads}, ThirdParts = ({plan.OutputPanels} + panels - 1) / panels,");
                    writer.Line($"SharedFloats = keyValueFloats + (rows * {ColumnFloats(plan)}), OwnFloats = ScratchFloats,");
                }
            }
        }

        writer.Line();
    }

    /// <summary>Shared floats of one row where columns are parts: projected queries, keys and values, laid-out queries, joined heads.</summary>
    private static int ColumnFloats(AttentionPlan plan) =>
        ((plan.QueryPanels + plan.KeyPanels + plan.ValuePanels) * AttentionPlan.PanelWidth) + plan.Spec.QueryDim + plan.Spec.JoinedDim;

    private static void WriteRunPart(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string arguments = SequenceEmitter.Arguments(spec);
        writer.Line("/// <summary>One part of a call that threads share.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"internal static void RunPart({spec.Target.Name} block, {ForwardEmitter.CallParameters}, in Services::ForwardSchedule schedule, int phase, int part, ref float shared, ref float own)"))
        {
            using (writer.Block("if (schedule.Partition == Services::ForwardPartition.Sequences)"))
            {
                writer.Line("Sequence(block, in arguments, in dimensions, part, ref own, ref Unsafe.Add(ref own, ScratchFloats));");
                writer.Line("return;");
            }

            writer.Line();
            writer.Line($"nint sequence = phase / schedule.{(SequenceEmitter.HasRing(spec) ? "SequencePhases" : "Cycle")};");
            SequenceEmitter.WriteSlice(writer, spec);
            writer.Line($"Services::KeyValuePanels panels = Panels({arguments}, sequence, ref shared);");
            if (SharesHeads(spec))
                WriteColumnsChoice(writer, spec);
            SequenceEmitter.WriteRowParts(writer, spec);
        }
    }

    private static void WriteColumnsChoice(CodeWriter writer, AttentionSpec spec)
    {
        string arguments = SequenceEmitter.Arguments(spec);
        using (writer.Block("if (schedule.Partition == Services::ForwardPartition.Columns)"))
        {
            if (!spec.HasProjections)
            {
                writer.Line($"RunHead(block, {arguments}, {SequenceEmitter.Index(spec)}, part, in panels, ref own);");
            }
            else
            {
                writer.Line(spec.HasCache
                    ? "ref float strips = ref Unsafe.Add(ref shared, arguments.Cache is null ? KeyValueFloats(dimensions.Keys) : 0);"
                    : "ref float strips = ref Unsafe.Add(ref shared, KeyValueFloats(dimensions.Keys));");
                writer.Line($"RunColumns(block, {arguments}, {SequenceEmitter.Index(spec)}, phase % 3, part, (int)schedule.Step, in panels, ref strips, ref own);");
            }

            writer.Line("return;");
        }

        writer.Line();
    }

    /// <summary>Without projections: a part is a KV head of a sequence.</summary>
    private static void WriteHead(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>One KV head of a sequence of few rows, from its keys to its output.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void RunHead({spec.Target.Name} block, {ForwardEmitter.CallParameters}, nint sequence, nint head, in Services::KeyValuePanels panels, ref float scratch)"))
        {
            writer.Line("arguments.Options.CancellationToken.ThrowIfCancellationRequested();");
            writer.Line($"nint rows = {ForwardEmitter.Rows(spec)};");
            writer.Line("KeyHead(block, in arguments, in dimensions, sequence, 0, NewKeys(in arguments, in dimensions, sequence), head, in panels, ref scratch);");
            writer.Line($"ref float laidOut = ref Unsafe.Add(ref scratch, {plan.Scratch["Queries"].Offset});");
            writer.Line("QueryHead(block, in arguments, in dimensions, sequence, 0, rows, head, ref laidOut);");
            bool joinsInScratch = spec.Layout == HeadLayout.HeadsRows;
            writer.Line(joinsInScratch
                ? $"ref float joined = ref Unsafe.Add(ref scratch, {plan.Scratch["Strip"].Offset});"
                : $"ref float joined = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), {ForwardEmitter.FirstRow(spec)} * {spec.JoinedDim});");
            WriteAttendHead(writer, spec);
            if (joinsInScratch)
                writer.Line($"OutputHeads(in arguments, in dimensions, sequence, 0, rows, head * {spec.Group}, {spec.Group}, ref joined);");
        }
    }

    private static void WriteAttendHead(CodeWriter writer, AttentionSpec spec)
    {
        AttendEmitter.WriteSequence(writer, spec);
        writer.Line($"AttendHead(ref laidOut, ref joined, ref scratch, rows, head, in panels, {AttendEmitter.SequenceArguments(spec, "0", ForwardEmitter.Offset(spec))});");
    }

    private static void WriteColumns(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string rows = ForwardEmitter.Rows(spec);
        int queryWidth = plan.QueryPanels * AttentionPlan.PanelWidth;
        int keyWidth = plan.KeyPanels * AttentionPlan.PanelWidth;
        int valueWidth = plan.ValuePanels * AttentionPlan.PanelWidth;
        bool self = !spec.IsCrossAttention;
        writer.Line("/// <summary>A part of a call of few rows: columns of the projections, or a head, or columns of the output.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void RunColumns({spec.Target.Name} block, {ForwardEmitter.CallParameters}, nint sequence, int phase, int part, int step, in Services::KeyValuePanels panels, ref float strips, ref float scratch)"))
        {
            writer.Line("arguments.Options.CancellationToken.ThrowIfCancellationRequested();");
            writer.Line($"nint rows = {(spec.SkipPadding ? "ComputedRows(in arguments, in dimensions, sequence)" : rows)};");
            // Masked keys whose scores come out are projected though no row of theirs is computed; masked ones else are not.
            if (self)
                writer.Line("nint newKeys = NewKeys(in arguments, in dimensions, sequence);");
            writer.Line($"nint start = sequence * {(spec.SkipPadding ? rows : "rows")} * {spec.DModel};");
            writer.Line("ref float queryStrip = ref strips;");
            writer.Line($"ref float keyStrip = ref Unsafe.Add(ref strips, rows * {queryWidth});");
            writer.Line($"ref float valueStrip = ref Unsafe.Add(ref keyStrip, {(self ? "newKeys" : "rows")} * {keyWidth});");
            writer.Line($"ref float queries = ref Unsafe.Add(ref valueStrip, {(self ? "newKeys" : "rows")} * {valueWidth});");
            writer.Line($"ref float joined = ref Unsafe.Add(ref queries, rows * {spec.QueryDim});");
            using (writer.Block("if (phase == 0)"))
            {
                writer.Line("ref float input = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Input), start);");
                writer.Line($"int queryParts = ({plan.QueryPanels} + step - 1) / step;");
                if (self)
                {
                    writer.Line($"int keyParts = ({plan.KeyPanels} + step - 1) / step;");
                    writer.Line("if (part < queryParts)");
                    writer.Line($"    {plan.InputProjection!.Name}Part(ref input, rows, block.queryWeights, part * step, step, ref queryStrip, {queryWidth});");
                    writer.Line("else if (part < queryParts + keyParts)");
                    writer.Line($"    {plan.InputProjection!.Name}Part(ref input, newKeys, block.keyWeights, (part - queryParts) * step, step, ref keyStrip, {keyWidth});");
                    writer.Line("else");
                    writer.Line($"    {plan.InputProjection!.Name}Part(ref input, newKeys, block.valueWeights, (part - queryParts - keyParts) * step, step, ref valueStrip, {valueWidth});");
                }
                else
                {
                    writer.Line($"{plan.InputProjection!.Name}Part(ref input, rows, block.queryWeights, part * step, step, ref queryStrip, {queryWidth});");
                }
            }

            using (writer.Block("else if (phase == 1)"))
            {
                int group = spec.Group * spec.HeadDim;
                writer.Line("nint head = part;");
                writer.Line($"ref float headQueries = ref Unsafe.Add(ref queryStrip, head * {group});");
                HeadEmitter.WriteTable(writer, spec);
                if (self)
                {
                    writer.Line($"ref float headKeys = ref Unsafe.Add(ref keyStrip, head * {spec.HeadDim});");
                    HeadEmitter.WriteChange(writer, spec, "key", "ref headKeys", keyWidth, "newKeys", 1, HeadEmitter.RowPosition(spec, "0"));
                }

                HeadEmitter.WriteChange(writer, spec, "query", "ref headQueries", queryWidth, "rows", spec.Group, HeadEmitter.RowPosition(spec, "0"));
                if (self)
                {
                    writer.Line(ProjectEmitter.WriteKeys(spec, "ref headKeys", keyWidth, "newKeys", "dimensions.CachedKeys"));
                    writer.Line(ProjectEmitter.WriteValues(spec, $"ref Unsafe.Add(ref valueStrip, head * {spec.ValueHeadDim})", valueWidth, "newKeys", "dimensions.CachedKeys"));
                }

                writer.Line($"ref float laidOut = ref Unsafe.Add(ref queries, head * rows * {group});");
                writer.Line($"Services::QueryRows.Write(ref headQueries, {queryWidth}, rows, ref laidOut, rows * {group}, 1, {spec.Group}, {spec.HeadDim});");
                WriteAttendHead(writer, spec);
            }

            using (writer.Block("else"))
            {
                if (spec.SkipPadding)
                    writer.Line("if (part == 0)\n    Services::Padding.Clear(Shape, in arguments, in dimensions, sequence, rows, in panels);");
                WriteOutputColumns(writer, plan);
            }
        }

        foreach (ProductPlan product in plan.Projections)
        {
            writer.Line();
            writer.Line("/// <summary>Some panels of a projection.</summary>");
            using (writer.Block($"private static void {product.Name}Part(ref float a, nint rows, Services::PackedMatrix weights, int first, int count, ref float c, nint stride)"))
            {
                writer.Line("nint panels = Math.Min(count, weights.PanelCount - first);");
                writer.Line($"TKernels.{product.Name}(ref a, rows, ref Unsafe.Add(ref weights.Panels, (nint)first * {product.Kernel.B.Stride}), ref Unsafe.Add(ref weights.Bias, first * 16), panels, ref Unsafe.Add(ref c, first * 16), stride);");
            }
        }
    }

    private static void WriteOutputColumns(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("ref float output = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), start);");
        if (!plan.OutputThroughScratch)
        {
            writer.Line($"{plan.OutputProjection!.Name}Part(ref joined, rows, block.outputWeights, part * step, step, ref output, {spec.DModel});");
            return;
        }

        int width = plan.OutputPanels * AttentionPlan.PanelWidth;
        writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["OutputStrip"].Offset});");
        writer.Line($"{plan.OutputProjection!.Name}Part(ref joined, rows, block.outputWeights, part * step, step, ref strip, {width});");
        writer.Line("int column = part * step * 16;");
        writer.Line($"int columns = Math.Min(step * 16, {spec.DModel} - column);");
        writer.Line("for (nint row = 0; row < rows; row++)");
        writer.Line($"    MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref strip, (row * {width}) + column), columns).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref output, (row * {spec.DModel}) + column), columns));");
    }
}
