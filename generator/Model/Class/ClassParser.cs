using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the annotated class itself: can a generated part be added to it?</summary>
internal static class ClassParser
{
    /// <summary>
    /// Bytes of UTF-8, of which a character of an identifier takes up to 3: with vector target and extension well below the 255 of common file systems.
    /// </summary>
    private const int LongestHintName = 192;

    /// <summary>Reports all that forbids a generated part.</summary>
    public static void Check(
        INamedTypeSymbol type,
        KernelKind kind,
        AttributeData attribute,
        Compilation compilation,
        ProblemReporter problems,
        CancellationToken cancellationToken)
    {
        if (type.TypeKind != TypeKind.Class || type.IsRecord)
        {
            problems.Report(DiagnosticDescriptors.NotClass, type.Name, Kind(type).Replace("class", "").Trim());
            return;
        }

        CheckKind(type, kind, problems);
        CheckModifiers(type, problems, cancellationToken);
        CheckContainingTypes(type, problems, cancellationToken);
        CheckMembers(type, kind, compilation, problems);
        CheckConstructors(type, kind, problems, cancellationToken);
        CheckBaseClass(type, compilation, problems);
        CheckLanguageVersion(attribute, problems);
    }

    /// <summary>Reports what clashes with the constructor that only a class which learns nothing gets.</summary>
    public static void CheckWithoutWeights(INamedTypeSymbol type, ProblemReporter problems)
    {
        foreach (IMethodSymbol constructor in type.InstanceConstructors.Where(constructor => constructor.Parameters.Length == 0
            && !constructor.IsImplicitlyDeclared && !IsGenerated(constructor)))
            problems.ReportOn(
                DiagnosticDescriptors.ConstructorClash,
                null,
                constructor.Locations,
                type.Name,
                "takes nothing, as the generated one of a class that learns nothing does: remove it, or give it parameters and end it in ': this()'");
    }

    /// <summary>How to re-open a class that passed <see cref="Check"/>.</summary>
    public static KernelClass Describe(INamedTypeSymbol type, Compilation compilation, CancellationToken cancellationToken) => new()
    {
        Namespace = string.Join(".", Namespaces(type).Select(space => Escape(space.Name))),
        Declarations = new(Nesting(type).Select(level => $"partial {Kind(level)} {EscapeType(level.Name)}")),
        Name = EscapeType(type.Name),
        HintName = HintName(type),
        HidesNames = FrameworkNames.AreHidden(type, compilation, cancellationToken),
        RuntimeAlias = Model.RuntimeAlias.Of(KernelKind.Of(type)?.FindAttribute(type)?.AttributeClass, compilation),
    };

    /// <summary>Reports a second configuration. It is one mistake, so one of the two attributes has the error, and neither is generated.</summary>
    private static void CheckKind(INamedTypeSymbol type, KernelKind kind, ProblemReporter problems)
    {
        if (kind.Another(type) is not { } other)
            return;
        if (kind.ComesBefore(other))
            problems.Refuse();
        else
            problems.Report(DiagnosticDescriptors.SeveralConfigurations, type.Name, other.Config, kind.Config);
    }

    private static void CheckModifiers(INamedTypeSymbol type, ProblemReporter problems, CancellationToken cancellationToken)
    {
        if (!IsPartial(type, cancellationToken))
            problems.Report(DiagnosticDescriptors.NotPartial, type.Name);
        if (type.Arity > 0)
            problems.Report(DiagnosticDescriptors.Generic, type.Name, "");
        if (type.IsStatic)
            problems.Report(DiagnosticDescriptors.Static, type.Name);
        else if (type.IsAbstract)
            problems.Report(DiagnosticDescriptors.Abstract, type.Name);
        if (type.IsFileLocal)
            problems.Report(DiagnosticDescriptors.FileLocal, type.Name, "");
        if (Declarations(type, cancellationToken).Any(declaration => declaration.ParameterList is not null))
            problems.Report(DiagnosticDescriptors.PrimaryConstructor, type.Name);
    }

