using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the path of a call through the block: sequences, key and value projection, row blocks, output projection.</summary>
internal static class ForwardEmitter
{
    /// <summary>What every step of a call is given first.</summary>
    public const string CallParameters = "in Library::AttentionArguments arguments, in Services::ForwardDimensions dimensions";

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteForward(writer, plan);
        writer.Line();
        WritePanels(writer, plan);
        writer.Line();
        WriteVisible(writer, plan.Spec);
        SequenceEmitter.WriteHelpers(writer, plan.Spec);
        writer.Line();
        WriteKeyRows(writer, plan);
        writer.Line();
        WriteOutputRows(writer, plan);
        if (plan.Spec.IsCrossAttention)
        {
            writer.Line();
            WriteProjectMemory(writer, plan);
        }

        writer.Line();
        if (plan.Spec.HasProjections)
            ProjectEmitter.Write(writer, plan);
        else
            LayOutEmitter.Write(writer, plan);
    }

    private static void WriteForward(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Runs the block on every sequence of a checked call.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"internal static void Forward({spec.Target.Name} block, {CallParameters})"))
        {
            writer.Line("int threads = Threads(in arguments, in dimensions);");
            using (writer.Block("if (threads > 1)"))
            {
                writer.Line("Services::ForwardSchedule schedule = Schedule(in arguments, in dimensions, threads);");
                writer.Line("Services::KernelThreads.Run(block, in arguments, in dimensions, in schedule);");
                writer.Line("return;");
            }

            writer.Line();
            writer.Line(spec.HasCache
                ? "using Services::ScratchLease lease = Services::ScratchLease.Rent(ScratchFloats + (arguments.Cache is null ? KeyValueFloats(dimensions.Keys) : 0));"
                : "using Services::ScratchLease lease = Services::ScratchLease.Rent(ScratchFloats + KeyValueFloats(dimensions.Keys));");
            writer.Line("ref float scratch = ref lease.Reference;");
            writer.Line("for (nint sequence = 0; sequence < dimensions.Batch; sequence++)");
            writer.Line("    Sequence(block, in arguments, in dimensions, sequence, ref scratch, ref Unsafe.Add(ref scratch, ScratchFloats));");
        }

        writer.Line();
        writer.Line("/// <summary>One whole sequence.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void Sequence({spec.Target.Name} block, {CallParameters}, nint sequence, ref float scratch, ref float keyValues)"))
        {
            SequenceEmitter.WriteSequence(writer, spec);
        }
    }

    /// <summary>The query rows of a sequence: a literal where the configuration fixes them.</summary>
    public static string Rows(AttentionSpec spec) =>
        spec.SequenceLength > 0 ? CodeWriter.Invariant($"{spec.SequenceLength}") : "dimensions.Rows";

    /// <summary>The keys of a sequence, cached ones included.</summary>
    public static string Keys(AttentionSpec spec) => "dimensions.Keys";

    /// <summary>The first row of a sequence, counted over the batch.</summary>
    public static string FirstRow(AttentionSpec spec) => $"(sequence * {Rows(spec)})";

    /// <summary>Whether a rule compares the position of a row with that of a key.</summary>
    public static bool ComparesPositions(AttentionSpec spec) =>
        spec.Causal || spec.WindowLeft >= 0 || spec.WindowRight >= 0 || spec.ChunkSize > 0 || spec.Documents
        || spec.HasDistanceBias || spec.ScoreModifier is not null || spec.MaskPredicate is not null;

    private static void WritePanels(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Where the keys and values of a sequence lie.</summary>");
        using (writer.Block($"private static Services::KeyValuePanels Panels({CallParameters}, nint sequence, ref float keyValues)"))
        {
            if (spec.HasCache)
            {
                using (writer.Block("if (arguments.Cache is { } cache)"))
                    writer.Line("return cache.Panels(sequence);");
            }

            writer.Line("nint capacity = (dimensions.Keys + 15) & ~(nint)15;");
            writer.Line($"return new(ref keyValues, ref Unsafe.Add(ref keyValues, capacity * {spec.KeyDim}), capacity, {spec.HeadDim}, {plan.ValueHeadDimPadded});");
        }
    }

    private static void WriteVisible(CodeWriter writer, AttentionSpec spec)
    {
        writer.Line("/// <summary>Keys of a sequence that no length masks.</summary>");
        using (writer.Block($"private static nint Visible({CallParameters}, nint sequence)"))
            writer.Line(spec.KeyLengths ? "return arguments.KeyLengths[(int)sequence];" : "return dimensions.Keys;");
        writer.Line();
        writer.Line($"/// <summary>{(spec.HasProjections ? "Rows to project to keys and values" : "Keys and values to lay out")}: with a cache all new ones, without one those that no length masks.</summary>");
        using (writer.Block($"private static nint NewKeys({CallParameters}, nint sequence)"))
        {
            // Scores of masked keys that come out need their keys.
            bool all = (spec.ScoreOutput & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores)) != 0;
            string visible = all ? Keys(spec) : "Visible(in arguments, in dimensions, sequence)";
            writer.Line((spec.IsCrossAttention, spec.HasCache) switch
            {
                (true, _) => $"return arguments.Cache is null ? {visible} : 0;",
                (false, true) => $"return arguments.Cache is null ? {visible} : {(!spec.HasProjections ? LayOutEmitter.NewKeys(spec) : spec.SkipPadding && !all ? "ComputedRows(in arguments, in dimensions, sequence)" : Rows(spec))};",
                _ => $"return {visible};",
            });
        }
    }

    private static void WriteKeyRows(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string source = spec.IsCrossAttention ? "Memory" : "Input";
        string rows = spec.IsCrossAttention ? "dimensions.Keys" : Rows(spec);
        writer.Line("/// <summary>Keys and values of some rows of a sequence, into its panels.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void KeyRows({spec.Target.Name} block, {CallParameters}, nint sequence, nint first, nint count, in Services::KeyValuePanels panels, ref float scratch)"))
        {
            if (!spec.HasProjections)
            {
                using (writer.Block($"for (nint head = 0; head < {spec.KvHeads}; head++)"))
                {
                    writer.Line("arguments.Options.CancellationToken.ThrowIfCancellationRequested();");
                    writer.Line("KeyHead(block, in arguments, in dimensions, sequence, first, count, head, in panels, ref scratch);");
                }

                return;
            }

            writer.Line($"ref float source = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.{source}), ((sequence * {rows}) + first) * {spec.MemoryDim});");
            writer.Line($"ProjectKeysAndValues(block, ref source, count, dimensions.CachedKeys + first, in panels, ref scratch, {HeadEmitter.KeyArguments(spec, "first")}arguments.Options.CancellationToken);");
        }
    }

    private static void WriteOutputRows(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        bool joinsInScratch = spec.HasProjections || spec.Layout == HeadLayout.HeadsRows;
        writer.Line("/// <summary>Output of some rows of a sequence whose keys and values are there: row blocks go from input to output one after another.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void OutputRows({spec.Target.Name} block, {CallParameters}, nint sequence, nint first, nint rows, in Services::KeyValuePanels panels, ref float scratch)"))
        {
            if (spec.HasProjections)
            {
                writer.Line($"nint start = ((sequence * {Rows(spec)}) + first) * {spec.DModel};");
                writer.Line("ref float input = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Input), start);");
                writer.Line("ref float output = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), start);");
            }

            writer.Line($"ref float queries = ref Unsafe.Add(ref scratch, {plan.Scratch["Queries"].Offset});");
            if (joinsInScratch)
                writer.Line($"ref float joined = ref Unsafe.Add(ref scratch, {plan.Scratch["Strip"].Offset});");
            if (spec.HasProjections)
                HeadEmitter.WriteTable(writer, spec);
            AttendEmitter.WriteSequence(writer, spec);
            if (spec.Causal && !spec.UsesContext)
                writer.Line($"nint offset = first + {Offset(spec)};");
            writer.Line("// Equal row blocks, in whole query blocks.");
            writer.Line($"nint blocks = (rows + {plan.RowBlock - 1}) / {plan.RowBlock};");
            writer.Line($"nint step = blocks <= 1 ? {plan.RowBlock} : Math.Min({plan.RowBlock}, (((rows + blocks - 1) / blocks) + {AttentionPlan.QueryBlock - 1}) / {AttentionPlan.QueryBlock} * {AttentionPlan.QueryBlock});");
            using (writer.Block("for (nint row = 0; row < rows; row += step)"))
            {
                writer.Line("arguments.Options.CancellationToken.ThrowIfCancellationRequested();");
                writer.Line("nint count = Math.Min(step, rows - row);");
                if (spec.HasProjections)
                {
                    writer.Line($"ProjectQueries(block, ref Unsafe.Add(ref input, row * {spec.DModel}), count, ref joined, ref queries{HeadEmitter.QueryArguments(spec, "first + row")});");
                    writer.Line("// The strip has been laid out as queries: its place is free for the joined heads.");
                }
                else
                {
                    writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
                    writer.Line($"    QueryHead(block, in arguments, in dimensions, sequence, first + row, count, head, ref Unsafe.Add(ref queries, head * count * {spec.Group * spec.HeadDim}));");
                }

                if (!joinsInScratch)
                    writer.Line($"ref float joined = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), ({FirstRow(spec)} + first + row) * {spec.JoinedDim});");
                writer.Line($"Attend(ref queries, ref joined, ref scratch, count, in panels, {AttendEmitter.SequenceArguments(spec, "first + row", "row + offset")});");
                if (spec.HasProjections)
                    writer.Line($"ProjectOutput(block, ref joined, count, ref Unsafe.Add(ref output, row * {spec.DModel}), ref scratch);");
                else if (joinsInScratch)
                    writer.Line($"OutputHeads(in arguments, in dimensions, sequence, first + row, count, 0, {spec.Heads}, ref joined);");
            }
        }
    }

    /// <summary>Keys that row 0 of a sequence sees, less one.</summary>
    public static string Offset(AttentionSpec spec)
    {
        string without = spec.CausalAlignment == CausalAlignment.BottomRight ? $"visible - {Rows(spec)}" : "0";
        if (spec.IsCrossAttention || !spec.HasCache)
            return without;
        return without == "0" ? "dimensions.CachedKeys" : $"(arguments.Cache is null ? {without} : dimensions.CachedKeys)";
    }

    private static void WriteProjectMemory(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Projects a memory into a cache, sequence by sequence.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"internal static void ProjectMemory({spec.Target.Name} block, {CallParameters})"))
        {
            writer.Line("using Services::ScratchLease lease = Services::ScratchLease.Rent(ScratchFloats);");
            using (writer.Block("for (nint sequence = 0; sequence < dimensions.Batch; sequence++)"))
            {
                writer.Line("Services::KeyValuePanels panels = arguments.Cache!.Panels(sequence);");
                writer.Line(spec.Ragged
                    ? "nint firstRow = arguments.KeyOffsets[(int)sequence], keys = arguments.KeyOffsets[(int)sequence + 1] - firstRow;"
                    : "nint keys = dimensions.Keys, firstRow = sequence * keys;");
                writer.Line($"ref float rows = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Memory), firstRow * {spec.MemoryDim});");
                writer.Line("ProjectKeysAndValues(block, ref rows, keys, 0, in panels, ref lease.Reference, arguments.Options.CancellationToken);");
            }
        }
    }
}
