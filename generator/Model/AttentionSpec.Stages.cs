namespace AttentionGen.Generator.Model;

// What the declared settings and hooks together ask of the attention of a sequence.
internal sealed partial record AttentionSpec
{
    /// <summary>Whether a rule other than causality and key lengths bounds the keys of a row, so that each row has a first key of its own.</summary>
    public bool HasRanges => Shape.KeyStarts || Shape.WindowLeft >= 0 || Shape.WindowRight >= 0 || Shape.PrefixLengths || Shape.ChunkSize > 0
        || Shape.Documents || MaskPredicate?.Range is not null;

    /// <summary>Whether a key between a row's first and last may be masked.</summary>
    public bool MasksInside => Shape.DeclaredMasks > 0 || MaskPredicate is not null || ScoreModifier is not null;

    /// <summary>Whether the rows of a block may see different keys, so that a NaN of the output may come from a key that its row does not see.</summary>
    public bool MasksKeys => Shape.Causal || HasRanges || MasksInside;

    /// <summary>Whether a pass over the scores stands between the product and the softmax.</summary>
    public bool ModifiesScores => Shape.Softcap > 0 || ScoreModifier is not null || Shape.HasDistanceBias || Shape.DeclaredMasks > 0 || MaskPredicate is not null;

    /// <summary>Whether scores are natural until the softmax, and not yet multiplied by log2(e) through the query weights.</summary>
    public bool NaturalScores => ModifiesScores || Shape.Sinks || Shape.ScoreOutput != AttentionOutputs.None;

    /// <summary>Whether the attention of a sequence needs more than its visible keys and a causal offset: each row then has a range of keys of its own.</summary>
    public bool UsesContext => HasRanges || ModifiesScores || Shape.Sinks || Shape.AppendedKeys > 0 || Shape.Outputs != AttentionOutputs.None;
}
