namespace AttentionGen.Tests.Generator;

internal sealed partial record DiagnosticCase
{
    private const string Core = "Heads = 2, HeadDim = 4, Projections = false";
    private const string Rotary = $"{Small}, Rotary = RotaryKind.HalfSplit";
    private const string Llama = $"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 64";
    private const string Yarn = $"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 8, RotaryOriginalLength = 64";

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

    private static IEnumerable<DiagnosticCase> Scores()
    {
        yield return Setting("Softcap negative", "AG0038", $"{Small}, «Softcap = -50f»", $"{Small}, Softcap = 50f", "Softcap is -50", "use 50");
        // Its reciprocal is no float.
        yield return Setting(
            "Softcap negative and subnormal", "AG0038", $"{Small}, «Softcap = -float.Epsilon»", $"{Small}, Softcap = float.Epsilon", "Softcap is -1E-45");
        yield return Setting(
            "Softcap infinite",
            "AG0038",
            $"{Small}, «Softcap = float.PositiveInfinity»",
            $"{Small}, Softcap = float.MaxValue",
            "Infinity",
            "use a number such as 50");
        yield return Setting("Softcap NaN", "AG0038", $"{Small}, «Softcap = float.NaN»", $"{Small}, Softcap = 0", "NaN");
        const string Sigmoid = "ScoreFunction = ScoreFunction.Sigmoid";
        yield return Setting(
            "no bias of a sigmoid",
            "AG0056",
            $"{Small}, Causal = true, «{Sigmoid}»",
            $"{Small}, SequenceLength = 8, {Sigmoid}",
            "SigmoidBias is missing",
            "SigmoidBias = -6.93f");
        yield return Setting(
            "bias of a sigmoid infinite",
            "AG0056",
            $"{Small}, {Sigmoid}, «SigmoidBias = float.NegativeInfinity»",
            $"{Small}, {Sigmoid}, SigmoidBias = 0",
            "SigmoidBias is -Infinity");
        yield return Setting(
            "bias without a sigmoid",
            "AG0024",
            $"{Small}, «SigmoidBias = -1»",
            $"{Small}, SigmoidBias = -1, {Sigmoid}",
            "SigmoidBias has no effect without ScoreFunction = ScoreFunction.Sigmoid");
        yield return Setting(
            "sinks of a sigmoid",
            "AG0057",
            $"{Small}, {Sigmoid}, SigmoidBias = -1, «Sinks = true»",
            $"{Small}, {Sigmoid}, SigmoidBias = -1",
            "Sinks needs the denominator of a softmax");
        yield return Setting(
            "log-sum-exp of a sigmoid",
            "AG0057",
            $"{Small}, {Sigmoid}, SigmoidBias = -1, «Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities»",
            $"{Small}, {Sigmoid}, SigmoidBias = -1, Outputs = AttentionOutputs.Probabilities",
            "AttentionOutputs.LogSumExp needs the denominator of a softmax");
        yield return Setting(
            "undefined ScoreFunction",
            "AG0026",
            $"{Small}, «ScoreFunction = (ScoreFunction)2»",
            $"{Small}, ScoreFunction = (ScoreFunction)0",
            "ScoreFunction.Softmax or ScoreFunction.Sigmoid");
        yield return Setting(
            "gradients of a sigmoid",
            "AG0053",
            $"{Small}, Gradients = true, SigmoidBias = -1, «{Sigmoid}»",
            $"{Small}, SigmoidBias = -1, {Sigmoid}",
            "ScoreFunction cannot be combined with Gradients");
        yield return Setting(
            "one bucket",
            "AG0039",
            $"{Small}, Causal = true, «RelativePositionBuckets = 1»",
            $"{Small}, Causal = true, RelativePositionBuckets = 2",
            "is 1 but must be from 2 to 1024",
            "use 2");
        yield return Setting(
            "two buckets in both directions",
            "AG0039",
            $"{Small}, «RelativePositionBuckets = 2»",
            $"{Small}, RelativePositionBuckets = 4",
            "from 4 to 1024",
            "use 4");
        yield return Setting(
            "odd buckets in both directions",
            "AG0039",
            $"{Small}, «RelativePositionBuckets = 31»",
            $"{Small}, Causal = true, RelativePositionBuckets = 31",
            "even",
            "use 30 or 32");
        yield return Setting(
            "too many buckets",
            "AG0039",
            $"{Small}, «RelativePositionBuckets = 1025»",
            $"{Small}, RelativePositionBuckets = 1024, RelativePositionMaxDistance = 2048",
            "use 1024");
        yield return Setting(
            "max distance of the past",
            "AG0040",
            $"{Small}, Causal = true, RelativePositionBuckets = 32, «RelativePositionMaxDistance = 16»",
            $"{Small}, Causal = true, RelativePositionBuckets = 32, RelativePositionMaxDistance = 17",
            "is 16 but must be greater than 16",
            "use 17");
        yield return Setting(
            "max distance in both directions",
            "AG0040",
            $"{Small}, RelativePositionBuckets = 32, «RelativePositionMaxDistance = 8»",
            $"{Small}, RelativePositionBuckets = 32, RelativePositionMaxDistance = 9",
            "use 9");
        yield return Setting(
            "default max distance",
            "AG0040",
            $"{Small}, «RelativePositionBuckets = 512»",
            $"{Small}, RelativePositionBuckets = 510",
            "is 128 but must be greater than 128");
        yield return Setting(
            "max distance without buckets",
            "AG0024",
            $"{Small}, «RelativePositionMaxDistance = 64»",
            $"{Small}, RelativePositionMaxDistance = 64, RelativePositionBuckets = 8",
            "RelativePositionMaxDistance has no effect without RelativePositionBuckets");
        yield return Setting(
            "epsilon negative",
            "AG0041",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Rms, «QueryKeyNormEpsilon = -1e-6f»",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 0",
            "-1E-06",
            "use 0");
        yield return Setting(
            "epsilon NaN",
            "AG0041",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Layer, «QueryKeyNormEpsilon = float.NaN»",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Layer",
            "NaN",
            "1e-6");
        yield return Setting(
            "epsilon without QueryKeyNorm",
            "AG0024",
            $"{Small}, «QueryKeyNormEpsilon = 1e-6f»",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 1e-6f",
            "QueryKeyNormEpsilon has no effect without QueryKeyNorm",
            "QueryKeyNorm.Rms or QueryKeyNorm.Layer");
        yield return Setting(
            "scope without QueryKeyNorm",
            "AG0024",
            $"{Small}, «QueryKeyNormScope = QueryKeyNormScope.Projection»",
            $"{Small}, QueryKeyNormScope = QueryKeyNormScope.Projection, QueryKeyNorm = QueryKeyNorm.Rms",
            "QueryKeyNormScope has no effect without QueryKeyNorm");
        yield return Setting(
            "norm bias without a layer norm",
            "AG0024",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Rms, «QueryKeyNormBias = false»",
            $"{Small}, QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormBias = false",
            "QueryKeyNormBias has no effect without QueryKeyNorm = QueryKeyNorm.Layer");
        yield return Setting(
            "norm over all heads of a core",
            "AG0034",
            "Heads = 2, HeadDim = 8, Projections = false, QueryKeyNorm = QueryKeyNorm.Rms, «QueryKeyNormScope = QueryKeyNormScope.Projection»",
            "Heads = 2, HeadDim = 8, Projections = false, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormScope = QueryKeyNormScope.HeadOwnWeights",
            "QueryKeyNormScope = QueryKeyNormScope.Projection belongs to the projections");
        yield return Setting(
            "undefined QueryKeyNorm",
            "AG0026",
            $"{Small}, «QueryKeyNorm = (QueryKeyNorm)3»",
            $"{Small}, QueryKeyNorm = (QueryKeyNorm)2",
            "QueryKeyNorm is 3",
            "QueryKeyNorm.None or QueryKeyNorm.Rms or QueryKeyNorm.Layer");
        yield return Setting(
            "undefined Outputs",
            "AG0026",
            $"{Small}, «Outputs = (AttentionOutputs)64»",
            $"{Small}, Outputs = (AttentionOutputs)33",
            "Outputs is 64",
            "AttentionOutputs.LogSumExp, AttentionOutputs.Probabilities");
        yield return Setting(
            "both kinds of probabilities",
            "AG0047",
            $"{Small}, «Outputs = AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities»",
            $"{Small}, Outputs = AttentionOutputs.Probabilities | AttentionOutputs.LogSumExp",
            "AttentionOutputs.Probabilities and AttentionOutputs.AveragedProbabilities together",
            "use AttentionOutputs.Probabilities or AttentionOutputs.AveragedProbabilities");
        yield return Setting(
            "scores of two stages",
            "AG0047",
            $"{Small}, Softcap = 1, «Outputs = AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores»",
            $"{Small}, Softcap = 1, Outputs = AttentionOutputs.CappedScores | AttentionOutputs.Probabilities",
            "AttentionOutputs.CappedScores and AttentionOutputs.MaskedScores",
            "one stage");
        yield return Setting(
            "CappedScores without Softcap",
            "AG0024",
            $"{Small}, «Outputs = AttentionOutputs.CappedScores»",
            $"{Small}, Outputs = AttentionOutputs.CappedScores, Softcap = 30",
            "AttentionOutputs.CappedScores has no effect without Softcap");
        yield return Setting(
            "probabilities of an appended zero",
            "AG0048",
            $"{Small}, ZeroKeyValue = true, «Outputs = AttentionOutputs.Probabilities»",
            $"{Small}, ZeroKeyValue = true, Outputs = AttentionOutputs.LogSumExp",
            "AttentionOutputs.Probabilities together with ZeroKeyValue");
        yield return Setting(
            "scores of an appended key",
            "AG0048",
            $"{Small}, BiasKeyValue = true, «Outputs = AttentionOutputs.ScaledScores | AttentionOutputs.LogSumExp»",
            $"{Small}, BiasKeyValue = true",
            "AttentionOutputs.ScaledScores together with BiasKeyValue");
    }

