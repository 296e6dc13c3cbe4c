namespace AttentionGen.Tests.Generator;

// Rotary embeddings.
internal sealed partial record DiagnosticCase
{
    private const string Llama = $"{Rotary}, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 64";
    private const string Yarn = $"{Rotary}, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 8, RotaryOriginalLength = 64";

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

    private static IEnumerable<DiagnosticCase> RotaryLists()
    {
        const string Dynamic = $"{Rotary}, RotaryScaling = RotaryScaling.DynamicNtk, RotaryScalingFactor = 2, RotaryOriginalLength = 64";
        const string Long = $"{Rotary}, RotaryScaling = RotaryScaling.LongRope, RotaryScalingFactor = 2";
        const string Lengths = "RotaryOriginalLength = 64, RotaryLength = 128";
        const string Short = "RotaryShortFactors = new[] { 1, 1.5 }", Whole = $"{Short}, RotaryLongFactors = new[] {{ 2, 3.5 }}";
        yield return Setting(
            "frequencies too few", "AG0080", $"{Rotary}, «RotaryFrequencies = new[] {{ 1.0 }}»", $"{Rotary}, RotaryFrequencies = new[] {{ 1.0, 0 }}",
            "RotaryFrequencies has 1 number but must have 2");
        yield return Setting(
            "frequency infinite", "AG0080", $"{Rotary}, «RotaryFrequencies = new[] {{ 1, 1 / 0.0 }}»", $"{Rotary}, RotaryFrequencies = new[] {{ 1, -0.5 }}",
            "has Infinity at index 1", "each finite");
        yield return Setting(
            "long factors missing", "AG0080", $"{Rotary}, «RotaryScaling = RotaryScaling.LongRope», RotaryScalingFactor = 2, {Lengths}, {Short}",
            $"{Long}, {Lengths}, {Whole}", "RotaryLongFactors is missing");
        yield return Setting(
            "short factor zero", "AG0080", $"{Long}, {Lengths}, «RotaryShortFactors = new[] {{ 1.0, 0 }}», RotaryLongFactors = new[] {{ 2, 3.5 }}",
            $"{Long}, {Lengths}, {Whole}", "RotaryShortFactors has 0 at index 1", "positive and finite");
        yield return Setting(
            "length missing", "AG0081", $"{Rotary}, «RotaryScaling = RotaryScaling.DynamicNtk», RotaryScalingFactor = 2, RotaryOriginalLength = 64",
            $"{Dynamic}, RotaryLength = 1", "RotaryLength is missing", "RotaryScaling.DynamicNtk");
        yield return Setting(
            "length zero", "AG0081", $"{Long}, RotaryOriginalLength = 64, «RotaryLength = 0», {Whole}", $"{Long}, {Lengths}, {Whole}", "RotaryLength is 0");
        yield return Setting(
            "original length of LongRoPE", "AG0043", $"{Long}, «RotaryOriginalLength = 1», RotaryLength = 128, {Whole}", $"{Long}, {Lengths}, {Whole}",
            "is 1 but RotaryScaling.LongRope", "2 or more");
        yield return Setting(
            "attention factor of LongRoPE", "AG0045", $"{Long}, {Lengths}, {Whole}, «RotaryAttentionFactor = -1»",
            $"{Long}, {Lengths}, {Whole}, RotaryAttentionFactor = 1", "RotaryAttentionFactor is -1");
        yield return Setting(
            "frequencies and base", "AG0082", $"{Rotary}, «RotaryBase = 500», RotaryFrequencies = new[] {{ 1, 0.5 }}",
            $"{Rotary}, RotaryFrequencies = new[] {{ 1, 0.5 }}", "RotaryBase cannot be combined with RotaryFrequencies");
        yield return Setting(
            "frequencies and YaRN", "AG0082",
            $"{Rotary}, RotaryFrequencies = new[] {{ 1, 0.5 }}, «RotaryScaling = RotaryScaling.Yarn», RotaryScalingFactor = 2, RotaryOriginalLength = 64",
            $"{Rotary}, RotaryFrequencies = new[] {{ 1, 0.5 }}, RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 2", "computes with the base");
        yield return Setting(
            "dynamic NTK of one pair", "AG0082",
            $"{Rotary}, RotaryDim = 2, «RotaryScaling = RotaryScaling.DynamicNtk», RotaryScalingFactor = 2, RotaryOriginalLength = 64, RotaryLength = 128",
            $"{Dynamic}, RotaryDim = 4, RotaryLength = 128", "RotaryDim = 2");
        yield return Setting(
            "proportional pairs of an odd head", "AG0082", "Heads = 2, HeadDim = 5, DModel = 8, «Rotary = RotaryKind.Proportional», RotaryDim = 4",
            "Heads = 2, HeadDim = 6, DModel = 8, Rotary = RotaryKind.Proportional, RotaryDim = 4",
            "RotaryKind.Proportional cannot be combined with HeadDim = 5");
        const string Norm = $"{Rotary}, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormAfterRotary = true";
        yield return Setting(
            "norm after no rotation", "AG0024", $"{Small}, QueryKeyNorm = QueryKeyNorm.Rms, «QueryKeyNormAfterRotary = true»", Norm,
            "QueryKeyNormAfterRotary has no effect without Rotary");
        yield return Setting("no norm after rotation", "AG0024", $"{Rotary}, «QueryKeyNormAfterRotary = true»", Norm, "has no effect without QueryKeyNorm");
        yield return Setting(
            "a norm over all heads after the rotation", "AG0082",
            $"{Rotary}, QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormScope = QueryKeyNormScope.Projection, «QueryKeyNormAfterRotary = true»", Norm,
            "QueryKeyNormAfterRotary cannot be combined with QueryKeyNormScope");
        yield return Setting(
            "ALiBi scaled by nothing", "AG0083", $"{Small}, Alibi = true, «AlibiScale = 0»", $"{Small}, Alibi = true, AlibiScale = 0.5", "AlibiScale is 0");
        yield return Setting(
            "ALiBi scaled by less than nothing", "AG0083", $"{Small}, Alibi = true, «AlibiScale = -0.5»", $"{Small}, Alibi = true, AlibiScale = 0.5",
            "use 0.5");
        yield return Setting(
            "slopes too few", "AG0084", $"{Small}, Alibi = true, «AlibiSlopes = new[] {{ 1.5 }}»", $"{Small}, Alibi = true, AlibiSlopes = new[] {{ 1.5, 0 }}",
            "has 1 slopes", "2 heads");
        yield return Setting(
            "slope NaN", "AG0084", $"{Small}, Alibi = true, «AlibiSlopes = new[] {{ 1, 0 / 0.0 }}»",
            $"{Small}, Alibi = true, AlibiSlopes = new[] {{ 1, -0.5 }}",
            "has NaN at index 1");
        const string Axes = "Heads = 1, DModel = 16, Rotary = RotaryKind.HalfSplit, Positions = true";
        const string Right = $"{Axes}, RotarySections = new[] {{ 4, 2, 2 }}";
        yield return Setting("one section", "AG0085", $"{Axes}, «RotarySections = new[] {{ 8 }}»", Right, "[8]", "2 or more sections");
        yield return Setting("sections of too few pairs", "AG0085", $"{Axes}, «RotarySections = new[] {{ 4, 2 }}»", Right, "[4, 2]", "8 in all");
        yield return Setting("a section of no pair", "AG0085", $"{Axes}, «RotarySections = new[] {{ 8, 0 }}»", Right, "1 or more pairs");
        yield return Setting(
            "more turns than pairs", "AG0085", $"{Axes}, RotarySectionsInterleaved = true, «RotarySections = new[] {{ 3, 4, 1 }}»",
            $"{Right}, RotarySectionsInterleaved = true", "every axis can reach");
        yield return Setting("turns of one axis", "AG0024", $"{Axes}, «RotarySectionsInterleaved = true»", Right, "without RotarySections");
        yield return Setting(
            "sections of counted positions", "AG0024", $"{Rotary}, «RotarySections = new[] {{ 1, 1 }}»",
            $"{Rotary}, RotarySections = new[] {{ 1, 1 }}, Positions = true", "without Positions");
        foreach (string setting in new[] { "RotaryBase = 500", "RotaryFrequencies = new[] { 1, 0.5 }" })
            yield return Setting(
                $"{setting} and tables", "AG0082", $"{Rotary}, RotaryTables = true, «{setting}»", $"{Rotary}, RotaryTables = true",
                "cannot be combined with RotaryTables");
        yield return Setting("tables without Rotary", "AG0024", $"{Small}, «RotaryTables = true»", $"{Rotary}, RotaryTables = true", "without Rotary");
        foreach (string setting in new[] { "AlibiScale = 0.5", "AlibiSlopes = new[] { 1.5, 0 }" })
            yield return Setting($"{setting} without ALiBi", "AG0024", $"{Small}, «{setting}»", $"{Small}, Alibi = true, {setting}", "without Alibi");
        foreach (string setting in new[] { "RotaryLength = 64", "RotaryShortFactors = new[] { 1, 1.5 }", "RotaryLongFactors = new[] { 1, 1.5 }" })
            yield return Setting($"{setting} of Llama 3", "AG0024", $"{Llama}, «{setting}»", Llama, "has no effect without RotaryScaling.");
    }
}
