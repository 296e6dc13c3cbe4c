namespace AttentionGen;

/// <summary>The user's methods of a kernel, for <see cref="ReferenceAttention"/>.</summary>
public sealed record ReferenceHooks
{
    /// <summary>Takes score, query head, position of the query and of the key, and gives the new score; see <see cref="ScoreModifierAttribute"/>.</summary>
    public Func<double, int, int, int, double>? ScoreModifier { get; init; }

    /// <summary>Takes query head, position of the query and of the key, and tells whether the key is seen; see <see cref="MaskPredicateAttribute"/>.</summary>
    public Func<int, int, int, bool>? MaskPredicate { get; init; }

    internal static ReferenceHooks None { get; } = new();

    /// <summary>Hooks are there exactly where the shape says so.</summary>
    internal void Check(AttentionShape shape)
    {
        if (shape.HasScoreModifier != ScoreModifier is not null)
            throw new ArgumentException($"hooks {(ScoreModifier is null ? "have no" : "have a")} score modifier; the shape says HasScoreModifier = {shape.HasScoreModifier}.", "hooks");
        if (shape.HasMaskPredicate != MaskPredicate is not null)
            throw new ArgumentException($"hooks {(MaskPredicate is null ? "have no" : "have a")} mask predicate; the shape says HasMaskPredicate = {shape.HasMaskPredicate}.", "hooks");
    }
}
