using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>From the spec of one product to all its generated files, which are those of an attention block.</summary>
internal static class LinearEmitter
{
    public static IReadOnlyList<GeneratedFile> Emit(LinearSpec spec)
    {
        IReadOnlyList<LinearPlan> plans = LinearPlan.CreateAll(spec);
        var files = new List<GeneratedFile> { LinearClassEmitter.Write(plans), LinearConstantsEmitter.Write(plans) };
        var products = new SharedProducts(spec.Class);
        files.AddRange(plans.Select(plan => LinearTargetEmitter.Write(plan, products)));
        if (spec.TakesTensors)
            files.Add(LinearTensorEmitter.Write(plans[0]));
        return FileEmitter.Together(spec.Class, files, products.Files);
    }
}
