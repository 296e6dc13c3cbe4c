using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>From the spec of a block of latent attention to all its generated files: its own, and those of the classes inside it.</summary>
internal static class LatentEmitter
{
    public static IReadOnlyList<GeneratedFile> Emit(LatentSpec spec)
    {
        LatentPlan plan = LatentPlan.Create(spec);
        List<GeneratedFile> files = [.. FileEmitter.Together(spec.Class, [LatentClassEmitter.Write(plan)], [])];
        files.AddRange(AttentionEmitter.Emit(plan.Expanded));
        files.AddRange(AttentionEmitter.Emit(plan.Absorbed));
        files.AddRange(plan.Products.SelectMany(product => LinearEmitter.Emit(product.Spec)));
        // The classes inside share products.
        return [.. files.GroupBy(file => file.HintName).Select(same => same.First())];
    }
}
