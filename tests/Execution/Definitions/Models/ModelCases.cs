using System.Reflection;
using System.Text;
using AttentionGen.Samples.Configure;
using AttentionGen.Tests.Execution.Definitions.Models.Families;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>All models: their classes and the lines that load them, as samples/Configure prints them, in one compilation.</summary>
internal static class ModelCases
{
    public static readonly ModelCase[] All =
    [
        .. LlamaModels.All, .. BlockModels.All, .. DeepSeekModels.All, .. PhiModels.All, .. GemmaModels.All, .. NeoXModels.All, .. FalconModels.All,
        .. AlibiModels.All, .. GptModels.All, .. EncoderModels.All, .. ModernBertModels.All, .. EncoderDecoderModels.All, .. TowerModels.All,
    ];

    private static readonly Lazy<Assembly> Compiled = new(() => KernelFactory.CompileText(Source()));

    /// <summary>The parts of a model as the printed lines load them from its file.</summary>
    public static Dictionary<string, IModelPart> Load(ModelCase model, TensorFile file)
    {
        MethodInfo load = Compiled.Value.GetType($"Case{Array.IndexOf(All, model)}.Program", throwOnError: true)!.GetMethod("Load")!;
        var loaded = (object[])load.Invoke(null, [file])!;
        return model.Parts.Zip(loaded).ToDictionary(pair => pair.First.Variable, pair => ModelPart.Of(pair.Second));
    }

    private static string Source()
    {
        var source = new StringBuilder("using AttentionGen;\n");
        var compiled = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int index = 0; index < All.Length; index++)
        {
            Answer answer = All[index].Answer();
            source.Append($"\nnamespace Case{index}\n{{\n");
            // Models that declare the same share the class, since it is the compiler that takes the time.
            string aliases = "", classes = "";
            foreach (LayerClass layer in answer.Classes)
            {
                string settings = layer.Attribute + layer.Settings;
                if (compiled.TryAdd(settings, $"Case{index}.{layer.Name}"))
                    classes += $"/// <summary>{All[index].Name}</summary>\n{layer.ToText()}\n";
                else
                    aliases += $"using {layer.Name} = {compiled[settings]};\n";
            }

            source.Append(aliases).Append(classes).Append(All[index].FurtherClasses);
            source.Append("internal static class Program\n{\npublic static object[] Load(TensorFile file)\n{\n")
                .Append($"{answer.Load}\n{All[index].Further}\n")
                .Append($"return new object[] {{ {string.Join(", ", All[index].Parts.Select(part => part.Variable))} }};\n}}\n}}\n}}\n");
        }

        return source.ToString();
    }
}
