using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes how a call comes to its sequences: a sequence of a ragged batch becomes a batch of one, rows of padding are left out,
/// and where a cache is a ring its rows go through in chunks.
/// </summary>
internal static class SequenceEmitter
{
    /// <summary>Arguments and sizes of a sequence, behind <see cref="WriteSlice"/>.</summary>
    public static string Arguments(AttentionSpec spec) => spec.Ragged ? "in one, in sizes" : "in arguments, in dimensions";

    /// <summary>Which sequence of <see cref="Arguments"/> it is.</summary>
    public static string Index(AttentionSpec spec) => spec.Ragged ? "0" : "sequence";

    /// <summary>Whether the cache keeps a window in a ring.</summary>
    public static bool HasRing(AttentionSpec spec) => spec.CacheWindow >= 0;

    /// <summary>Rows of a sequence that are computed.</summary>
    public static string Rows(AttentionSpec spec) =>
        spec.SkipPadding ? $"ComputedRows({Arguments(spec)}, {Index(spec)})" : spec.Ragged ? "sizes.Rows" : ForwardEmitter.Rows(spec);

    /// <summary>Rows of a call, or where they may be more its new keys, that go through a ring in chunks.</summary>
    public static string AllRows(AttentionSpec spec, string rows) =>
        spec.HasProjections ? rows : $"Math.Max({rows}, {LayOutEmitter.NewKeys(spec)})";

    /// <summary>Where the batch is ragged, declares what a sequence would be given alone.</summary>
    public static void WriteSlice(CodeWriter writer, AttentionSpec spec)
    {
        if (spec.Ragged)
            writer.Line("Library::AttentionArguments one = Services::RaggedBatch.Slice(Shape, in arguments, sequence, out Services::ForwardDimensions sizes);");
    }

    /// <summary>What the other methods call.</summary>
    public static void WriteHelpers(CodeWriter writer, AttentionSpec spec)
    {
        if (spec.SkipPadding)
        {
            writer.Line();
            writer.Line("/// <summary>Rows of a sequence that are no padding: those at positions before its key length.</summary>");
            using (writer.Block($"private static nint ComputedRows({ForwardEmitter.CallParameters}, nint sequence)"))
                writer.Line($"return Math.Clamp(arguments.KeyLengths[(int)sequence] - dimensions.CachedKeys, 0, {ForwardEmitter.Rows(spec)});");
        }

        if (HasRing(spec))
        {
            writer.Line();
            writer.Line("/// <summary>Rows that go through together: more would overwrite keys in the ring of the cache that the first of them sees.</summary>");
            using (writer.Block("private static nint ChunkRows(in Library::AttentionArguments arguments, nint rows)"))
                writer.Line("return Math.Max(1, arguments.Cache is { } cache ? Math.Min(rows, cache.ChunkRows) : rows);");
        }
    }

    /// <summary>The body of the method that computes a whole sequence.</summary>
    public static void WriteSequence(CodeWriter writer, AttentionSpec spec)
    {
        string arguments = Arguments(spec), index = Index(spec);
        WriteSlice(writer, spec);
        writer.Line($"Services::KeyValuePanels panels = Panels({arguments}, sequence, ref keyValues);");
        if (HasRing(spec))
        {
            writer.Line($"nint newKeys = NewKeys({arguments}, {index}), rows = {Rows(spec)}, all = Math.Max(newKeys, rows);");
            writer.Line($"nint chunk = ChunkRows({(spec.Ragged ? "in one" : "in arguments")}, all);");
            using (writer.Block("for (nint first = 0; first < all; first += chunk)"))
            {
                writer.Line($"KeyRows(block, {arguments}, {index}, first, Math.Clamp(newKeys - first, 0, chunk), in panels, ref scratch);");
                writer.Line($"OutputRows(block, {arguments}, {index}, first, Math.Clamp(rows - first, 0, chunk), in panels, ref scratch);");
            }
        }
        else
        {
            writer.Line($"KeyRows(block, {arguments}, {index}, 0, NewKeys({arguments}, {index}), in panels, ref scratch);");
            writer.Line($"OutputRows(block, {arguments}, {index}, 0, {Rows(spec)}, in panels, ref scratch);");
        }

        if (spec.SkipPadding)
            writer.Line($"Services::Padding.Clear(Shape, {arguments}, {index}, {Rows(spec)}, in panels);");
    }

    /// <summary>How a part of a call that threads share by rows finds its keys or its rows.</summary>
    public static void WriteRowParts(CodeWriter writer, AttentionSpec spec)
    {
        string arguments = Arguments(spec), index = Index(spec);
        string start = "";
        if (HasRing(spec))
        {
            writer.Line("// Phases of a sequence: keys and outputs of its first chunk, then of the next.");
            writer.Line($"nint chunk = ChunkRows(in arguments, {AllRows(spec, "dimensions.Rows")});");
            writer.Line("nint chunkStart = phase % schedule.SequencePhases / 2 * chunk;");
            start = "chunkStart + ";
        }

        string Count(string step, string rows) => HasRing(spec)
            ? $"Math.Min(schedule.{step}, Math.Min(chunkStart + chunk, {rows}) - first)"
            : $"Math.Min(schedule.{step}, {rows} - first)";
        using (writer.Block("if (phase % 2 == 0)"))
        {
            writer.Line($"nint first = {start}{(start.Length > 0 ? "(" : "")}part * schedule.Step{(start.Length > 0 ? ")" : "")};");
            writer.Line($"nint count = {Count("Step", $"NewKeys({arguments}, {index})")};");
            using (writer.Block("if (count > 0)"))
                writer.Line($"KeyRows(block, {arguments}, {index}, first, count, in panels, ref own);");
        }

        using (writer.Block("else"))
        {
            writer.Line(spec.Causal ? "// The last rows see the most keys: they go first." : "// Rows in order.");
            string place = spec.Causal ? "(schedule.SecondParts - 1 - part) * schedule.SecondStep" : "part * schedule.SecondStep";
            writer.Line(start.Length > 0 ? $"nint first = {start}({place});" : $"nint first = {place};");
            string output = $"OutputRows(block, {arguments}, {index}, first, ";
            if (!HasRing(spec) && !spec.Ragged && !spec.SkipPadding)
            {
                writer.Line($"{output}{Count("SecondStep", Rows(spec))}, in panels, ref own);");
                return;
            }

            writer.Line($"nint count = {Count("SecondStep", Rows(spec))};");
            using (writer.Block("if (count > 0)"))
                writer.Line($"{output}count, in panels, ref own);");
            if (spec.SkipPadding)
                writer.Line($"if (part == 0)\n    Services::Padding.Clear(Shape, {arguments}, {index}, {Rows(spec)}, in panels);");
        }
    }
}
