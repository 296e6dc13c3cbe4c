using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file with the numbers of a class and of its plan, which the runtime's path of a call folds. They are the same for every vector target.</summary>
internal static class ConstantsEmitter
{
    /// <summary>Name of the nested type that holds the numbers.</summary>
    public const string TypeName = "PathConstants";

    private const string Flags = "Services::AttentionFeatures";

    /// <summary>The path of a call, closed over the kernels of a vector target and the numbers.</summary>
    public static string Path(VectorTarget target) => $"Services::AttentionCall<{TargetEmitter.KernelsName(target)}, {TypeName}>";

    public static GeneratedFile Write(IReadOnlyList<AttentionPlan> plans)
    {
        var writer = new CodeWriter();
        AttentionPlan plan = plans[0];
        AttentionSpec spec = plan.Spec;
        HeaderEmitter.WriteSharedPlan(writer, plan);
        FileEmitter.Open(writer);
        using (FileEmitter.Nest(writer, spec, ""))
        {
            writer.Line("/// <summary>The numbers of this shape and its plan, for the path of a call.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"private readonly struct {TypeName} : Services::IAttentionConstants"))
            {
                WriteFeatures(writer, plan.Features);
                WriteShape(writer, spec);
                WriteBlocks(writer, plan);
                if (spec.HasProjections)
                    WriteProjections(writer, plans);
                WriteScratch(writer, plan.Scratch);
            }
        }

        return new($"{spec.Class.HintName}.Constants.g.cs", writer.ToString());
    }

    private static void WriteFeatures(CodeWriter writer, AttentionFeatures features)
    {
        var names = Enum.GetValues(typeof(AttentionFeatures)).Cast<AttentionFeatures>()
            .Where(feature => feature != AttentionFeatures.None && (features & feature) != 0)
            .Select(feature => $"{Flags}.{feature}").ToList();
        if (names.Count == 0)
            names.Add($"{Flags}.None");
        writer.Line($"public static {Flags} Features =>\n    {string.Join("\n    | ", names)};\n");
    }

    private static void WriteShape(CodeWriter writer, AttentionSpec spec)
    {
        Number(writer, "Heads", spec.Heads);
        Number(writer, "KvHeads", spec.KvHeads);
        Number(writer, "HeadDim", spec.HeadDim);
        Number(writer, "ValueHeadDim", spec.ValueHeadDim);
        if (spec.HasProjections)
        {
            Number(writer, "DModel", spec.DModel);
            Number(writer, "MemoryDim", spec.MemoryDim);
        }
        else
        {
            double factor = spec.QueryKeyNorm != QueryKeyNorm.None ? 1 : spec.NaturalScores ? spec.Scale : spec.Scale / Math.Log(2);
            writer.Line(CodeWriter.Invariant($"public static float QueryFactor => {(float)factor:G9}f;"));
        }

        if (spec.SequenceLength > 0)
            Number(writer, "SequenceLength", spec.SequenceLength);
        if (spec.Rotary != RotaryKind.None)
            Number(writer, "RotaryDim", spec.RotaryDim);
        if (spec.WindowLeft >= 0)
            Number(writer, "WindowLeft", spec.WindowLeft);
        // A span has fewer keys than the widest window, whose end would be no int.
        if (spec.WindowRight >= 0)
            Number(writer, "WindowRight", Math.Min(spec.WindowRight, int.MaxValue - 1));
        if (spec.ChunkSize > 0)
            Number(writer, "ChunkSize", spec.ChunkSize);
        if (spec.AppendedKeys > 0)
            Number(writer, "AppendedKeys", spec.AppendedKeys);
        if (spec.BooleanMask != MaskAxes.None)
            Mask(writer, "BooleanMask", spec.BooleanMask);
        if (spec.AdditiveMask != MaskAxes.None)
            Mask(writer, "AdditiveMask", spec.AdditiveMask);
    }

    private static void WriteBlocks(CodeWriter writer, AttentionPlan plan)
    {
        Number(writer, "QueryBlock", AttentionPlan.QueryBlock);
        Number(writer, "QueryRun", AttentionPlan.QueryRun);
        Number(writer, "RowBlock", plan.RowBlock);
        Number(writer, "ScoreStride", plan.ScoreStride);
        Number(writer, "FewRows", AttentionPlan.FewRows);
        Number(writer, "PartRows", AttentionPlan.PartRows);
        Number(writer, "PartsPerThread", plan.PartsPerThread);
    }

    private static void WriteProjections(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        Number(writer, "ColumnUnit", AttentionPlan.ColumnUnit(plans));
        writer.Line($"public static int InterleavedInput => {Interleaved(plans, plan => plan.InputProjection!)};");
        writer.Line($"public static int InterleavedMemory => {Interleaved(plans, plan => plan.MemoryProjection!)};");
        writer.Line($"public static int InterleavedOutput => {Interleaved(plans, plan => plan.OutputProjection!)};");
    }

    private static void WriteScratch(CodeWriter writer, ScratchLayout scratch)
    {
        Number(writer, "ScratchFloats", scratch.Length);
        foreach (ScratchSlice slice in scratch.Slices)
            Number(writer, slice.Name == "Heads" ? "RunningHeadsOffset" : $"{slice.Name}Offset", slice.Offset);
    }

    /// <summary>Panels that are interleaved in the weights of a projection, as the target that runs wants them.</summary>
    private static string Interleaved(IReadOnlyList<AttentionPlan> plans, Func<AttentionPlan, ProductPlan> product)
    {
        string interleaved = "";
        foreach (AttentionPlan plan in plans.Reverse())
        {
            string mine = CodeWriter.Invariant($"{product(plan).InterleavedPanels}");
            // The last target runs wherever no other does.
            interleaved = interleaved.Length == 0 || interleaved == mine ? mine : $"{plan.Target.Condition} ? {mine} : {interleaved}";
        }

        return interleaved;
    }

    private static void Number(CodeWriter writer, string name, int value) => writer.Line(CodeWriter.Invariant($"public static int {name} => {value};"));

    private static void Mask(CodeWriter writer, string name, MaskAxes axes) =>
        writer.Line(CodeWriter.Invariant($"public static Library::MaskAxes {name} => (Library::MaskAxes){(int)axes};"));
}
