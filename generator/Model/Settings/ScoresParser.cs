using System;
using System.Collections.Generic;
using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges what happens to scores.</summary>
internal static class ScoresParser
{
    private const int DefaultMaxDistance = 128;
    private const float DefaultEpsilon = 1e-6f;

    /// <summary>The shape with what happens to its scores.</summary>
    public static AttentionShape Parse(SettingReader settings, AttentionShape shape)
    {
        CheckSoftcap(settings, shape.Softcap);
        CheckAlibi(settings, shape);
        int buckets = Buckets(settings, shape);
        shape = shape with
        {
            Scale = Scale(settings, shape),
            SigmoidBias = SigmoidBias(settings, shape),
            RelativePositionBuckets = buckets,
            RelativePositionMaxDistance = MaxDistance(settings, buckets, shape.Causal),
            QueryKeyNormEpsilon = Epsilon(settings, shape.QueryKeyNorm),
        };
        CheckNorm(settings, shape);
        CheckOutputs(settings, shape);
        return shape;
    }

    private static void CheckSoftcap(SettingReader settings, float value)
    {
        if (value < 0 || float.IsNaN(value) || float.IsInfinity(value))
            settings.Report(
                DiagnosticDescriptors.Softcap, "Softcap", Text(value), value < 0 && !float.IsInfinity(value) ? Text(-value) : "a number such as 50");
    }

    /// <summary>The bias of a sigmoid, which has no denominator.</summary>
    private static float SigmoidBias(SettingReader settings, AttentionShape shape)
    {
        const string Setting = "ScoreFunction = ScoreFunction.Sigmoid";
        if (shape.ScoreFunction == ScoreFunction.Softmax)
        {
            if (settings.Has("SigmoidBias"))
                settings.WithoutEffect("SigmoidBias", Setting, Setting);
            return 0;
        }

        if (shape.Sinks)
            settings.Report(DiagnosticDescriptors.NoDenominator, "Sinks", "Sinks", "Sinks");
        if (shape.HasLogSumExp)
            settings.Report(
                DiagnosticDescriptors.NoDenominator,
                "Outputs",
                [Names(AttentionOutputs.LogSumExp), "it", .. Remaining(shape.Outputs & ~AttentionOutputs.LogSumExp)]);
        float value = shape.SigmoidBias;
        if (!settings.Has("SigmoidBias"))
        {
            if (shape.SequenceLength > 0 && shape.HasProjections && !shape.IsCrossAttention)
                return (float)-Math.Log(shape.SequenceLength);
            settings.Report(DiagnosticDescriptors.SigmoidBias, "ScoreFunction", "is missing, and no fixed number of keys tells it");
        }
        else if (float.IsNaN(value) || float.IsInfinity(value))
        {
            settings.Report(DiagnosticDescriptors.SigmoidBias, "SigmoidBias", $"is {Text(value)}");
        }

        return value;
    }

    private static void CheckAlibi(SettingReader settings, AttentionShape shape)
    {
        EquatableArray<double> slopes = shape.AlibiSlopes;
        double scale = shape.AlibiScale;
        if (!shape.Alibi)
        {
            foreach (string name in new[] { "AlibiSlopes", "AlibiScale" }.Where(settings.Has))
                settings.WithoutEffect(name, "Alibi", "Alibi = true");
            return;
        }

        if (!(scale > 0) || double.IsInfinity(scale))
            settings.Report(DiagnosticDescriptors.AlibiScale, "AlibiScale", Text(scale), scale < 0 && !double.IsInfinity(scale) ? Text(-scale) : "1");
        int finite = slopes.TakeWhile(slope => !double.IsNaN(slope) && !double.IsInfinity(slope)).Count();
        if (slopes.Count > 0 && shape.Heads > 0 && (slopes.Count != shape.Heads || finite < slopes.Count))
            settings.Report(
                DiagnosticDescriptors.AlibiSlopes, "AlibiSlopes",
                slopes.Count != shape.Heads ? $"has {Text(slopes.Count)} slopes" : $"has {Text(slopes[finite])} at index {Text(finite)}", Text(shape.Heads));
    }

    /// <summary>A direction has half of them unless all keys lie in the past, and half of a direction's are for single distances.</summary>
    private static int Buckets(SettingReader settings, AttentionShape shape)
    {
        bool causal = shape.Causal;
        int value = shape.RelativePositionBuckets;
        int least = causal ? 2 : 4;
        if (value == 0 || (value >= least && value <= ShapeLimits.MaxRelativePositionBuckets && (causal || value % 2 == 0)))
            return value;
        string legal = causal ? $"from {Text(least)}" : $"even, as half of them are for keys to come, and from {Text(least)}";
        settings.Report(
            DiagnosticDescriptors.RelativePositionBuckets,
            "RelativePositionBuckets",
            Text(value),
            legal,
            Nearest(value, least, ShapeLimits.MaxRelativePositionBuckets, candidate => causal || candidate % 2 == 0));
        return 0;
    }

    private static int MaxDistance(SettingReader settings, int buckets, bool causal)
    {
        if (settings.Int("RelativePositionBuckets") == 0 && settings.Has("RelativePositionMaxDistance"))
            settings.WithoutEffect("RelativePositionMaxDistance", "RelativePositionBuckets", "RelativePositionBuckets = 32");
        if (buckets == 0)
            return 0;
        int value = settings.Int("RelativePositionMaxDistance", DefaultMaxDistance);
        int single = (causal ? buckets : buckets / 2) / 2;
        if (value <= single)
            settings.Report(
                DiagnosticDescriptors.RelativePositionMaxDistance,
                settings.Has("RelativePositionMaxDistance") ? "RelativePositionMaxDistance" : "RelativePositionBuckets",
                Text(value),
                Text(single),
                Text(single + 1));
        return value;
    }

