using System;
using System.Collections.Generic;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>What a configuration asks for between the product of queries and keys and the joined heads. The same for every vector target.</summary>
internal sealed record AttentionSteps
{
    /// <summary>Each row has a range of keys of its own; otherwise rows see the first keys, up to a causal end.</summary>
    public required bool HasRowRanges { get; init; }

    /// <summary>Outside of which keys the mask predicate is false, as a method of the user's class says; null where none says so.</summary>
    public required string? DeclaredRange { get; init; }

    /// <summary>A key between a row's first and last may be masked, so that a row may see no key of a block within its range.</summary>
    public required bool MasksInside { get; init; }

    /// <summary>Rows of a block may see different keys, so that a NaN of the output may come from a key that its row does not see: it is looked for.</summary>
    public required bool LooksForNaN { get; init; }

    /// <summary>Scores are natural until the softmax; otherwise the queries hold the factor log2(e).</summary>
    public required bool NaturalScores { get; init; }

    /// <summary>Each score becomes a probability by itself, and key blocks are added as they are: there is neither a maximum nor a sum.</summary>
    public required bool TakesSigmoid { get; init; }

    /// <summary>The bias of the sigmoid, in the unit of the scores.</summary>
    public required double SigmoidBias { get; init; }

    /// <summary>The pass over the scores between product and softmax, or null where nothing is done to them.</summary>
    public required ScorePass? ScorePass { get; init; }

    /// <summary>The user's method that changes probabilities before they weight the values, or null.</summary>
    public required HookSpec? ProbabilityModifier { get; init; }

    /// <summary>Probabilities are changed before they weight the values.</summary>
    public required bool ModifiesProbabilities { get; init; }

    /// <summary>
    /// Passes over the keys: a softmax whose probabilities are changed needs its final sum first, and computes the scores twice. A sigmoid has no sum.
    /// </summary>
    public int KeyPasses => ModifiesProbabilities && !TakesSigmoid ? 2 : 1;

    /// <summary>The scores of a key block become probabilities without regard to other blocks, which later factors correct.</summary>
    public bool NormalizesBlocks => !ModifiesProbabilities || KeyPasses > 1;

    /// <summary>Scores are also wanted capped and no more: for keys without a position, and for scores that come out.</summary>
    public required bool CapsAlone { get; init; }

    /// <summary>Between the last key block and the division, sinks enter the sums.</summary>
    public required bool TakesSinks { get; init; }

    /// <summary>Between the last key block and the division, the log-sum-exp of each row comes out.</summary>
    public required bool WritesLogSumExp { get; init; }

    public bool Finishes => TakesSinks || WritesLogSumExp;

    /// <summary>Probabilities come out, for which the keys are passed over once more.</summary>
    public required bool WritesProbabilities { get; init; }

    /// <summary>Of the probabilities that come out, the mean of the heads; otherwise each head's own.</summary>
    public required bool AveragesProbabilities { get; init; }

    /// <summary>Decision and reason, one line each.</summary>
    public required EquatableArray<string> Reasons { get; init; }

    public static AttentionSteps Create(AttentionSpec spec)
    {
        AttentionShape shape = spec.Shape;
        ScorePass? pass = ScorePass.Create(spec);
        bool bounded = shape.KeyStarts || shape.WindowLeft >= 0 || shape.WindowRight >= 0 || shape.PrefixLengths || shape.ChunkSize > 0
            || shape.Documents || spec.MaskPredicate?.Range is not null;
        bool masksInside = shape.DeclaredMasks > 0 || shape.HasMaskPredicate || shape.HasScoreModifier;
        bool rowRanges = bounded || pass is not null || shape.Sinks || shape.AppendedKeys > 0 || shape.Outputs != AttentionOutputs.None
            || shape.HasProbabilityModifier;
        var reasons = new List<string>();
        if (rowRanges)
            reasons.Add("Each row has a range of keys of its own: key blocks outside the ranges of a query block are skipped.");
        if (pass is not null)
            reasons.Add(
                $"Between product and softmax one pass over a block's scores, while they are in the first-level cache: {string.Join(", ", pass.Does)}.");
        if (shape.ScoreFunction == ScoreFunction.Sigmoid)
            reasons.Add("A score becomes a probability by itself, in the place of a softmax: no maximum, no sum, and factors of 1 where key blocks are added.");
        if (shape.HasProbabilityModifier)
            reasons.Add(Modified(spec));
        // A scale or a bias that float32 just holds would not be one after the division by ln 2.
        bool natural = pass is not null || shape.Sinks || shape.ScoreOutput != AttentionOutputs.None
            || Math.Max(shape.Scale, Math.Abs(shape.SigmoidBias)) / Math.Log(2) > float.MaxValue;
        return new()
        {
            HasRowRanges = rowRanges,
            DeclaredRange = spec.MaskPredicate?.Range,
            MasksInside = masksInside,
            LooksForNaN = shape.Causal || bounded || masksInside,
            NaturalScores = natural,
            TakesSigmoid = shape.ScoreFunction == ScoreFunction.Sigmoid,
            SigmoidBias = natural ? shape.SigmoidBias : shape.SigmoidBias / Math.Log(2),
            ScorePass = pass,
            ProbabilityModifier = spec.ProbabilityModifier,
            ModifiesProbabilities = shape.HasProbabilityModifier,
            CapsAlone = shape.Softcap > 0 && (shape.AppendedKeys > 0 || shape.ScoreOutput == AttentionOutputs.CappedScores),
            TakesSinks = shape.Sinks,
            WritesLogSumExp = shape.HasLogSumExp,
            WritesProbabilities = shape.HasProbabilities,
            AveragesProbabilities = (shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0,
            Reasons = new(reasons),
        };
    }

    /// <summary>What a probability modifier costs.</summary>
    private static string Modified(AttentionSpec spec)
    {
        string called = spec.ProbabilityModifier is { IsScalar: true } ? ", called key by key" : "";
        return spec.Shape.ScoreFunction == ScoreFunction.Sigmoid
            ? $"Probability modifier{called}: it takes what the sigmoid gives, and its results weight the values. Key blocks are added as they are."
            : $"Probability modifier{called}: it takes normalised probabilities, so that a first pass over the keys finds each row's maximum and sum, and a "
                + "second one computes the scores again, modifies the probabilities and weights the values. Key blocks are added as they are.";
    }
}

/// <summary>
/// What is done to a block's scores between product and softmax, in this order: cap, modifier, additive mask, distance bias, boolean mask, predicate.
/// </summary>
internal sealed record ScorePass
{
    /// <summary>0 for none.</summary>
    public required float Cap { get; init; }

