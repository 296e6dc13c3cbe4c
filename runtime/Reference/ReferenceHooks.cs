namespace AttentionGen;

/// <summary>The user's methods of a kernel, for <see cref="ReferenceAttention"/>.</summary>
public sealed record ReferenceHooks
{
    /// <summary>Returns the new score for a score, a query head, and the positions of query and key; see <see cref="ScoreModifierAttribute"/>.</summary>
    public Func<double, int, int, int, double>? ScoreModifier { get; init; }

    /// <summary>
    /// Returns what multiplies the value, for a probability, a query head, and the positions of query and key; see
    /// <see cref="ProbabilityModifierAttribute"/>.
    /// </summary>
    public Func<double, int, int, int, double>? ProbabilityModifier { get; init; }

    /// <summary>Returns whether a key is visible, for a query head and the positions of query and key; see <see cref="MaskPredicateAttribute"/>.</summary>
    public Func<int, int, int, bool>? MaskPredicate { get; init; }

    internal static ReferenceHooks None { get; } = new();

    /// <summary>Hooks are there exactly where the shape says so.</summary>
    internal void Check(AttentionShape shape)
    {
        if (shape.HasScoreModifier != ScoreModifier is not null)
            throw new ArgumentException(
                $"hooks {(ScoreModifier is null ? "have no" : "have a")} score modifier; the shape says HasScoreModifier = {shape.HasScoreModifier}.", "hooks");
        if (shape.HasProbabilityModifier != ProbabilityModifier is not null)
            throw new ArgumentException(
                $"hooks {(ProbabilityModifier is null ? "have no" : "have a")} probability modifier; the shape says HasProbabilityModifier = "
                    + $"{shape.HasProbabilityModifier}.", "hooks");
        if (shape.HasMaskPredicate != MaskPredicate is not null)
            throw new ArgumentException(
                $"hooks {(MaskPredicate is null ? "have no" : "have a")} mask predicate; the shape says HasMaskPredicate = {shape.HasMaskPredicate}.", "hooks");
    }
}
