using AttentionGen.Generator;
using AttentionGen.Generator.Model;
using AttentionGen.Samples.Configure;
using AttentionGen.Tests.Support;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttentionGen.Tests.Models;

/// <summary>The sample that makes attributes of a model's file: what it prints for real models is what they compute, is legal, and is all there is.</summary>
public sealed class ConfigureTests
{
    public static TheoryData<string> Models => [.. ConfigureFiles.All.Select(model => model.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_gets_its_settings_and_its_preset(string name)
    {
        (_, string json, string[] settings, string preset) = ConfigureFiles.All.Single(model => model.Name == name);
        Answer answer = Catalog.Find(ModelConfig.Parse(json, 0));
        Assert.Equal(settings.Length, answer.Classes.Count);
        for (int index = 0; index < settings.Length; index++)
            Assert.Contains(settings[index], answer.Classes[index].Settings, StringComparison.Ordinal);
        Assert.Contains($"TensorNames.{preset}(", answer.Load, StringComparison.Ordinal);
        Assert.DoesNotContain("Not understood", Catalog.Describe(json), StringComparison.Ordinal);
    }

    /// <summary>The analyzer has nothing against any of the printed attributes, and the lines that load them call methods that there are.</summary>
    [Fact]
    public void What_is_printed_is_legal()
    {
        Answer[] answers = [.. ConfigureFiles.All.Select(model => Catalog.Find(ModelConfig.Parse(model.Json, 0)))];
        LayerClass[] classes = [.. answers.SelectMany(answer => answer.Classes)];
        CSharpCompilation compilation = KernelFactory.Compilation(
            [.. classes.Select(one => new ClassText(one.Name, one.Settings, []) { Config = one.Attribute })]);
        Assert.DoesNotContain(compilation.GetDiagnostics(TestContext.Current.CancellationToken), problem => problem.Severity == DiagnosticSeverity.Error);
        for (int index = 0; index < classes.Length; index++)
        {
            var problems = new List<Diagnostic>();
            INamedTypeSymbol type = KernelFactory.ClassOf(compilation, index);
            object? spec = classes[index].Attribute switch
            {
                LayerClass.Layer =>
                    AttentionParser.ParseLayer(type, KernelKind.TransformerLayer.FindAttribute(type)!, compilation, problems.Add, CancellationToken.None),
                LayerClass.LatentAttention =>
                    LatentParser.Parse(type, KernelKind.LatentAttention.FindAttribute(type)!, compilation, problems.Add, CancellationToken.None),
                _ => AttentionParser.Parse(type, KernelKind.Attention.FindAttribute(type)!, compilation, problems.Add, CancellationToken.None),
            };
            Assert.True(spec is not null && problems.Count == 0, $"{classes[index].ToText()}\n{string.Join("\n", problems)}");
        }

        string presets = string.Join("\n", answers.Select((answer, index) => $"static void Load{index}(TensorFile file) {{ {Calls(answer.Load)} }}"));
        CSharpCompilation loads = KernelFactory.Compilation([]).AddSyntaxTrees(
            CSharpSyntaxTree.ParseText(
                $"using AttentionGen;\ninternal static class Loads\n{{\n{presets}\n}}", cancellationToken: TestContext.Current.CancellationToken));
        Assert.DoesNotContain(loads.GetDiagnostics(TestContext.Current.CancellationToken), problem => problem.Severity == DiagnosticSeverity.Error);
    }

    [Theory]
    [InlineData("""{ "model_type": "deepseek_v32" }""", "an indexer of its own")]
    [InlineData("""{ "model_type": "deepseek_v3" }""", "qk_nope_head_dim is missing; expected a whole number")]
    [InlineData("""{ "model_type": "mamba" }""", "no attention in most layers")]
    [InlineData("""{ "model_type": "unheard" }""", "model_type is 'unheard'; expected one of bert, bloom")]
    [InlineData("""{ "hidden_size": 64 }""", "model_type is missing; expected a text")]
    [InlineData("[1]", "config.json is of kind Array; expected an object")]
    [InlineData("""{ "model_type": "bert", "num_attention_heads": 5, "hidden_size": 64 }""", "it has 5 heads and rows of 64; expected heads that divide the width")]
    [InlineData("""{ "model_type": "bert", "num_attention_heads": "12", "hidden_size": 384 }""", "num_attention_heads is \"12\"; expected a whole number")]
    [InlineData("""{ "model_type": "bert", "position_embedding_type": "relative_key" }""", "position_embedding_type is 'relative_key'")]
    [InlineData("""{ "model_type": "mpt", "d_model": 64, "n_heads": 4, "attn_config": { "clip_qkv": 8, "alibi": true } }""", "attn_config.clip_qkv is set")]
    [InlineData(
        """{ "model_type": "llama", "num_attention_heads": 4, "hidden_size": 64, "rope_scaling": { "rope_type": "other" } }""",
        "the scaling of its rotation is 'other'")]
    public void What_no_kernel_computes_is_refused(string json, string message) => Assert.Contains(
        message, Assert.Throws<UnsupportedModelException>(() => Catalog.Describe(json)).Message, StringComparison.Ordinal);

    /// <summary>A key that nobody has read may change a layer, so it is named.</summary>
    [Fact]
    public void What_is_not_understood_is_said()
    {
        string json = ConfigureFiles.All[0].Json.Replace("\"mlp_bias\": false", "\"mlp_bias\": false, \"residual_multiplier\": 0.22", StringComparison.Ordinal);
        Assert.Contains("Not understood, so look whether it changes a layer: residual_multiplier.", Catalog.Describe(json), StringComparison.Ordinal);
    }

    [Fact]
    public void The_length_of_contexts_decides_a_rotation()
    {
        string json = ConfigureFiles.All.Single(model => model.Name == "Phi-3.5 mini").Json;
        Assert.Contains("RotaryLength = 16384", Catalog.Describe(json, length: 16_384), StringComparison.Ordinal);
    }

    /// <summary>Lines that load without the classes, which the generator would have to complete first.</summary>
    private static string Calls(string load) => string.Join(
        " ", System.Text.RegularExpressions.Regex.Matches(load, @"(?:Transformer|Attention|Latent)TensorNames\.\w+\((?:[^()]|\([^()]*\))*\)")
            .Select(match => $"_ = {match.Value.Replace("layer}", "0}", StringComparison.Ordinal).Replace("layer + 1}", "1}", StringComparison.Ordinal)};"));
}