    public required HookSpec? Modifier { get; init; }

    public required HookSpec? Predicate { get; init; }

    public required MaskAxes AdditiveMask { get; init; }

    public required MaskAxes BooleanMask { get; init; }

    /// <summary>Which number of the call a mask's axis of keys has.</summary>
    public required string MaskKeys { get; init; }

    public required bool AddsDistanceBias { get; init; }

    /// <summary>A scalar modifier that vectors cannot compute is called for visible keys only, in a loop of its own.</summary>
    public bool ModifiesApart => Modifier is { IsScalar: true };

    /// <summary>The same of a predicate.</summary>
    public bool PredicatesApart => Predicate is { IsScalar: true };

    /// <summary>What is done depends on the query head.</summary>
    public bool NeedsHead => Modifier is not null || Predicate is not null || AddsDistanceBias || ((AdditiveMask | BooleanMask) & MaskAxes.Head) != 0;

    /// <summary>What is done depends on the position of the query.</summary>
    public bool NeedsPosition => Modifier is not null || Predicate is not null || AddsDistanceBias;

    public bool MasksAdditively => AdditiveMask != MaskAxes.None;

    public bool MasksBooleanly => BooleanMask != MaskAxes.None;

    /// <summary>The cap goes before the modifier: with it into the loop over vectors, or into one of its own where the modifier stands apart.</summary>
    public bool CapsInVectors => Cap > 0 && !ModifiesApart;

    public bool ModifiesInVectors => Modifier is not null && !ModifiesApart;

    public bool PredicatesInVectors => Predicate is not null && !PredicatesApart;

    /// <summary>There is anything that vectors do.</summary>
    public bool HasVectorLoop => MasksAdditively || MasksBooleanly || AddsDistanceBias || ModifiesInVectors || PredicatesInVectors || CapsInVectors;

    /// <summary>What is done, in words and in order.</summary>
    public IEnumerable<string> Does
    {
        get
        {
            if (Cap > 0)
                yield return "softcap";
            if (Modifier is not null)
                yield return ModifiesApart ? "score modifier, called key by key" : "score modifier";
            if (MasksAdditively)
                yield return "additive mask";
            if (AddsDistanceBias)
                yield return "distance bias";
            if (MasksBooleanly)
                yield return "boolean mask";
            if (Predicate is not null)
                yield return PredicatesApart ? "mask predicate, called key by key" : "mask predicate";
        }
    }

    /// <summary>Null where nothing is done.</summary>
    public static ScorePass? Create(AttentionSpec spec)
    {
        AttentionShape shape = spec.Shape;
        return shape.Softcap > 0 || shape.HasScoreModifier || shape.HasDistanceBias || shape.DeclaredMasks > 0 || shape.HasMaskPredicate
            ? new()
            {
                Cap = shape.Softcap,
                Modifier = spec.ScoreModifier,
                Predicate = spec.MaskPredicate?.Method,
                AdditiveMask = shape.AdditiveMask,
                BooleanMask = shape.BooleanMask,
                MaskKeys = shape.MaskLength ? "MaskLength" : "Keys",
                AddsDistanceBias = shape.HasDistanceBias,
            }
            : null;
    }
}

/// <summary>How a vector target joins heads: whole vectors of a head, and the columns that no whole vector holds.</summary>
internal sealed record JoinPlan(int VectorColumns, int Columns)
{
    public bool HasVectors => VectorColumns > 0;

    public bool HasRest => VectorColumns < Columns;

    public static JoinPlan Create(AttentionShape shape, VectorTarget target) => new(shape.ValueHeadDim / target.Lanes * target.Lanes, shape.ValueHeadDim);
}
