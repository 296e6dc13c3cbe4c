using System;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges what happens to scores.</summary>
internal static class ScoresParser
{
    private const int DefaultMaxDistance = 128;
    private const float DefaultEpsilon = 1e-6f;

    /// <summary>The spec with what happens to its scores.</summary>
    public static AttentionSpec Parse(SettingReader settings, AttentionSpec spec)
    {
        int buckets = settings.Int("RelativePositionBuckets");
        var norm = settings.Enumeration<QueryKeyNorm>("QueryKeyNorm");
        return spec with
        {
            Scale = Scale(settings, spec.HeadDim),
            Softcap = settings.Float("Softcap"),
            Alibi = settings.Bool("Alibi"),
            RelativePositionBuckets = buckets,
            RelativePositionMaxDistance = buckets == 0 ? 0 : settings.Int("RelativePositionMaxDistance", DefaultMaxDistance),
            Sinks = settings.Bool("Sinks"),
            QueryKeyNorm = norm,
            QueryKeyNormEpsilon = norm == QueryKeyNorm.None ? 0 : settings.Float("QueryKeyNormEpsilon", DefaultEpsilon),
            BiasKeyValue = settings.Bool("BiasKeyValue"),
            ZeroKeyValue = settings.Bool("ZeroKeyValue"),
            Outputs = settings.Flags<AttentionOutputs>("Outputs"),
        };
    }

    private static float Scale(SettingReader settings, int headDim)
    {
        float value = settings.Float("Scale");
        if (value < 0 || float.IsNaN(value) || float.IsInfinity(value))
        {
            string remedy = value < 0 && !float.IsInfinity(value) ? Text(-value) : headDim > 0 ? Text(DefaultScale(headDim)) : "1";
            settings.Report(DiagnosticDescriptors.Scale, "Scale", Text(value), remedy);
        }

        return value == 0 ? DefaultScale(headDim) : value;
    }

    private static float DefaultScale(int headDim) => (float)(1 / Math.Sqrt(headDim));
}
