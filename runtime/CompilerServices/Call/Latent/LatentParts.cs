using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>The generated classes inside a class of latent attention.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class LatentParts
{
    /// <summary>The attention of the expanded form.</summary>
    public required CoreKind Expanded { get; init; }

    /// <summary>The attention of the absorbed form.</summary>
    public required CoreKind Absorbed { get; init; }

    /// <summary>The product that gives the latent vector of queries; null where there is none.</summary>
    public ProductKind? QueryDown { get; init; }

    /// <summary>The product that gives the queries of all heads.</summary>
    public required ProductKind QueryUp { get; init; }

    /// <summary>The product that gives the latent vector of keys and values, and the key that is rotated.</summary>
    public required ProductKind KeyValueDown { get; init; }

    /// <summary>The product that gives the keys of all heads.</summary>
    public required ProductKind KeyUp { get; init; }

    /// <summary>The product that gives the values of all heads.</summary>
    public required ProductKind ValueUp { get; init; }

    /// <summary>The product of one head's queries and its transposed key matrix.</summary>
    public required ProductKind Absorption { get; init; }

    /// <summary>The product of what one head has attended to and its value matrix.</summary>
    public required ProductKind HeadValue { get; init; }

    /// <summary>The output projection.</summary>
    public required ProductKind Output { get; init; }
}
