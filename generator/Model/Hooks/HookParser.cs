using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>Finds and judges the methods that the kernel calls: a score modifier, a probability modifier and a mask predicate.</summary>
internal static class HookParser
{
    private const string ModifierAttribute = "ScoreModifierAttribute";
    private const string ModifierMark = "[ScoreModifier]";
    private const string ProbabilityAttribute = "ProbabilityModifierAttribute";
    private const string ProbabilityMark = "[ProbabilityModifier]";
    private const string PredicateAttribute = "MaskPredicateAttribute";
    private const string PredicateMark = "[MaskPredicate]";
    private const string ProbabilityKind = "probability modifier";
    private const string PredicateKind = "mask predicate";

    /// <summary>Reports all that is wrong; hooks with mistakes are null.</summary>
    public static HookSpecs Parse(INamedTypeSymbol type, Compilation compilation, ProblemReporter problems, CancellationToken cancellationToken)
    {
        HookSpec? Find(string attribute, string mark, string kind)
        {
            IMethodSymbol? method = Single(type, attribute, mark, problems);
            return method is null ? null : Describe(type, method, kind, compilation, problems, cancellationToken);
        }

        HookSpec? modifier = Find(ModifierAttribute, ModifierMark, "score modifier");
        HookSpec? probability = Find(ProbabilityAttribute, ProbabilityMark, ProbabilityKind);
        IMethodSymbol? predicate = Single(type, PredicateAttribute, PredicateMark, problems);
        HookSpec? predicateHook = predicate is null ? null : Describe(type, predicate, PredicateKind, compilation, problems, cancellationToken);
        string? range = predicate is null ? null : Range(type, predicate, problems);
        return new(modifier, probability, predicateHook is null ? null : new(predicateHook, range));
    }

    /// <summary>How a method is marked, such as <c>[ScoreModifier]</c>, or null where it is no hook.</summary>
    public static string? MarkOf(IMethodSymbol method) =>
        HasAttribute(method, ModifierAttribute) ? ModifierMark
        : HasAttribute(method, ProbabilityAttribute) ? ProbabilityMark
        : HasAttribute(method, PredicateAttribute) ? PredicateMark : null;

    private static IMethodSymbol? Single(INamedTypeSymbol type, string attribute, string shown, ProblemReporter problems)
    {
        List<IMethodSymbol> marked = type.GetMembers().OfType<IMethodSymbol>().Where(method => HasAttribute(method, attribute)).ToList();
        foreach (IMethodSymbol extra in marked.Skip(1))
            problems.ReportAt(DiagnosticDescriptors.HookTwice, extra, type.Name, shown, marked[0].Name);
        return marked.FirstOrDefault();
    }

    private static HookSpec? Describe(
        INamedTypeSymbol type, IMethodSymbol method, string kind, Compilation compilation, ProblemReporter problems, CancellationToken cancellationToken)
    {
        if (method.MethodKind != MethodKind.Ordinary || !method.IsStatic || method.Arity > 0)
        {
            string what = method.MethodKind != MethodKind.Ordinary ? "an ordinary method" : method.IsStatic ? "without type parameters" : "static";
            problems.ReportAt(DiagnosticDescriptors.HookKind, method, method.Name, kind, what);
            return null;
        }

        bool isPredicate = kind == PredicateKind;
        (string scalar, string vector) = isPredicate
            ? ("bool(int, int, int)", "Vector256<int>(int, int, Vector256<int>)")
            : ("float(float, int, int, int)", "Vector256<float>(Vector256<float>, int, int, Vector256<int>)");
        string signature = Signature(method);
        if (signature != scalar && signature != vector)
        {
            string changed = kind == ProbabilityKind ? "probability" : "score", severalChanged = kind == ProbabilityKind ? "probabilities" : "scores";
            (string first, string second) = isPredicate
                ? ($"static bool {method.Name}(int head, int query, int key)", $"static Vector256<int> {method.Name}(int head, int query, Vector256<int> keys)")
                : (
                    $"static float {method.Name}(float {changed}, int head, int query, int key)",
                    $"static Vector256<float> {method.Name}(Vector256<float> {severalChanged}, int head, int query, Vector256<int> keys)");
            problems.ReportAt(DiagnosticDescriptors.HookSignature, method, method.Name, kind, first, second);
            return null;
        }

        VectorExpression? body = signature == scalar ? HookTranslator.Translate(type, method, compilation, cancellationToken) : null;
        return new(ClassParser.Escape(method.Name), signature == vector, body);
    }

    private static string? Range(INamedTypeSymbol type, IMethodSymbol predicate, ProblemReporter problems)
    {
        AttributeData attribute = predicate.GetAttributes().First(candidate => Is(candidate, PredicateAttribute));
        TypedConstant given = attribute.NamedArguments.FirstOrDefault(argument => argument.Key == "Range").Value;
        if (given.Kind != TypedConstantKind.Primitive || given.Value is not string name)
            return null;

        List<IMethodSymbol> methods = type.GetMembers(name).OfType<IMethodSymbol>().Where(method => method.MethodKind == MethodKind.Ordinary).ToList();
        string? mistake = methods.Count == 0
            ? $"is no method of '{type.Name}'"
            : methods.Any(method => method is { IsStatic: true, Arity: 0 } && Signature(method) == "(int, int)(int, int, int)")
                ? null
                : "has another signature";
        if (mistake is null)
            return ClassParser.Escape(name);
        problems.ReportAt(DiagnosticDescriptors.HookRange, predicate, predicate.Name, name, mistake);
        return null;
    }

    /// <summary>Types alone, such as <c>float(float, int, int, int)</c>; parameters passed by reference show it.</summary>
    private static string Signature(IMethodSymbol method)
    {
        string result = (method.RefKind == RefKind.None ? "" : "ref ") + Name(method.ReturnType);
        IEnumerable<string> parameters = method.Parameters.Select(parameter => (parameter.RefKind == RefKind.None ? "" : "ref ") + Name(parameter.Type));
        return $"{result}({string.Join(", ", parameters)})";
    }

    private static string Name(ITypeSymbol type) => type switch
    {
        { SpecialType: SpecialType.System_Single } => "float",
        { SpecialType: SpecialType.System_Int32 } => "int",
        { SpecialType: SpecialType.System_Boolean } => "bool",
        INamedTypeSymbol { IsTupleType: true, TupleElements: { } elements } => $"({string.Join(", ", elements.Select(element => Name(element.Type)))})",
        INamedTypeSymbol { Name: "Vector256", Arity: 1, ContainingType: null, ContainingNamespace.Name: "Intrinsics" } vector =>
            $"Vector256<{Name(vector.TypeArguments[0])}>",
        _ => "another type",
    };

    private static bool HasAttribute(IMethodSymbol method, string name) => method.GetAttributes().Any(attribute => Is(attribute, name));

    private static bool Is(AttributeData attribute, string name) =>
        attribute.AttributeClass is { ContainingType: null, ContainingNamespace: { Name: "AttentionGen", ContainingNamespace.IsGlobalNamespace: true } } type
            && type.Name == name;
}
