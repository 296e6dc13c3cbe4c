namespace AttentionGen.Tests.Generator;

internal sealed partial record DiagnosticCase
{
    private const string Core = "Heads = 2, HeadDim = 4, Projections = false";
    private const string Rotary = $"{Small}, Rotary = RotaryKind.HalfSplit";

    private static IEnumerable<DiagnosticCase> Variants() =>
        [.. Shapes(), .. Visibilities(), .. KeyValues(), .. Gradients(), .. Scores(), .. RotaryScalings(), .. RotaryLists(), .. Combinations()];

    private static IEnumerable<DiagnosticCase> Shapes()
    {
        yield return Setting("ValueHeadDim negative", "AG0033", $"{Small}, «ValueHeadDim = -1»", $"{Small}, ValueHeadDim = 1", "-1", "1 to 512", "use 1");
        yield return Setting("ValueHeadDim too wide", "AG0033", $"{Small}, «ValueHeadDim = 513»", $"{Small}, ValueHeadDim = 512", "513", "use 512");
        foreach (string setting in new[] { "DModel = 8", "MemoryDim = 8", "QueryBias = false", "KeyBias = true", "ValueBias = false", "OutputBias = false" })
            yield return Setting(
                $"{setting} without projections",
                "AG0034",
                $"{Core}, «{setting}»",
                $"{Core}, DModel = 0, MemoryDim = 0",
                $"{setting.Split(' ')[0]} belongs to the projections",
                "remove Projections = false");
        yield return Setting(
            "output projection without projections",
            "AG0034",
            $"{Core}, «OutputProjection = false»",
            Core,
            "OutputProjection belongs to the projections");
        yield return Setting(
            "biases of inputs that are projected",
            "AG0024",
            $"{Small}, «InputBias = true»",
            $"{Core}, InputBias = true",
            "InputBias has no effect without Projections = false");
        yield return Setting(
            "bias without an output projection",
            "AG0024",
            $"{Small}, OutputProjection = false, «OutputBias = true»",
            $"{Small}, OutputProjection = true, OutputBias = true",
            "OutputBias has no effect without OutputProjection");
        yield return Setting(
            "output gate without projections",
            "AG0034",
            $"{Core}, «OutputGate = true»",
            $"{Core}, OutputGate = false",
            "OutputGate belongs to the projections");
        yield return Setting(
            "SkipPadding without projections",
            "AG0034",
            $"{Core}, KeyLengths = true, «SkipPadding = true»",
            $"{Core}, KeyLengths = true, SkipPadding = false",
            "SkipPadding belongs to the projections");
        yield return new(
            "HeadDim missing without projections",
            "AG0035",
            "[«AttentionConfig(Heads = 2, Projections = false)»] partial class Block;",
            Block(Core),
            "HeadDim is missing",
            "1 to 512",
            "HeadDim = 64");
        yield return Setting(
            "HeadDim too wide without projections",
            "AG0017",
            "Heads = 2, Projections = false, «HeadDim = 600»",
            "Heads = 2, Projections = false, HeadDim = 512",
            "HeadDim is 600",
            "use 512");
        yield return Setting(
            "SequenceLength beyond a span without projections",
            "AG0021",
            "Heads = 256, HeadDim = 8, ValueHeadDim = 256, Projections = false, «SequenceLength = 40000»",
            $"{Core}, SequenceLength = 8",
            "65536 floats a row",
            "use 32767");
        yield return Setting(
            "undefined Layout",
            "AG0026",
            $"{Core}, «Layout = (HeadLayout)2»",
            $"{Core}, Layout = HeadLayout.HeadsRows",
            "Layout is 2",
            "HeadLayout.RowsHeads or HeadLayout.HeadsRows");
        yield return Setting(
            "Layout with projections",
            "AG0024",
            $"{Small}, «Layout = HeadLayout.HeadsRows»",
            $"{Core}, Layout = HeadLayout.RowsHeads",
            "Layout has no effect without Projections = false");
        yield return Setting(
            "output weights too large",
            "AG0027",
            "Heads = 256, HeadDim = 1, ValueHeadDim = 256, «DModel = 32768»",
            "Heads = 256, HeadDim = 1, ValueHeadDim = 2, DModel = 8",
            "output matrix",
            "2147483648",
            "ValueHeadDim");
        yield return Setting(
            "value weights too large",
            "AG0027",
            "Heads = 256, HeadDim = 1, ValueHeadDim = 256, DModel = 8, «MemoryDim = 32768»",
            "Heads = 2, HeadDim = 1, ValueHeadDim = 2, DModel = 8, MemoryDim = 32",
            "value matrix",
            "smaller MemoryDim");
    }

