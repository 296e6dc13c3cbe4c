namespace AttentionGen.Samples.Train;

/// <summary>Sequences to learn from.</summary>
internal interface ITrainingTask
{
    /// <summary>Different tokens.</summary>
    int Vocabulary { get; }

    /// <summary>Tokens of a sequence.</summary>
    int Length { get; }

    /// <summary>What a reader sees of a token.</summary>
    string NameOf(int token);

    /// <summary>Writes the sequences of one step. The same seed and step always give the same.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="step">The number of the step.</param>
    /// <param name="tokens">[sequences, Length].</param>
    /// <param name="labels">[sequences, Length]: the token after each token.</param>
    /// <param name="repeated">[sequences, Length]: whether the label can be known from what came before.</param>
    void Fill(long seed, long step, Span<int> tokens, Span<int> labels, Span<bool> repeated);
}
