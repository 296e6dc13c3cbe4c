namespace AttentionGen.Samples.Heads;

/// <summary>Everything that the page, the JSON and the terminal show of a model.</summary>
public sealed record HeadReport
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What removing a head changes, in one sentence: the loss, or a vector.</summary>
    public required string AblationText { get; init; }

    /// <summary>What the model read, each text for itself.</summary>
    public required IReadOnlyList<ReadText> Texts { get; init; }

    /// <summary>Measures of the heads while the model was trained, or null.</summary>
    public HeadHistory? History { get; init; }
}

/// <summary>One text, and what heads did with it.</summary>
/// <param name="Name">The text, or what kind of text it is.</param>
/// <param name="Loss">The mean of −ln of the probability that the whole model gave to what followed, in nats; NaN for a model that foretells nothing.</param>
/// <param name="Blocks">The attentions of the model, each in all layers.</param>
public sealed record ReadText(string Name, double Loss, IReadOnlyList<BlockOfLayers> Blocks);

/// <summary>One kind of attention of a model, in all layers: self-attention of an encoder, cross-attention of a decoder.</summary>
public sealed record BlockOfLayers
{
    /// <summary>Such as "decoder reads the source".</summary>
    public required string Name { get; init; }

    /// <summary>Whether keys are those of a memory: then positions of queries and keys mean different things.</summary>
    public bool IsCross { get; init; }

    /// <summary>[queries]: the tokens that attend.</summary>
    public required IReadOnlyList<string> Queries { get; init; }

    /// <summary>[keys]: the tokens that are attended to.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>The layers, first to last.</summary>
    public required IReadOnlyList<LayerOfHeads> Layers { get; init; }
}

/// <summary>The heads of one layer.</summary>
public sealed record LayerOfHeads
{
    /// <summary>[heads, queries, keys].</summary>
    public required float[] Probabilities { get; init; }

    /// <summary>[heads]: what they do.</summary>
    public required IReadOnlyList<HeadMeasures> Measures { get; init; }

    /// <summary>[heads]: what changes if one head is removed.</summary>
    public required IReadOnlyList<double> Ablation { get; init; }

    /// <summary>[heads]: the mean divergence from the other heads of the layer.</summary>
    public required IReadOnlyList<double> Divergence { get; init; }
}

/// <summary>Measures of all heads over the steps of a training.</summary>
/// <param name="Steps">The steps, ascending.</param>
/// <param name="Curves">For each measure its curves.</param>
public sealed record HeadHistory(IReadOnlyList<int> Steps, IReadOnlyList<HistoryOfMeasure> Curves);

/// <summary>One measure over the steps of a training.</summary>
/// <param name="Name">Such as "previous token".</param>
/// <param name="Heads">[layers][heads][steps].</param>
public sealed record HistoryOfMeasure(string Name, IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> Heads);
