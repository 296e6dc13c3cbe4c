namespace AttentionGen.Tests.Generator;

// Lists and lengths of rotary embeddings.
internal sealed partial record DiagnosticCase
{
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
