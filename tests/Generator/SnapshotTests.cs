using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Plan;
using AttentionGen.Tests.Support;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>
/// The text of a few tiny shapes, so that a change of the emitter shows as a difference to read. Each has its kernels for one vector target: those for
/// the others come from the same printers.
/// <c>UPDATE_SNAPSHOTS=1 dotnet test</c> writes the files anew.
/// </summary>
public sealed class SnapshotTests
{
    private static readonly string Root = Path.Combine(RepositoryRoot.Path, "tests", "Generator", "Snapshots");

    [Theory]
    [InlineData("SelfTiny", "Vector256", "Heads = 1, DModel = 4")]
    [InlineData("CausalGrouped", "Vector256", "Heads = 4, KvHeads = 2, DModel = 16, Causal = true, Rotary = RotaryKind.Interleaved, KeyBias = false")]
    [InlineData("CrossLengths", "Vector256", "Heads = 2, DModel = 6, MemoryDim = 5, KeyLengths = true")]
    [InlineData("CoreGrouped", "Vector256", "Heads = 4, KvHeads = 2, HeadDim = 4, ValueHeadDim = 6, Projections = false, Layout = HeadLayout.HeadsRows, "
        + "QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit")]
    [InlineData("General", "Vector256", "Heads = 2, KvHeads = 1, DModel = 8, Causal = true, WindowLeft = 20, KeyLengths = true, BooleanMask = "
        + "MaskAxes.BatchKey, "
        + "AdditiveMask = MaskAxes.QueryKey, Softcap = 2, Sinks = true, Outputs = AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp")]
    [InlineData("Ragged", "Vector256", "Heads = 2, DModel = 8, Causal = true, Ragged = true, WindowLeft = 20, KeyLengths = true, Documents = true, "
        + "Outputs = AttentionOutputs.LogSumExp")]
    [InlineData("Narrow", "Vector256", "Heads = 2, KvHeads = 1, HeadDim = 4, Projections = false, BooleanMask = MaskAxes.BatchKey, "
        + "KeyValues = KeyValueFormat.Int8")]
    [InlineData("Flex", "Vector256", "Heads = 2, KvHeads = 1, HeadDim = 4, Projections = false, Sinks = true, ZeroKeyValue = true",
        "[ScoreModifier] static float Seen(float score, int head, int query, int key) => query >= key ? score : float.NegativeInfinity; "
        + "[ProbabilityModifier] static float Square(float probability, int head, int query, int key) => probability * probability;")]
    [InlineData("Interleaved", "Vector512", "Heads = 2, DModel = 32")]
    [InlineData("NeonTiny", "Neon", "Heads = 1, DModel = 4")]
    public void Text_is_as_it_was(string name, string target, string arguments, string members = "") =>
        Check(name, target, $"AttentionConfig({arguments})", members: members);

    [Theory]
    [InlineData("LinearGated", "Vector256", "Inputs = 300, Outputs = 20, Activation = Activation.Silu, Gate = true, Residual = true")]
    public void Text_of_a_product_is_as_it_was(string name, string target, string arguments) => Check(name, target, $"LinearConfig({arguments})");

    [Theory]
    [InlineData("Layer", "Vector256", "Heads = 1, DModel = 16, FeedForwardDim = 20, Gated = true, UpBias = false, NormPlacement = NormPlacement.Both")]
    [InlineData("Decoder", "Vector256", "Heads = 1, DModel = 16, FeedForwardDim = 20, Causal = true, MemoryDim = 32, MemoryLengths = true")]
    public void Text_of_a_layer_is_as_it_was(string name, string target, string arguments) => Check(name, target, $"TransformerLayerConfig({arguments})");

    /// <summary>The file for users alone: those of the classes inside are like those above.</summary>
    [Fact]
    public void Text_of_latent_attention_is_as_it_was() => Check(
        "Latent", "", "LatentAttentionConfig(Heads = 2, DModel = 8, HeadDim = 12, RotaryDim = 4, ValueHeadDim = 6, LatentDim = 10, QueryLatentDim = 7)",
        only: "Snapshots.Latent.g.cs");

    /// <summary>In a project that references System.Numerics.Tensors.</summary>
    [Fact]
    public void Text_for_tensors_is_as_it_was() =>
        Check(
            "Tensors", "Vector256", "AttentionConfig(Heads = 2, DModel = 8, Causal = true, KeyLengths = true, BooleanMask = MaskAxes.BatchKey)", tensors: true);

    private static void Check(string name, string target, string attribute, bool tensors = false, string members = "", string? only = null)
    {
        string folder = Path.Combine(Root, name);
        CSharpCompilation compilation = Compile(
            $"namespace Snapshots; [{attribute}] internal sealed partial class {name}{(members.Length == 0 ? ";" : $" {{ {members} }}")}");
        string ours = $"{SharedProducts.Namespace}.{target}_";
        Dictionary<string, string> actual = Generate(tensors ? compilation.AddReferences(KernelFactory.TensorReference) : compilation)
            .Result.GeneratedSources.ToDictionary(file => file.HintName, file => file.SourceText.ToString())
            .Where(file => only is null
                ? file.Key.StartsWith("Snapshots.", StringComparison.Ordinal) || file.Key.StartsWith(ours, StringComparison.Ordinal)
                : file.Key == only)
            .Where(file => !VectorTarget.All.Any(other => other.Name != target && file.Key.EndsWith($".{other.Name}.g.cs", StringComparison.Ordinal)))
            .ToDictionary(file => $"{NameOf(file.Key[..^".g.cs".Length])}.cs.txt", file => file.Value);
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
            Write(folder, actual);

        string[] present = [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(actual.Keys.Order(StringComparer.Ordinal), present);
        foreach ((string file, string text) in actual)
        {
            string expected = File.ReadAllText(Path.Combine(folder, file)).Replace("\r\n", "\n");
            if (expected != text)
                Assert.Fail($"{file} differs from line {FirstDifference(expected, text)} on; UPDATE_SNAPSHOTS=1 dotnet test takes over the new text.");
        }
    }

    /// <summary>A file's name in the folder: that of a product stays when its text, and with it the name of its type, changes.</summary>
    private static string NameOf(string file) => file.StartsWith("Snapshots.", StringComparison.Ordinal)
        ? file["Snapshots.".Length..]
        : file[(SharedProducts.Namespace.Length + 1)..file.LastIndexOf('_')];

    private static void Write(string folder, Dictionary<string, string> files)
    {
        Directory.CreateDirectory(folder);
        foreach (string stale in Directory.GetFiles(folder))
            File.Delete(stale);
        foreach ((string file, string text) in files)
            File.WriteAllText(Path.Combine(folder, file), text);
    }

    private static string FirstDifference(string expected, string actual)
    {
        string[] old = expected.Split('\n');
        string[] now = actual.Split('\n');
        int line = Enumerable.Range(0, Math.Max(old.Length, now.Length)).First(index => old.ElementAtOrDefault(index) != now.ElementAtOrDefault(index));
        return $"{line + 1} ('{old.ElementAtOrDefault(line)}' became '{now.ElementAtOrDefault(line)}')";
    }
}