    private static IEnumerable<DiagnosticCase> Visibilities()
    {
        yield return Setting("WindowLeft too negative", "AG0036", $"{Small}, «WindowLeft = -2»", $"{Small}, WindowLeft = -1", "WindowLeft is -2", "use -1");
        yield return Setting("WindowRight too negative", "AG0036", $"{Small}, «WindowRight = -4095»", $"{Small}, WindowRight = 0", "WindowRight is -4095");
        yield return Setting(
            "WindowRight of any int",
            "AG0036",
            $"{Small}, «WindowRight = int.MinValue»",
            $"{Small}, WindowRight = int.MaxValue, WindowLeft = int.MaxValue",
            "WindowRight is -2147483648");
        yield return Setting("ChunkSize negative", "AG0037", $"{Small}, «ChunkSize = -1»", $"{Small}, ChunkSize = 1", "-1", "use 1");
        yield return Setting(
            "BooleanMask without keys",
            "AG0046",
            $"{Small}, «BooleanMask = MaskAxes.Batch | MaskAxes.Query»",
            $"{Small}, BooleanMask = MaskAxes.BatchQueryKey",
            "BooleanMask is MaskAxes.Batch | MaskAxes.Query but",
            "| MaskAxes.Key");
        yield return Setting(
            "AdditiveMask without keys",
            "AG0046",
            $"{Small}, «AdditiveMask = MaskAxes.Head»",
            $"{Small}, AdditiveMask = MaskAxes.Key",
            "use MaskAxes.Head | MaskAxes.Key");
        yield return Setting(
            "undefined BooleanMask",
            "AG0026",
            $"{Small}, «BooleanMask = (MaskAxes)24»",
            $"{Small}, BooleanMask = (MaskAxes)15",
            "BooleanMask is 24",
            "MaskAxes.Batch, MaskAxes.Head, MaskAxes.Query, MaskAxes.Key");
        yield return Setting(
            "MaskLength without a mask",
            "AG0024",
            $"{Small}, «MaskLength = true»",
            $"{Small}, MaskLength = true, AdditiveMask = MaskAxes.Key",
            "MaskLength has no effect without BooleanMask or AdditiveMask");
        yield return Setting(
            "PrefixLengths without Causal",
            "AG0024",
            $"{Small}, «PrefixLengths = true»",
            $"{Small}, PrefixLengths = true, Causal = true",
            "PrefixLengths has no effect without Causal");
        yield return Setting(
            "SkipPadding without KeyLengths",
            "AG0024",
            $"{Small}, «SkipPadding = true»",
            $"{Small}, SkipPadding = true, KeyLengths = true",
            "SkipPadding has no effect without KeyLengths");
        foreach (string rule in new[] { "WindowLeft = 3", "WindowRight = 3", "ChunkSize = 4", "Documents = true", "Alibi = true",
            "RelativePositionBuckets = 8" })
            yield return Setting(
                $"CausalAlignment with {rule} and without",
                "AG0024",
                $"{Small}, Softcap = 1, «CausalAlignment = CausalAlignment.BottomRight»",
                $"{Small}, {rule}, CausalAlignment = CausalAlignment.BottomRight",
                "another rule that compares positions");
        const string Alignment =
            $"[AttentionConfig({Small}, «CausalAlignment = CausalAlignment.BottomRight»)] partial class Block {{ static bool Sees(int h, int q, int k) => k < "
                + $"q; void Use() => Sees(0, 0, 0); }}";
        yield return new(
            "CausalAlignment with a predicate that is not marked",
            "AG0024",
            Alignment,
            Alignment.Replace("static bool", "[MaskPredicate] static bool"),
            "CausalAlignment has no effect");
        yield return Setting(
            "Documents of cross-attention",
            "AG0050",
            $"{Small}, MemoryDim = 8, «Documents = true»",
            $"{Small}, Documents = true",
            "remove Documents",
            "remove MemoryDim");
        yield return Setting(
            "SkipPadding of cross-attention",
            "AG0051",
            $"{Small}, MemoryDim = 8, KeyLengths = true, «SkipPadding = true»",
            $"{Small}, MemoryDim = 8, KeyLengths = true",
            "remove SkipPadding",
            "remove MemoryDim");
    }

    private static IEnumerable<DiagnosticCase> KeyValues()
    {
        yield return Setting(
            "narrow keys of an encoder",
            "AG0052",
            $"{Small}, «KeyValues = KeyValueFormat.Int8»",
            $"{Small}, KeyValues = KeyValueFormat.Int8, Causal = true",
            "KeyValueFormat.Int8",
            "its rows see all others",
            "add Causal = true");
        yield return Setting(
            "narrow keys of a fixed length",
            "AG0052",
            $"{Small}, Causal = true, SequenceLength = 4, «KeyValues = KeyValueFormat.BFloat16»",
            $"{Small}, Causal = true, KeyValues = KeyValueFormat.BFloat16",
            "SequenceLength fixes its rows",
            "remove SequenceLength");
        yield return Setting(
            "narrow keys of an encoder of a fixed length",
            "AG0052",
            $"{Small}, SequenceLength = 4, «KeyValues = KeyValueFormat.Float16»",
            $"{Small}, SequenceLength = 4, KeyValues = KeyValueFormat.Float32",
            "remove SequenceLength and add Causal = true");
        yield return Setting(
            "undefined KeyValues",
            "AG0026",
            $"{Core}, «KeyValues = (KeyValueFormat)4»",
            $"{Core}, KeyValues = KeyValueFormat.Int8",
            "KeyValues is 4");
    }

