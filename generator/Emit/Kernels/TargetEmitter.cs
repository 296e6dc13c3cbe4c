using System;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target: every kernel of the shape.</summary>
internal static class TargetEmitter
{
    /// <summary>Name of the nested type that holds a target's kernels.</summary>
    public static string KernelsName(VectorTarget target) => $"{target.Name}Kernels";

    public static GeneratedFile Write(AttentionPlan plan, SharedProducts products)
    {
        void WriteMembers(CodeWriter writer)
        {
            if (plan.Shape.HasProjections)
                WriteProjections(writer, plan, products);
            foreach (ProductPlan product in (ProductPlan[])[plan.Scores, plan.Values])
            {
                writer.Line();
                WriteCall(writer, MatrixKernelEmitter.Signature(product.Kernel), products.TypeOf(plan.Target, product));
            }

            if (plan.Target.Base is { } equal)
                WriteCalls(writer, plan, KernelsName(equal));
            else
                WriteKernels(writer, plan);
            if (plan.Memory is not null)
                MemoryKernelsEmitter.WriteCalls(writer, plan.Target);
        }

        return Write(AttentionProse.Of(plan), "IAttentionKernels", WriteMembers, writer => WriteMemory(writer, plan, products));
    }

    /// <summary>Writes the file of one vector target for any kind of class.</summary>
    /// <param name="plan">What is said of the class.</param>
    /// <param name="implemented">The interface that the kernels implement.</param>
    /// <param name="writeKernels">Writes the kernels.</param>
    /// <param name="writeFurther">Writes what stands behind them.</param>
    public static GeneratedFile Write(
        PlanProse plan, string implemented, Action<CodeWriter> writeKernels, Action<CodeWriter>? writeFurther = null)
    {
        void WriteMembers(CodeWriter writer)
        {
            using (FileEmitter.Struct(writer, KernelsName(plan.Target), implemented, $"The kernels of this shape for {plan.Target.Name}."))
            {
                writer.Line($"public static bool PinsRows => {(plan.Target.PinsRows ? "true" : "false")};");
                writeKernels(writer);
            }

            writeFurther?.Invoke(writer);
        }

        return FileEmitter.Write(plan.Class, plan.Target.Name, writer => ProseEmitter.WritePlan(writer, plan), WriteMembers);
    }

    /// <summary>Writes a name by which the path of a call knows a product.</summary>
    public static void WriteName(CodeWriter writer, string name, ProductPlan product, string type)
    {
        writer.Line();
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        writer.Line($"public static void {name}(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>");
        writer.Line($"    {type}.{product.Name}(ref a, rows, ref weights, ref bias, panels, ref c, stride);");
    }

    /// <summary>Writes a kernel that is the method of another type.</summary>
    public static void WriteCall(CodeWriter writer, KernelSignature kernel, string type)
    {
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        writer.Line($"{kernel.Declaration} => {kernel.Call(type)};");
    }

    /// <summary>The kernels of the cross-attention of a decoder layer.</summary>
    private static void WriteMemory(CodeWriter writer, AttentionPlan plan, SharedProducts products)
    {
        if (plan.Memory is not { } memory)
            return;
        writer.Line();
        MemoryKernelsEmitter.Write(writer, memory, products, joinsAlike: !plan.Steps.TakesSinks && !plan.Steps.ModifiesProbabilities);
    }

    /// <summary>All kernels that are no products.</summary>
    private static void WriteKernels(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line();
        MergeHeadsEmitter.Write(writer, plan);
        writer.Line();
        SoftmaxEmitter.Write(writer, plan);
        writer.Line();
        ModifyEmitter.Write(writer, plan);
        if (plan.Steps.Finishes)
        {
            FinishEmitter.Write(writer, plan);
            writer.Line();
        }

        if (plan.Steps.ModifiesProbabilities)
            ModifiedProbabilitiesEmitter.Write(writer, plan);
        if (plan.Steps.WritesProbabilities)
        {
            ExtraOutputsEmitter.WriteKernel(writer, plan);
            writer.Line();
        }

        JoinEmitter.Write(writer, plan);
        if (plan.Steps.DeclaredRange is { } range)
            WriteDeclaredRange(writer, plan.Class, range);
    }

    /// <summary>The kernels that are no products, of another vector target.</summary>
    private static void WriteCalls(CodeWriter writer, AttentionPlan plan, string kernels)
    {
        foreach (KernelSignature kernel in KernelSignature.Of(plan))
        {
            writer.Line();
            writer.Line($"{kernel.Declaration} => {kernel.Call(kernels)};");
        }
    }

    /// <summary>The names by which the path of a call knows the projections.</summary>
    private static void WriteProjections(CodeWriter writer, AttentionPlan plan, SharedProducts products)
    {
        void Name(string name, ProductPlan? product)
        {
            if (product is not null)
                WriteName(writer, name, product, products.TypeOf(plan.Target, product));
        }

        Name("ProjectInput", plan.InputProjection);
        Name("ProjectMemory", plan.MemoryProjection);
        Name("ProjectValueInput", plan.ValueInputProjection);
        Name("ProjectOutput", plan.OutputProjection);
        Name("ProjectUp", plan.FeedForward?.Up);
        Name("ProjectDown", plan.FeedForward?.Down);
    }

    private static void WriteDeclaredRange(CodeWriter writer, KernelClass kernelClass, string range)
    {
        writer.Line();
        writer.Line("/// <summary>The keys that the mask predicate may let a row see.</summary>");
        writer.Line($"{KernelSignature.DeclaredRange.Declaration} => {HookEmitter.Range(kernelClass, range, "head", "query", "keys")};");
    }
}
