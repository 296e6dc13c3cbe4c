namespace AttentionGen.CompilerServices;

/// <summary>A backward that threads share: what each of them needs to make its arguments again and compute a part.</summary>
internal struct BackwardWork : ISharedWork
{
    /// <summary>The path of the class.</summary>
    public required AttentionParts Parts;

    public required PackedWeights Weights;

    public required SavedActivations Activations;

    public required AttentionGradients? Gradients;

    public required ForwardOptions Options;

    public required int MaskLength;

    public required ForwardDimensions Dimensions;

    public required BackwardLayout Layout;

    /// <summary>Parts that the columns of a product are cut into.</summary>
    public required int Slices;

    /// <inheritdoc/>
    public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
    {
        AttentionArguments arguments = ArgumentSpans.Restore(in spans, null, Activations, Dimensions.Batch, MaskLength, Options);
        BackwardArguments backward = BackwardSpans.Restore(in spans);
        Parts.RunBackward(in this, in arguments, in backward, phase, part, ref shared, ref own);
    }
}

/// <summary>The spans of a backward as a list: those of the forward's arguments, and behind them the gradients.</summary>
internal readonly ref struct BackwardSpans(AttentionArguments arguments, BackwardArguments backward) : ISpanList
{
    private readonly ArgumentSpans arguments = new(arguments);
    private readonly BackwardArguments backward = backward;

    /// <inheritdoc/>
    public int Count => ArgumentSpans.Spans + 6;

    /// <summary>The gradients again, on any thread.</summary>
    public static BackwardArguments Restore(in PinnedSpans spans) => new()
    {
        OutputGradient = spans[ArgumentSpans.Spans].As<float>(),
        InputGradient = spans[ArgumentSpans.Spans + 1].As<float>(),
        KeyGradient = spans[ArgumentSpans.Spans + 2].As<float>(),
        ValueGradient = spans[ArgumentSpans.Spans + 3].As<float>(),
        MemoryGradient = spans[ArgumentSpans.Spans + 4].As<float>(),
        ValueInputGradient = spans[ArgumentSpans.Spans + 5].As<float>(),
    };

    /// <inheritdoc/>
    public ref byte Start(int index, out int length)
    {
        switch (index - ArgumentSpans.Spans)
        {
            case < 0: return ref arguments.Start(index, out length);
            case 0: return ref ArgumentSpans.Start(backward.OutputGradient, out length);
            case 1: return ref ArgumentSpans.Start<float>(backward.InputGradient, out length);
            case 2: return ref ArgumentSpans.Start<float>(backward.KeyGradient, out length);
            case 3: return ref ArgumentSpans.Start<float>(backward.ValueGradient, out length);
            case 4: return ref ArgumentSpans.Start<float>(backward.MemoryGradient, out length);
            default: return ref ArgumentSpans.Start<float>(backward.ValueInputGradient, out length);
        }
    }
}
