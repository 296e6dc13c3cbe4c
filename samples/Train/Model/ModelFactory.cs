namespace AttentionGen.Samples.Train;

/// <summary>Puts a model together for a plan.</summary>
internal static class ModelFactory
{
    private delegate Block CreateBlock(int layer, SafetensorsFile? file, long seed, int batch, int length, ForwardOptions options);

    /// <summary>A model as it is before training, or from a checkpoint.</summary>
    public static CausalModel Create(TrainingPlan plan, SafetensorsFile? file, int batch, int width)
    {
        var options = new ForwardOptions { MaxDegreeOfParallelism = plan.Threads };
        int length = plan.Task.Length;
        CreateBlock create = (plan.Heads, plan.IsWhole) switch
        {
            (1, false) => AttentionBlock<OneHead>.Create,
            (2, false) => AttentionBlock<TwoHeads>.Create,
            (4, false) => AttentionBlock<FourHeads>.Create,
            (8, false) => AttentionBlock<EightHeads>.Create,
            (1, true) => LayerBlock<OneHeadLayer>.Create,
            (2, true) => LayerBlock<TwoHeadLayer>.Create,
            (4, true) => LayerBlock<FourHeadLayer>.Create,
            (8, true) => LayerBlock<EightHeadLayer>.Create,
            _ => throw new ArgumentException($"--heads must be 1, 2, 4 or 8, but is {plan.Heads}."),
        };
        Block[] blocks = [.. Enumerable.Range(0, plan.Layers).Select(layer => create(layer, file, plan.Seed, batch, length, options))];
        var head = VocabularyHead.Create(plan.Task.Vocabulary, file, plan.Seed, options);
        return new CausalModel(blocks, head, file, plan.Seed, plan.Task.Vocabulary, width, batch * length);
    }

    /// <summary>
    /// What the layers compute in a forward of one step: projections and products of heads, which are as many for every number of heads of one width, and the
    /// exponentials of the softmax, of which each head has its own.
    /// </summary>
    public static (long MultiplyAdds, long Exponentials) Cost(TrainingPlan plan)
    {
        const int Batch = TrainingRun.Batch, Width = TrainingRun.Width;
        int network = plan.IsWhole ? 3 * OneHeadLayer.FeedForwardDim : 0;
        long rows = Batch * plan.Task.Length, pairs = Batch * (long)plan.Task.Length * (plan.Task.Length + 1) / 2;
        return (plan.Layers * ((rows * ((4 * Width) + network) * Width) + (pairs * 2 * Width)), plan.Layers * pairs * plan.Heads);
    }
}