    private static float Epsilon(SettingReader settings, QueryKeyNorm norm)
    {
        if (norm == QueryKeyNorm.None)
        {
            foreach (string name in new[] { "QueryKeyNormEpsilon", "QueryKeyNormAfterRotary" }.Where(settings.Has))
                settings.WithoutEffect(name, "QueryKeyNorm", "QueryKeyNorm = QueryKeyNorm.Rms or QueryKeyNorm.Layer");
            return 0;
        }

        float value = settings.Float("QueryKeyNormEpsilon", DefaultEpsilon);
        if (!(value >= 0) || float.IsInfinity(value))
            settings.Report(
                DiagnosticDescriptors.QueryKeyNormEpsilon,
                "QueryKeyNormEpsilon",
                Text(value),
                value < 0 && !float.IsInfinity(value) ? "0" : "a number such as 1e-6f");
        return value;
    }

    /// <summary>What a normalisation normalises together, and its bias.</summary>
    private static void CheckNorm(SettingReader settings, AttentionShape shape)
    {
        if (settings.Has("QueryKeyNormScope") && shape.QueryKeyNorm == QueryKeyNorm.None)
            settings.WithoutEffect("QueryKeyNormScope", "QueryKeyNorm", "QueryKeyNorm = QueryKeyNorm.Rms or QueryKeyNorm.Layer");
        if (settings.Has("QueryKeyNormBias") && shape.QueryKeyNorm != QueryKeyNorm.Layer)
            settings.WithoutEffect("QueryKeyNormBias", "QueryKeyNorm = QueryKeyNorm.Layer", "QueryKeyNorm = QueryKeyNorm.Layer");
        if (shape.QueryKeyNormScope == QueryKeyNormScope.Projection && !shape.HasProjections)
            settings.Report(DiagnosticDescriptors.WithoutProjections, "QueryKeyNormScope", "QueryKeyNormScope = QueryKeyNormScope.Projection");
    }

    private static void CheckOutputs(SettingReader settings, AttentionShape shape)
    {
        const AttentionOutputs BothProbabilities = AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities;
        AttentionOutputs withoutEffect = shape.Outputs & (
            shape.Softcap == 0 && !settings.Has("Softcap") ? AttentionOutputs.CappedScores : AttentionOutputs.None);
        CheckTogether(settings, shape.Outputs, shape.Outputs & BothProbabilities, withoutEffect, "both go to one argument");
        CheckTogether(settings, shape.Outputs, shape.ScoreOutput, withoutEffect, "one call gives the scores of one stage");
        if (withoutEffect != AttentionOutputs.None)
            settings.Report(
                DiagnosticDescriptors.WithoutEffect,
                "Outputs",
                [Names(withoutEffect), "Softcap", "Softcap = 50", .. Remaining(shape.Outputs & ~withoutEffect)]);
        AttentionOutputs ofKeys = shape.Outputs & ~AttentionOutputs.LogSumExp;
        if (ofKeys != AttentionOutputs.None && shape.AppendedKeys > 0)
            settings.Report(
                DiagnosticDescriptors.OutputsOfAppendedKeys,
                "Outputs",
                [Names(ofKeys), shape.BiasKeyValue ? "BiasKeyValue" : "ZeroKeyValue", .. Remaining(shape.Outputs & ~ofKeys)]);
    }

    /// <summary>Reports a group of outputs of which one call gives one, and names what is asked for with each of them that has an effect.</summary>
    private static void CheckTogether(SettingReader settings, AttentionOutputs outputs, AttentionOutputs group, AttentionOutputs withoutEffect, string why)
    {
        if ((group & (group - 1)) == 0)
            return;
        IEnumerable<string> choices = Single(group & ~withoutEffect).Select(one => Combination((outputs & ~group) | one));
        settings.Report(DiagnosticDescriptors.OutputsTogether, "Outputs", Names(group), why, string.Join(" or ", choices));
    }

    private static IEnumerable<AttentionOutputs> Single(AttentionOutputs outputs) =>
        Enum.GetValues(typeof(AttentionOutputs)).Cast<AttentionOutputs>().Where(one => (outputs & one) != AttentionOutputs.None);

    /// <summary>What a repair leaves of a combination; nothing where it leaves none.</summary>
    private static string[] Remaining(AttentionOutputs outputs) => outputs == AttentionOutputs.None ? [] : [Combination(outputs)];

    private static string Names(AttentionOutputs outputs) => string.Join(" and ", Single(outputs).Select(Combination));

    /// <summary>As C# writes it.</summary>
    private static string Combination(AttentionOutputs outputs) => string.Join(" | ", Single(outputs).Select(one => $"AttentionOutputs.{one}"));

    /// <summary>The factor of the scores, by default one over the root of the head dimension.</summary>
    public static float Scale(SettingReader settings, AttentionShape shape)
    {
        int headDim = shape.HeadDim;
        float value = shape.Scale;
        if (value < 0 || float.IsNaN(value) || float.IsInfinity(value))
        {
            string remedy = value < 0 && !float.IsInfinity(value) ? Text(-value) : headDim > 0 ? Text(DefaultScale(headDim)) : "1";
            settings.Report(DiagnosticDescriptors.Scale, "Scale", Text(value), remedy);
        }

        return value == 0 ? DefaultScale(headDim) : value;
    }

    private static float DefaultScale(int headDim) => (float)(1 / Math.Sqrt(headDim));
}
