using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>A kind of class that the generator extends: the attribute that marks it, and what its generated part has.</summary>
internal sealed class KernelKind
{
    /// <summary>An attention block.</summary>
    public static KernelKind Attention { get; } = new()
    {
        Config = "AttentionConfig",
        Description = "an attention block",
        Weights = "AttentionWeights",
        ReservedNames = Model.ReservedNames.Attention,
        HasHooks = true,
    };

    /// <summary>One product.</summary>
    public static KernelKind Linear { get; } = new()
    {
        Config = "LinearConfig",
        Description = "a product",
        Weights = "LinearWeights",
        ReservedNames = Model.ReservedNames.Linear,
    };

    /// <summary>A Transformer layer: an attention block and what is around it.</summary>
    public static KernelKind TransformerLayer { get; } = new()
    {
        Config = "TransformerLayerConfig",
        Description = "a Transformer layer",
        Weights = "TransformerLayerWeights",
        ReservedNames = Model.ReservedNames.TransformerLayer,
        HasHooks = true,
    };

    /// <summary>A block of multi-head latent attention.</summary>
    public static KernelKind LatentAttention { get; } = new()
    {
        Config = "LatentAttentionConfig",
        Description = "a block of latent attention",
        Weights = "LatentAttentionWeights",
        ReservedNames = Model.ReservedNames.LatentAttention,
    };

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<KernelKind> All { get; } = [Attention, TransformerLayer, Linear, LatentAttention];

    /// <summary>The attribute as a user writes it.</summary>
    public required string Config { get; init; }

    /// <summary>What such a class is, with its article.</summary>
    public required string Description { get; init; }

    /// <summary>The type that the generated constructor takes.</summary>
    public required string Weights { get; init; }

    /// <summary>Names that the generated part may declare.</summary>
    public required IReadOnlyCollection<string> ReservedNames { get; init; }

    /// <summary>Whether modifiers and mask predicates of the class are called.</summary>
    public bool HasHooks { get; init; }

    /// <summary>The metadata name of the attribute.</summary>
    public string AttributeName => $"AttentionGen.{Config}Attribute";

    /// <summary>Whether a compilation has the attribute, from an assembly under whatever alias.</summary>
    public bool IsReferenced(Compilation compilation) => !compilation.GetTypesByMetadataName(AttributeName).IsEmpty;

    /// <summary>The kind of a class, or null where it has no attribute of any.</summary>
    public static KernelKind? Of(INamedTypeSymbol type) => All.FirstOrDefault(kind => kind.FindAttribute(type) is not null);

    /// <summary>The application that counts; the compiler refuses any further one.</summary>
    public AttributeData? FindAttribute(INamedTypeSymbol type) => type.GetAttributes().FirstOrDefault(attribute => IsMine(attribute.AttributeClass));

    /// <summary>The first kind that a class has beside this one, or null.</summary>
    public KernelKind? Another(INamedTypeSymbol type) => All.FirstOrDefault(kind => kind != this && kind.FindAttribute(type) is not null);

    /// <summary>Whether this kind comes before another.</summary>
    public bool ComesBefore(KernelKind other) => All.TakeWhile(kind => kind != other).Contains(this);

    private bool IsMine(INamedTypeSymbol? attributeClass) =>
        attributeClass is { ContainingType: null, ContainingNamespace: { Name: "AttentionGen", ContainingNamespace.IsGlobalNamespace: true } }
        && string.Equals(attributeClass.Name, $"{Config}Attribute", StringComparison.Ordinal);
}
