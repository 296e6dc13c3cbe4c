using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the file with the numbers of a class and of its plan, which the runtime's path of a call folds. They are the same for every vector target.
/// </summary>
internal static class ConstantsEmitter
{
    /// <summary>Name of the nested type that holds the numbers.</summary>
    public const string TypeName = "PathConstants";

    /// <summary>Name of the nested type with the numbers of a decoder layer's cross-attention.</summary>
    public const string MemoryTypeName = "MemoryConstants";

    private const string Flags = "Services::AttentionFeatures";

    /// <summary>The path of a call, closed over the kernels of a vector target and the numbers.</summary>
    public static string Path(VectorTarget target) => $"Services::AttentionCall<{TargetEmitter.KernelsName(target)}, {TypeName}>";

    /// <summary>The path of the cross-attention of a decoder layer.</summary>
    public static string MemoryPath(VectorTarget target) => $"Services::AttentionCall<{MemoryKernelsEmitter.KernelsName(target)}, {MemoryTypeName}>";

    public static GeneratedFile Write(IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        return Write(
            AttentionProse.Of(plan), "IAttentionConstants", writer => WriteNumbers(writer, plans), writer => KernelConstantsEmitter.Write(writer, plan),
            writer => WriteMemoryNumbers(writer, plans));
    }

    /// <summary>Writes the file of numbers of any kind of class.</summary>
    /// <param name="plan">What is said of the class.</param>
    /// <param name="implemented">The interface that the numbers implement.</param>
    /// <param name="writeNumbers">Writes the numbers.</param>
    /// <param name="writeNames">Writes what stands before them, for the kernels.</param>
    /// <param name="writeFurther">Writes what stands behind them.</param>
    public static GeneratedFile Write(
        PlanProse plan, string implemented, Action<CodeWriter> writeNumbers, Action<CodeWriter>? writeNames = null, Action<CodeWriter>? writeFurther = null)
    {
        void WriteMembers(CodeWriter writer)
        {
            writeNames?.Invoke(writer);
            using (FileEmitter.Struct(writer, TypeName, implemented, "The numbers of this shape and its plan, for the path of a call."))
                writeNumbers(writer);
            writeFurther?.Invoke(writer);
        }

        return FileEmitter.Write(plan.Class, "Constants", writer => ProseEmitter.WriteSharedPlan(writer, plan), WriteMembers);
    }

    private static void WriteNumbers(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        WriteFeatures(writer, plan.Features);
        Numbers(writer, PathNumbers.Of(plan));
        foreach ((string name, MaskAxes axes) in PathNumbers.Masks(plan.Shape))
            writer.Line(CodeWriter.Invariant($"public static Library::MaskAxes {name} => (Library::MaskAxes){(int)axes};"));
        if (plan.Shape.KeyValues != KeyValueFormat.Float32)
            writer.Line($"public static Library::KeyValueFormat KeyValues => Library::KeyValueFormat.{plan.Shape.KeyValues};");
        if (plan.Shape.HasProjections)
            WriteProjections(writer, plans);
        writer.Line(CodeWriter.Invariant($"public static float QueryFactor => {(float)plan.QueryFactor:G9}f;"));
        if (plan.Memory is { } memory)
            writer.Line(CodeWriter.Invariant($"public static float MemoryQueryFactor => {(float)memory.QueryFactor:G9}f;"));
        Numbers(writer, PathNumbers.OfScratch(plan.Scratch));
    }

    /// <summary>The numbers of the cross-attention of a decoder layer.</summary>
    private static void WriteMemoryNumbers(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        if (plans[0].Memory is null)
            return;
        writer.Line();
        using (
            FileEmitter.Struct(writer, MemoryTypeName, "IAttentionConstants", "The same of the cross-attention, whose scratch is that of the self-attention."))
            WriteNumbers(writer, [.. plans.Select(plan => plan.Memory!)]);
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

    private static void WriteProjections(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        Numbers(writer, [("ColumnUnit", AttentionPlan.ColumnUnit(plans))]);
        writer.Line($"public static int InterleavedInput => {Interleaved(plans.Select(plan => (plan.Target, plan.InputProjection!)))};");
        writer.Line($"public static int InterleavedMemory => {Interleaved(plans.Select(plan => (plan.Target, plan.MemoryProjection!)))};");
        if (plans[0].ValueInputProjection is not null)
            writer.Line($"public static int InterleavedValueInput => {Interleaved(plans.Select(plan => (plan.Target, plan.ValueInputProjection!)))};");
        if (plans[0].OutputProjection is not null)
            writer.Line($"public static int InterleavedOutput => {Interleaved(plans.Select(plan => (plan.Target, plan.OutputProjection!)))};");
        if (plans[0].FeedForward is not { } network)
            return;
        writer.Line($"public static int InterleavedUp => {Interleaved(plans.Select(plan => (plan.Target, plan.FeedForward!.Up)))};");
        writer.Line($"public static int InterleavedDown => {Interleaved(plans.Select(plan => (plan.Target, plan.FeedForward!.Down)))};");
        writer.Line($"public static Library::Activation Activation => Library::Activation.{network.Activation};");
    }

    /// <summary>Panels that are interleaved in the weights of a projection, as the target that runs wants them.</summary>
    public static string Interleaved(IEnumerable<(VectorTarget Target, ProductPlan Product)> products)
    {
        string interleaved = "";
        foreach ((VectorTarget target, ProductPlan product) in products.Reverse())
        {
            string mine = CodeWriter.Invariant($"{product.InterleavedPanels}");
            // The last target runs wherever no other does.
            interleaved = interleaved.Length == 0 || interleaved == mine ? mine : $"{target.Condition} ? {mine} : {interleaved}";
        }

        return interleaved;
    }

    private static void Numbers(CodeWriter writer, IEnumerable<(string Name, int Value)> numbers)
    {
        foreach ((string name, int value) in numbers)
            writer.Line(CodeWriter.Invariant($"public static int {name} => {value};"));
    }
}