    private static IEnumerable<DiagnosticCase> RotaryScalings()
    {
        const string Linear = $"{Rotary}, RotaryScaling = RotaryScaling.Linear";
        yield return Setting(
            "scaling without a factor",
            "AG0042",
            $"{Rotary}, «RotaryScaling = RotaryScaling.Linear»",
            $"{Linear}, RotaryScalingFactor = 1",
            "RotaryScalingFactor is missing",
            "1 or more");
        yield return Setting(
            "scaling factor below 1", "AG0042", $"{Linear}, «RotaryScalingFactor = 0.5»", $"{Linear}, RotaryScalingFactor = 1.5", "is 0.5", "use 1");
        yield return Setting(
            "scaling factor NaN", "AG0042", $"{Linear}, «RotaryScalingFactor = double.NaN»", $"{Linear}, RotaryScalingFactor = 2", "NaN", "such as 8");
        yield return Setting(
            "original length missing",
            "AG0043",
            $"{Rotary}, «RotaryScaling = RotaryScaling.Llama3», RotaryScalingFactor = 8",
            Llama,
            "RotaryOriginalLength is missing",
            "RotaryScaling.Llama3",
            "8192");
        yield return Setting(
            "original length zero",
            "AG0043",
            $"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 8, «RotaryOriginalLength = 0»",
            Yarn,
            "is 0",
            "RotaryScaling.Yarn");
        yield return Setting(
            "low above high",
            "AG0044",
            $"{Llama}, «RotaryLowFrequencyFactor = 5»",
            $"{Llama}, RotaryLowFrequencyFactor = 3",
            "RotaryLowFrequencyFactor is 5",
            "RotaryHighFrequencyFactor is 4",
            "1 and 4");
        yield return Setting("high NaN", "AG0044", $"{Llama}, «RotaryHighFrequencyFactor = double.NaN»", $"{Llama}, RotaryHighFrequencyFactor = 8", "NaN");
        yield return Setting(
            "slow not positive", "AG0044", $"{Yarn}, «RotaryBetaSlow = 0»", $"{Yarn}, RotaryBetaSlow = 0.5", "RotaryBetaSlow is 0", "1 and 32");
        yield return Setting("fast no faster", "AG0044", $"{Yarn}, «RotaryBetaFast = 1»", $"{Yarn}, RotaryBetaFast = 2", "RotaryBetaFast is 1");
        yield return Setting(
            "attention factor negative", "AG0045", $"{Yarn}, «RotaryAttentionFactor = -1.5»", $"{Yarn}, RotaryAttentionFactor = 1.5", "is -1.5", "use 1.5");
        yield return Setting(
            "attention factor infinite",
            "AG0045",
            $"{Yarn}, «RotaryAttentionFactor = double.PositiveInfinity»",
            $"{Yarn}, RotaryAttentionFactor = 0",
            "Infinity");
        yield return Setting(
            "mscale negative",
            "AG0045",
            $"{Yarn}, «RotaryMscale = -0.5», RotaryMscaleAllDim = 1",
            $"{Yarn}, RotaryMscale = 0.5, RotaryMscaleAllDim = 1",
            "RotaryMscale is -0.5",
            "use 0.5");
        yield return Setting(
            "mscale_all_dim NaN",
            "AG0045",
            $"{Yarn}, RotaryMscale = 1, «RotaryMscaleAllDim = double.NaN»",
            $"{Yarn}, RotaryMscale = 1, RotaryMscaleAllDim = 1",
            "RotaryMscaleAllDim is NaN");
        yield return Setting(
            "mscale alone",
            "AG0024",
            $"{Yarn}, «RotaryMscale = 0.5»",
            $"{Yarn}, RotaryMscale = 0.5, RotaryMscaleAllDim = 1",
            "RotaryMscale has no effect without RotaryMscaleAllDim");
        yield return Setting(
            "mscale_all_dim alone",
            "AG0024",
            $"{Yarn}, «RotaryMscaleAllDim = 0.5»",
            $"{Yarn}, RotaryMscale = 1, RotaryMscaleAllDim = 0.5",
            "RotaryMscaleAllDim has no effect without RotaryMscale");
        yield return Setting(
            "factor without a scaling",
            "AG0024",
            $"{Rotary}, «RotaryScalingFactor = 2»",
            $"{Linear}, RotaryScalingFactor = 2",
            "RotaryScalingFactor has no effect without RotaryScaling",
            "RotaryScaling.Linear, RotaryScaling.Llama3, RotaryScaling.Yarn, RotaryScaling.DynamicNtk or RotaryScaling.LongRope");
        yield return Setting(
            "original length of linear scaling",
            "AG0024",
            $"{Linear}, RotaryScalingFactor = 2, «RotaryOriginalLength = 64»",
            $"{Linear}, RotaryScalingFactor = 2",
            "without RotaryScaling.Llama3, RotaryScaling.Yarn, RotaryScaling.DynamicNtk or RotaryScaling.LongRope");
        foreach (string setting in new[] { "RotaryBetaFast = 32", "RotaryBetaSlow = 1", "RotaryAttentionFactor = 1", "RotaryTruncate = false" })
            yield return Setting($"{setting} of Llama 3", "AG0024", $"{Llama}, «{setting}»", $"{Yarn}, {setting}", "has no effect without RotaryScaling.Yarn");
        foreach (string setting in new[] { "RotaryLowFrequencyFactor = 1", "RotaryHighFrequencyFactor = 4" })
            yield return Setting($"{setting} of YaRN", "AG0024", $"{Yarn}, «{setting}»", $"{Llama}, {setting}", "has no effect without RotaryScaling.Llama3");
        foreach (string setting in new[] { "RotaryScaling = RotaryScaling.Linear", "RotaryScalingFactor = 2", "RotaryOriginalLength = 64",
            "RotaryBetaFast = 32", "RotaryLength = 64", "RotaryFrequencies = new[] { 1.0 }", "RotaryLongFactors = new[] { 1.0 }", "Positions = true" })
            yield return Setting(
                $"{setting} without Rotary",
                "AG0024",
                $"{Small}, «{setting}»",
                $"{Small}, RotaryScaling = RotaryScaling.None, Positions = false",
                "has no effect without Rotary",
                "add Rotary");
        yield return Setting(
            "undefined RotaryScaling",
            "AG0026",
            $"{Rotary}, «RotaryScaling = (RotaryScaling)6»",
            $"{Rotary}, RotaryScaling = (RotaryScaling)0",
            "RotaryScaling is 6",
            "RotaryScaling.Yarn");
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
