namespace AttentionGen.Tests.Generator;

internal sealed partial record DiagnosticCase
{
    private const string SmallLayer = "Heads = 2, DModel = 32, FeedForwardDim = 64";

    private static IEnumerable<DiagnosticCase> Layers()
    {
        static string Layer(string arguments) => $"[TransformerLayerConfig({arguments})] partial class Block;";
        static DiagnosticCase Setting(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, Layer(illegal), Layer(legal), parts);

        yield return new(
            "FeedForwardDim missing",
            "AG0070",
            "[«TransformerLayerConfig(Heads = 2, DModel = 32)»] partial class Block;",
            Layer(SmallLayer),
            "FeedForwardDim is missing",
            "1 to 262144",
            "FeedForwardDim = 2048");
        yield return Setting(
            "FeedForwardDim negative",
            "AG0070",
            "Heads = 2, DModel = 32, «FeedForwardDim = -1»",
            "Heads = 2, DModel = 32, FeedForwardDim = 1",
            "is -1",
            "use 1");
        yield return Setting("FeedForwardDim too wide", "AG0070", "Heads = 2, DModel = 32, «FeedForwardDim = 262145»", SmallLayer, "262145", "use 262144");
        yield return Setting(
            "layer without projections",
            "AG0072",
            "Heads = 2, HeadDim = 8, «Projections = false», FeedForwardDim = 64",
            SmallLayer,
            "Projections = false",
            "AttentionConfig");
        yield return Setting(
            "layer without an output projection",
            "AG0072",
            $"{SmallLayer}, «OutputProjection = false»",
            SmallLayer,
            "OutputProjection = false cannot be used",
            "AttentionConfig");
        yield return Setting(
            "layer with an input of values",
            "AG0072",
            $"{SmallLayer}, MemoryDim = 32, «ValueInputDim = 32»",
            $"{SmallLayer}, MemoryDim = 32",
            "ValueInputDim cannot be used with TransformerLayerConfig",
            "AttentionConfig");
        yield return Setting(
            "gradients of a decoder layer",
            "AG0053",
            $"{SmallLayer}, Gradients = true, «MemoryDim = 32»",
            $"{SmallLayer}, Gradients = true",
            "MemoryDim cannot be combined with Gradients");
        yield return Setting(
            "gradients of a layer that skips padding",
            "AG0053",
            $"{SmallLayer}, KeyLengths = true, Gradients = true, «SkipPadding = true»",
            $"{SmallLayer}, KeyLengths = true, Gradients = true",
            "SkipPadding cannot be combined with Gradients");
        yield return Setting(
            "gradients of a narrow network",
            "AG0053",
            $"{SmallLayer}, Gradients = true, «FeedForwardWeights = WeightFormat.BFloat16»",
            $"{SmallLayer}, Gradients = true",
            "FeedForwardWeights cannot be combined with Gradients");
        yield return Setting(
            "memory of a layer too wide", "AG0019", $"{SmallLayer}, «MemoryDim = 65537»", $"{SmallLayer}, MemoryDim = 24", "MemoryDim is 65537");
        yield return Setting(
            "MemoryLengths without a memory",
            "AG0024",
            $"{SmallLayer}, «MemoryLengths = true»",
            $"{SmallLayer}, MemoryLengths = true, MemoryDim = 32",
            "MemoryLengths has no effect without MemoryDim");
        yield return Setting(
            "ParallelNorms without parallel branches",
            "AG0024",
            $"{SmallLayer}, «ParallelNorms = true»",
            $"{SmallLayer}, ParallelNorms = true, ParallelBranches = true",
            "ParallelNorms has no effect without ParallelBranches");
        yield return Setting(
            "parallel branches and a memory",
            "AG0076",
            $"{SmallLayer}, «ParallelBranches = true», MemoryDim = 32",
            $"{SmallLayer}, MemoryDim = 32",
            "remove ParallelBranches");
        yield return Setting(
            "memory weights too large",
            "AG0027",
            "Heads = 256, DModel = 16384, FeedForwardDim = 64, HeadDim = 256, «MemoryDim = 65536»",
            "Heads = 256, DModel = 16384, FeedForwardDim = 64, HeadDim = 256, MemoryDim = 16",
            "key matrix",
            "smaller MemoryDim");
        yield return Setting(
            "parallel branches after the norm",
            "AG0073",
            $"{SmallLayer}, «ParallelBranches = true», NormPlacement = NormPlacement.Post",
            $"{SmallLayer}, ParallelBranches = true",
            "NormPlacement.Post",
            "NormPlacement.Pre");
        yield return Setting(
            "NormEpsilon negative", "AG0074", $"{SmallLayer}, «NormEpsilon = -1e-5f»", $"{SmallLayer}, NormEpsilon = 0", "NormEpsilon is -1E-05", "use 1E-05");
        yield return Setting("NormEpsilon NaN", "AG0074", $"{SmallLayer}, «NormEpsilon = float.NaN»", $"{SmallLayer}, NormEpsilon = 1e-12f", "NaN");
        yield return Setting(
            "ResidualScale infinite",
            "AG0075",
            $"{SmallLayer}, «ResidualScale = float.PositiveInfinity»",
            $"{SmallLayer}, ResidualScale = -2",
            "Infinity",
            "use 1");
        yield return Setting(
            "GateBias without a gate",
            "AG0024",
            $"{SmallLayer}, «GateBias = false»",
            $"{SmallLayer}, GateBias = false, Gated = true",
            "GateBias has no effect without Gated");
        yield return Setting(
            "NormBias of an RMS norm",
            "AG0024",
            $"{SmallLayer}, «NormBias = false», Norm = Norm.Rms",
            $"{SmallLayer}, NormBias = false",
            "NormBias has no effect without Norm = Norm.Layer");
        yield return Setting(
            "undefined Activation of a layer",
            "AG0026",
            $"{SmallLayer}, «Activation = (Activation)6»",
            $"{SmallLayer}, Activation = Activation.None",
            "Activation is 6",
            "Activation.Silu");
        yield return Setting(
            "feed-forward weights too large",
            "AG0027",
            "Heads = 256, DModel = 16384, «FeedForwardDim = 262144»",
            SmallLayer,
            "up matrix",
            "smaller FeedForwardDim");
        yield return Setting("setting of the attention", "AG0014", "«Heads = 0», DModel = 32, FeedForwardDim = 64", SmallLayer, "Heads is 0");
        yield return new(
            "attention and layer",
            "AG0060",
            "[AttentionConfig(Heads = 2, DModel = 32)] [«TransformerLayerConfig(Heads = 2, DModel = 32, FeedForwardDim = 64)»] partial class Block;",
            Layer(SmallLayer),
            "'Block'",
            "AttentionConfig",
            "TransformerLayerConfig");
        yield return new(
            "member named as one of a layer",
            "AG0009",
            $"[«TransformerLayerConfig({SmallLayer})»] partial class Block {{ int FeedForwardDim; }}",
            $"[TransformerLayerConfig({SmallLayer})] partial class Block {{ int Inner; }}",
            "declares 'FeedForwardDim'");
        yield return new(
            "constructor of a layer's weights",
            "AG0010",
            $"[«TransformerLayerConfig({SmallLayer})»] partial class Block {{ public Block(TransformerLayerWeights w) {{}} }}",
            $"[TransformerLayerConfig({SmallLayer})] partial class Block {{ public Block(TransformerLayerWeights w, int layer) : this(w) {{}} }}",
            "TransformerLayerWeights alone");
        yield return new(
            "layer that is not partial",
            "AG0001",
            $"[«TransformerLayerConfig({SmallLayer})»] public sealed class Block;",
            Layer(SmallLayer),
            "partial class Block");
    }
}
