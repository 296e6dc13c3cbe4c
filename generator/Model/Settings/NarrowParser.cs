using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the formats of weights, and the arithmetic with them.</summary>
internal static class NarrowParser
{
    /// <summary>Those of an attention block or a layer.</summary>
    public static void Check(SettingReader settings, AttentionShape shape, TransformerLayerShape? layer)
    {
        if (!shape.HasProjections)
        {
            foreach (string name in new[] { "Weights", "Arithmetic" })
            {
                if (settings.Has(name))
                    settings.Report(DiagnosticDescriptors.WithoutProjections, name, name);
            }

            return;
        }

        CheckArithmetic(settings, shape.Arithmetic, shape.Weights, layer?.FeedForwardWeights ?? shape.Weights);
        if (layer is not null)
            CheckDepth(settings, "FeedForwardDim", layer.FeedForwardWeights, layer.FeedForwardDim);
    }

    /// <summary>Those of one product.</summary>
    public static void Check(SettingReader settings, LinearShape shape)
    {
        CheckArithmetic(settings, shape.Arithmetic, shape.Weights, shape.Weights);
        CheckDepth(settings, "Inputs", shape.Weights, shape.Inputs);
    }

    /// <summary>Reports an arithmetic that no format of weights has.</summary>
    public static void CheckArithmetic(SettingReader settings, WeightArithmetic arithmetic, WeightFormat first, WeightFormat second)
    {
        if (arithmetic == WeightArithmetic.Int8 && !HasBlocks(first) && !HasBlocks(second))
            settings.WithoutEffect("Arithmetic", "Weights = WeightFormat.Int8Blocks or Int4Blocks", "Weights = WeightFormat.Int8Blocks");
    }

    /// <summary>Reports more inputs than a sum of 32 bits holds.</summary>
    public static void CheckDepth(SettingReader settings, string name, WeightFormat format, int inputs)
    {
        if (format == WeightFormat.Int8 && inputs > ShapeLimits.MaxByteInputs)
            settings.Report(DiagnosticDescriptors.ByteInputs, name, name, Text(inputs), Text(ShapeLimits.MaxByteInputs));
    }

    private static bool HasBlocks(WeightFormat format) => format is WeightFormat.Int8Blocks or WeightFormat.Int4Blocks;
}
