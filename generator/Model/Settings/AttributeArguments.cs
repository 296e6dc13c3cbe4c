using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttentionGen.Generator.Model;

/// <summary>The named arguments of one application of the attribute.</summary>
internal sealed class AttributeArguments
{
    private readonly AttributeData attribute;
    private readonly Dictionary<string, TypedConstant> values = [];

    public AttributeArguments(AttributeData attribute)
    {
        this.attribute = attribute;
        AreWellFormed = attribute.AttributeConstructor is not null;
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            // A name given twice is the compiler's error already.
            values[argument.Key] = argument.Value;
            AreWellFormed &= argument.Value.Kind is TypedConstantKind.Primitive or TypedConstantKind.Enum || IsWellFormedList(argument.Value);
        }
    }

    /// <summary>False where the compiler itself refuses an argument, so that there is nothing to judge.</summary>
    public bool AreWellFormed { get; }

    public bool Has(string name) => values.ContainsKey(name);

    /// <summary>The value of an argument, or <paramref name="fallback"/> where it is not given.</summary>
    public T Get<T>(string name, T fallback) =>
        values.TryGetValue(name, out TypedConstant constant) && constant.Value is T value ? value : fallback;

    /// <summary>The elements of an argument that is an array; none where it is not given, or null.</summary>
    public EquatableArray<T> List<T>(string name)
        where T : IEquatable<T> =>
        values.TryGetValue(name, out TypedConstant list) && list is { Kind: TypedConstantKind.Array, IsNull: false }
            ? new(list.Values.Select(element => (T)element.Value!))
            : default;

    /// <summary>Where an argument stands, or the whole attribute where the argument is missing or no name is given.</summary>
    public Location Locate(string? name, CancellationToken cancellationToken)
    {
        if (attribute.ApplicationSyntaxReference?.GetSyntax(cancellationToken) is not AttributeSyntax syntax)
            return Location.None;
        AttributeArgumentSyntax? argument = name is null
            ? null
            : syntax.ArgumentList?.Arguments.FirstOrDefault(candidate => candidate.NameEquals?.Name.Identifier.ValueText == name);
        return (argument ?? (SyntaxNode)syntax).GetLocation();
    }

    private static bool IsWellFormedList(TypedConstant value) =>
        value.Kind == TypedConstantKind.Array && (value.IsNull || value.Values.All(element => element is { Kind: TypedConstantKind.Primitive, IsNull: false }));
}