    private static void CheckContainingTypes(INamedTypeSymbol type, ProblemReporter problems, CancellationToken cancellationToken)
    {
        for (INamedTypeSymbol? outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
        {
            if (!IsPartial(outer, cancellationToken))
                problems.Report(DiagnosticDescriptors.ContainingTypeNotPartial, type.Name, outer.Name, Kind(outer));
            if (outer.Arity > 0)
                problems.Report(DiagnosticDescriptors.Generic, outer.Name, $", or move '{type.Name}' out of it");
            if (outer.IsFileLocal)
                problems.Report(DiagnosticDescriptors.FileLocal, outer.Name, $", or move '{type.Name}' out of it");
        }
    }

    private static void CheckMembers(INamedTypeSymbol type, KernelKind kind, Compilation compilation, ProblemReporter problems)
    {
        if (kind.ReservedNames.Contains(type.Name))
            problems.Report(DiagnosticDescriptors.MemberClash, type.Name, "is itself named", type.Name);

        foreach (IGrouping<string, ISymbol> members in type.GetMembers()
                     .Where(member => kind.ReservedNames.Contains(member.Name) && !IsGenerated(member))
                     .GroupBy(member => member.Name)
                     .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            IEnumerable<Location> places = members.SelectMany(member => member.Locations);
            problems.ReportOn(DiagnosticDescriptors.MemberClash, null, places, type.Name, "declares", members.Key);
        }

        // A hidden member is a warning in the generated file, which nobody could mend there.
        for (INamedTypeSymbol? parent = type.BaseType; parent is not null && KernelKind.Of(parent) is null; parent = parent.BaseType)
        {
            foreach (string name in parent.GetMembers()
                         .Where(member => kind.ReservedNames.Contains(member.Name) && compilation.IsSymbolAccessibleWithin(member, type))
                         .Select(member => member.Name).Distinct().OrderBy(name => name, StringComparer.Ordinal))
                problems.Report(DiagnosticDescriptors.MemberClash, type.Name, $"inherits from '{parent.Name}' the member", name);
        }

        for (INamedTypeSymbol? level = type; level is not null; level = level.BaseType)
        {
            foreach (ISymbol member in level.GetMembers().Where(IsRequired))
                problems.ReportOn(DiagnosticDescriptors.RequiredMember, null, member.Locations, type.Name, member.Name);
        }
    }

    private static void CheckConstructors(INamedTypeSymbol type, KernelKind kind, ProblemReporter problems, CancellationToken cancellationToken)
    {
        foreach (IMethodSymbol constructor in type.InstanceConstructors)
        {
            if (IsGenerated(constructor))
                continue;
            if (constructor.DeclaringSyntaxReferences.FirstOrDefault()?.GetSyntax(cancellationToken) is not ConstructorDeclarationSyntax syntax)
                continue;
            if (constructor.Parameters.Length == 1 && constructor.Parameters[0].Type is { ContainingType: null, ContainingNamespace.Name: "AttentionGen" } only
                && only.Name == kind.Weights)
                problems.ReportOn(
                    DiagnosticDescriptors.ConstructorClash,
                    null,
                    constructor.Locations,
                    type.Name,
                    $"takes {kind.Weights} alone, as the generated one does: remove it, or give it further parameters and end it in ': this(weights)'");
            else if (!syntax.Initializer.IsKind(SyntaxKind.ThisConstructorInitializer))
                problems.ReportOn(
                    DiagnosticDescriptors.ConstructorClash,
                    null,
                    constructor.Locations,
                    type.Name,
                    "does not call the generated one, which packs the weights: end it in ': this(weights)'");
        }
    }

    private static void CheckBaseClass(INamedTypeSymbol type, Compilation compilation, ProblemReporter problems)
    {
        if (type.BaseType is not { SpecialType: SpecialType.None, TypeKind: TypeKind.Class } parent)
            return;
        if (KernelKind.Of(parent) is { } kind)
        {
            problems.Report(DiagnosticDescriptors.BaseClass, type.Name, parent.Name, $"is {kind.Description} itself and needs weights");
            return;
        }

        bool constructible = parent.InstanceConstructors.Any(constructor =>
            constructor.Parameters.All(parameter => parameter.IsOptional || parameter.IsParams)
            && compilation.IsSymbolAccessibleWithin(constructor, type));
        if (!constructible)
            problems.Report(DiagnosticDescriptors.BaseClass, type.Name, parent.Name, "has no such constructor");
    }

    private static void CheckLanguageVersion(AttributeData attribute, ProblemReporter problems)
    {
        if (attribute.ApplicationSyntaxReference?.SyntaxTree.Options is CSharpParseOptions { LanguageVersion: < LanguageVersion.CSharp12 } options)
            problems.Report(DiagnosticDescriptors.LanguageVersion, $"C# {options.LanguageVersion.ToDisplayString()}");
    }

    private static bool IsRequired(ISymbol member) => member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true };

