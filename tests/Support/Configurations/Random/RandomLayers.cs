namespace AttentionGen.Tests.Support;

/// <summary>Layers and products nobody thought of, legal and illegal; the same ones for the same seed.</summary>
internal static class RandomLayers
{
    /// <summary>A random attention that fits into a layer mostly, some settings of the layer, and in every fifth a setting or more with any value.</summary>
    public static TestLayer Next(Random random)
    {
        // The memory is the layer's, and one attribute names MemoryDim once.
        TestConfiguration attention = RandomConfiguration.NextLegal(random) with { MemoryDim = 0, ValueInputDim = 0 };
        var layer = new TestLayer(random.Next(20) == 0 ? attention : Fit(attention, random))
        {
            FeedForwardDim = random.Next(4) == 0 ? 16 * random.Next(1, 40) : random.Next(1, 300),
            Activation = (Activation)random.Next(6),
            UpBias = random.Next(3) != 0,
            DownBias = random.Next(3) != 0,
            Norm = (Norm)random.Next(2),
            NormPlacement = (NormPlacement)random.Next(3),
        };
        if (random.Next(4) == 0)
            layer = layer with { FeedForwardWeights = (WeightFormat)random.Next(1, 6) };
        if (random.Next(2) == 0)
            layer = layer with { Gated = true, GateBias = random.Next(2) == 0 };
        if (layer.Norm == Norm.Layer && random.Next(3) == 0)
            layer = layer with { NormBias = false };
        if (random.Next(2) == 0)
            layer = layer with { NormEpsilon = 0.001f + (0.05f * random.NextSingle()) };
        if (random.Next(3) == 0)
            layer = layer with { ResidualScale = 0.1f + (2 * random.NextSingle()) };
        layer = random.Next(5) switch
        {
            0 => layer with { ParallelBranches = true, ParallelNorms = random.Next(2) == 0, NormPlacement = NormPlacement.Pre },
            1 or 2 => layer with { MemoryDim = random.Next(2) == 0 ? layer.Attention.DModel : random.Next(1, 150), MemoryLengths = random.Next(2) == 0 },
            _ => layer,
        };
        for (int spoilt = random.Next(5) == 0 ? random.Next(1, 4) : 0; spoilt > 0; spoilt--)
        {
            layer = random.Next(2) == 0
                ? RandomConfiguration.Spoil(layer, random)
                : layer with { Attention = RandomConfiguration.Spoil(layer.Attention, random) with { MemoryDim = 0 } };
        }

        return layer;
    }

    /// <summary>With projections, of whole panels in half of the cases.</summary>
    private static TestConfiguration Fit(TestConfiguration attention, Random random)
    {
        int width = attention.Projections ? attention.DModel : random.Next(1, 100);
        return attention with
        {
            Projections = true,
            Layout = HeadLayout.RowsHeads,
            HeadDim = attention.HeadDim == 0 ? attention.DModel / attention.Heads : attention.HeadDim,
            DModel = random.Next(2) == 0 ? width : Math.Min(65_536, (width + 15) / 16 * 16),
        };
    }
}

/// <summary>Products nobody thought of.</summary>
internal static class RandomLinears
{
    /// <summary>Sizes, what follows the product, and in every fifth a setting or more with any value.</summary>
    public static TestLinear Next(Random random)
    {
        int most = random.Next(4) switch { 0 => 3000, 1 => 30, _ => 300 };
        var linear = new TestLinear(random.Next(1, most), random.Next(1, most))
        {
            Bias = random.Next(2) == 0,
            Activation = (Activation)random.Next(6),
            Gate = random.Next(3) == 0,
            Residual = random.Next(3) == 0,
        };
        if (random.Next(2) == 0)
            linear = linear with { Weights = (WeightFormat)random.Next(1, 6) };
        if (linear.Weights is WeightFormat.Int8Blocks or WeightFormat.Int4Blocks && random.Next(3) > 0)
            linear = linear with { Arithmetic = WeightArithmetic.Int8 };
        if (linear is { Weights: WeightFormat.Float32, Residual: true })
            linear = linear with { Gradients = true };
        // Unrolled wide products would take most of the time to compile.
        if (linear.Inputs * linear.Outputs < 1000)
            linear = linear with { Unrolling = Unrolling.Full };
        for (int spoilt = random.Next(5) == 0 ? random.Next(1, 4) : 0; spoilt > 0; spoilt--)
            linear = RandomConfiguration.Spoil(linear, random);
        return linear;
    }
}
