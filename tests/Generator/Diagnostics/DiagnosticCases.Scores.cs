namespace AttentionGen.Tests.Generator;

// What is done to scores.
internal sealed partial record DiagnosticCase
{
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
}
