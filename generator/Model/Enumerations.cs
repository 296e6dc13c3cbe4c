using System;

namespace AttentionGen.Generator.Model;

/// <summary>What a causal offset is without a cache; mirrors the runtime's enum of this name.</summary>
internal enum CausalAlignment
{
    TopLeft,
    BottomRight,
}

/// <summary>Which elements of a head are paired; mirrors the runtime's enum of this name.</summary>
internal enum RotaryKind
{
    None,
    HalfSplit,
    Interleaved,
}

/// <summary>How far loops are unrolled; mirrors the runtime's enum of this name.</summary>
internal enum Unrolling
{
    Auto,
    Full,
}

/// <summary>Axes of a mask; mirrors the runtime's enum of this name.</summary>
[Flags]
internal enum MaskAxes
{
    None = 0,
    Batch = 1,
    Head = 2,
    Query = 4,
    Key = 8,
}

/// <summary>How heads lie in memory without projections; mirrors the runtime's enum of this name.</summary>
internal enum HeadLayout
{
    RowsHeads,
    HeadsRows,
}

/// <summary>Normalisation of each head of queries and keys; mirrors the runtime's enum of this name.</summary>
internal enum QueryKeyNorm
{
    None,
    Rms,
    Layer,
}

/// <summary>How rotary frequencies are stretched; mirrors the runtime's enum of this name.</summary>
internal enum RotaryScaling
{
    None,
    Linear,
    Llama3,
    Yarn,
}

/// <summary>What comes beside the output; mirrors the runtime's enum of this name.</summary>
[Flags]
internal enum AttentionOutputs
{
    None = 0,
    LogSumExp = 1,
    Probabilities = 2,
    AveragedProbabilities = 4,
    ScaledScores = 8,
    CappedScores = 16,
    MaskedScores = 32,
}