    private static bool IsPartial(INamedTypeSymbol type, CancellationToken cancellationToken) =>
        Declarations(type, cancellationToken).All(declaration => declaration.Modifiers.Any(SyntaxKind.PartialKeyword));

    private static IEnumerable<TypeDeclarationSyntax> Declarations(INamedTypeSymbol type, CancellationToken cancellationToken) =>
        type.DeclaringSyntaxReferences.Select(reference => reference.GetSyntax(cancellationToken)).OfType<TypeDeclarationSyntax>();

    /// <summary>Whether this generator wrote the member: the analyzer sees the compilation with the generated files in it.</summary>
    private static bool IsGenerated(ISymbol member) =>
        member.DeclaringSyntaxReferences.Any(reference => reference.SyntaxTree.FilePath.Split('/', '\\').Contains(typeof(AttentionGenerator).FullName));

    private static string Kind(INamedTypeSymbol type) => (type.TypeKind, type.IsRecord) switch
    {
        (TypeKind.Struct, true) => "record struct",
        (TypeKind.Struct, false) => "struct",
        (TypeKind.Interface, _) => "interface",
        (TypeKind.Enum, _) => "enum",
        (TypeKind.Delegate, _) => "delegate",
        (_, true) => "record",
        _ => "class",
    };

    private static IEnumerable<INamedTypeSymbol> Nesting(INamedTypeSymbol type)
    {
        var levels = new Stack<INamedTypeSymbol>();
        for (INamedTypeSymbol? level = type; level is not null; level = level.ContainingType)
            levels.Push(level);
        return levels;
    }

    private static IEnumerable<INamespaceSymbol> Namespaces(INamedTypeSymbol type)
    {
        var levels = new Stack<INamespaceSymbol>();
        for (INamespaceSymbol? level = type.ContainingNamespace; level is { IsGlobalNamespace: false }; level = level.ContainingNamespace)
            levels.Push(level);
        return levels;
    }

    /// <summary>A name as it may stand in code.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None || FrameworkNames.Contains(name)
            ? $"@{name}" : name;

    /// <summary>The compiler warns of type names of lower-case letters only, as they may become keywords; escaped they cannot.</summary>
    private static string EscapeType(string name) => name.All(letter => letter is >= 'a' and <= 'z') ? $"@{name}" : Escape(name);

    /// <summary>
    /// The metadata name. Hint names must differ by more than case, so a class with a twin in that sense gets a hash; so does one whose name is
    /// longer than a file's may be, which <c>EmitCompilerGeneratedFiles</c> makes of it.
    /// </summary>
    private static string HintName(INamedTypeSymbol type)
    {
        IEnumerable<string> spaces = Namespaces(type).Select(space => $"{space.Name}.");
        string name = string.Concat(spaces) + string.Join("+", Nesting(type).Select(level => level.Name));
        if (Encoding.UTF8.GetByteCount(name) > LongestHintName)
            return $"{name.Substring(0, LongestHintName / 3)}-{Hash(name):x8}";
        IEnumerable<INamespaceOrTypeSymbol> levels = Namespaces(type).Cast<INamespaceOrTypeSymbol>().Concat(Nesting(type));
        return levels.Any(HasCaseTwin) ? $"{name}-{Hash(name):x8}" : name;
    }

    private static bool HasCaseTwin(INamespaceOrTypeSymbol symbol)
    {
        IEnumerable<ISymbol> siblings = symbol.ContainingType is { } outer ? outer.GetTypeMembers() : symbol.ContainingNamespace.GetMembers();
        return siblings.Any(sibling => sibling.Name != symbol.Name && string.Equals(sibling.Name, symbol.Name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>FNV-1a: the same in every process.</summary>
    private static uint Hash(string text) => text.Aggregate(2166136261u, (hash, character) => unchecked((hash ^ character) * 16777619u));
}
