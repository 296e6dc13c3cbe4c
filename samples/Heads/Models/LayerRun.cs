namespace AttentionGen.Samples.Heads;

/// <summary>Runs layers one after another, and keeps the probabilities of each: a stack has one output.</summary>
internal static class LayerRun
{
    /// <summary>Runs the layers on one sequence.</summary>
    /// <param name="layers">The layers, first to last.</param>
    /// <param name="rows">[tokens, DModel].</param>
    /// <param name="mask">[layers, heads]: factors of the heads.</param>
    /// <param name="probabilities">Gets [heads, tokens, tokens] of each layer; null if nobody wants them.</param>
    /// <returns>[tokens, DModel].</returns>
    public static float[] Run<TLayer>(IReadOnlyList<TLayer> layers, float[] rows, float[] mask, List<float[]>? probabilities = null)
        where TLayer : class, ITransformerLayer<TLayer>
    {
        int heads = TLayer.Shape.Attention.Heads, tokens = rows.Length / TLayer.Shape.DModel;
        for (int layer = 0; layer < layers.Count; layer++)
        {
            var output = new float[rows.Length];
            float[] seen = probabilities is null ? [] : new float[heads * tokens * tokens];
            layers[layer].Forward(new AttentionArguments
            {
                Input = rows, Output = output, Probabilities = seen, HeadMask = mask.AsSpan(layer * heads, heads),
            });
            probabilities?.Add(seen);
            rows = output;
        }

        return rows;
    }
}
