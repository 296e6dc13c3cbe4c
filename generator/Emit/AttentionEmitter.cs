using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>From a spec to all its generated files: one that users see, the numbers that the path of a call folds, and one for each vector target.</summary>
internal static class AttentionEmitter
{
    public static IReadOnlyList<GeneratedFile> Emit(AttentionSpec spec)
    {
        IReadOnlyList<AttentionPlan> plans = AttentionPlan.CreateAll(spec);
        var files = new List<GeneratedFile> { ClassEmitter.Write(plans), ConstantsEmitter.Write(plans) };
        var products = new SharedProducts(spec.Class);
        files.AddRange(plans.Select(plan => TargetEmitter.Write(plan, products)));
        if (spec.TakesTensors && TensorEmitter.HasForms(spec.Shape))
            files.Add(TensorEmitter.Write(plans[0]));
        return FileEmitter.Together(spec.Class, files, products.Files);
    }
}