    private static IEnumerable<DiagnosticCase> Gradients()
    {
        yield return Setting(
            "gradients of narrow weights",
            "AG0053",
            $"{Small}, Gradients = true, «Weights = WeightFormat.BFloat16»",
            $"{Small}, Gradients = true",
            "Weights cannot be combined with Gradients",
            "remove one of the two");
        yield return Setting(
            "gradients of narrow keys",
            "AG0053",
            $"{Small}, Causal = true, Gradients = true, «KeyValues = KeyValueFormat.Int8»",
            $"{Small}, Causal = true, Gradients = true",
            "KeyValues cannot be combined with Gradients");
        yield return Setting(
            "gradients of biases of inputs",
            "AG0053",
            $"{Core}, Gradients = true, «InputBias = true»",
            $"{Core}, Gradients = true",
            "InputBias cannot be combined with Gradients");
        yield return Setting(
            "gradients without an output projection",
            "AG0053",
            $"{Small}, Gradients = true, «OutputProjection = false»",
            $"{Small}, Gradients = true",
            "OutputProjection cannot be combined with Gradients");
        yield return Setting(
            "gradients of an output gate",
            "AG0053",
            $"{Small}, Gradients = true, «OutputGate = true»",
            $"{Small}, Gradients = true",
            "OutputGate cannot be combined with Gradients");
        (string, string)[] hooks =
        [
            ("ScoreModifier", "float Change(float s, int h, int q, int k) => s"), ("ProbabilityModifier", "float Change(float p, int h, int q, int k) => p"),
            ("MaskPredicate", "bool Sees(int h, int q, int k) => k < q"),
        ];
        foreach ((string attribute, string method) in hooks)
        {
            string Class(string settings, string hook) => $"[AttentionConfig({Small}{settings})] partial class Block {{ {hook}static {method}; }}";
            yield return new(
                $"gradients of a {attribute}",
                "AG0053",
                Class(", «Gradients = true»", $"[{attribute}] "),
                Class("", $"[{attribute}] "),
                $"[{attribute}] cannot be combined with Gradients",
                "remove Gradients");
        }
    }

    private static IEnumerable<DiagnosticCase> Combinations()
    {
        const string Ragged = $"{Small}, Ragged = true";
        yield return Setting(
            "ragged boolean mask",
            "AG0049",
            $"{Ragged}, «BooleanMask = MaskAxes.Key»",
            $"{Ragged}, KeyLengths = true",
            "BooleanMask cannot be combined with Ragged",
            "remove one");
        yield return Setting(
            "ragged additive mask",
            "AG0049",
            $"{Ragged}, «AdditiveMask = MaskAxes.QueryKey»",
            $"{Ragged}, Alibi = true",
            "AdditiveMask cannot be combined with Ragged");
        yield return Setting(
            "ragged probabilities",
            "AG0049",
            $"{Ragged}, «Outputs = AttentionOutputs.Probabilities»",
            $"{Ragged}, Outputs = AttentionOutputs.LogSumExp",
            "other than AttentionOutputs.LogSumExp");
        yield return Setting(
            "ragged averaged probabilities",
            "AG0049",
            $"{Ragged}, «Outputs = AttentionOutputs.AveragedProbabilities»",
            $"{Ragged}, Outputs = AttentionOutputs.LogSumExp",
            "other than AttentionOutputs.LogSumExp");
        yield return Setting(
            "ragged scores",
            "AG0049",
            $"{Ragged}, «Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.MaskedScores»",
            $"{Ragged}, Outputs = AttentionOutputs.LogSumExp",
            "other than AttentionOutputs.LogSumExp");
        yield return Setting(
            "ragged sequences of one length", "AG0049", $"{Ragged}, «SequenceLength = 8»", Ragged, "SequenceLength cannot be combined with Ragged");
        yield return Setting(
            "ragged padding",
            "AG0049",
            $"{Ragged}, KeyLengths = true, «SkipPadding = true»",
            $"{Ragged}, KeyLengths = true",
            "SkipPadding cannot be combined with Ragged");
        yield return Setting(
            "ragged heads apart",
            "AG0049",
            $"{Core}, Ragged = true, «Layout = HeadLayout.HeadsRows»",
            $"{Core}, Ragged = true, Layout = HeadLayout.RowsHeads",
            "Layout cannot be combined with Ragged");
    }
}
