using System.Collections.Immutable;
using AttentionGen.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Tests.Generator;

/// <summary>Editors take a hook for unused where the kernel is computed from its text, and offer to delete it.</summary>
public sealed class HookSuppressorTests
{
    private const string Source = """
        namespace Test;

        [AttentionConfig(Heads = 4, DModel = 64, Causal = true)]
        public sealed partial class Decaying
        {
            [ScoreModifier]
            private static float Decay(float score, int head, int query, int key) => score - (query - key);

            [ProbabilityModifier]
            private static float Share(float probability, int head, int query, int key) => probability * query;

            [MaskPredicate]
            private static bool Sees(int head, int query, int key) => key <= query;

            private static float Unused(float score, int head) => score;
        }

        public static class Plain
        {
            [ScoreModifier]
            private static float Decay(float score, int head, int query, int key) => score;
        }
        """;

    [Fact]
    public async Task Hooks_and_their_parameters_are_never_reported_as_unused()
    {
        (Compilation compilation, _) = GeneratorDriverFixture.Generate(GeneratorDriverFixture.Compile(Source));
        Assert.Equal(
            ["Decay", "Decay", "Decay.head", "Decay.head", "Decay.key", "Decay.query", "Sees", "Sees.head", "Share", "Share.head",
                "Share.key", "Unused", "Unused.head"],
            await Reported(compilation, []));

        // Of the plain class, which is not annotated, everything stays.
        Assert.Equal(["Decay", "Decay.head", "Decay.key", "Decay.query", "Unused", "Unused.head"], await Reported(compilation, [new HookSuppressor()]));
    }

    private static async Task<string[]> Reported(Compilation compilation, DiagnosticAnalyzer[] suppressors)
    {
        var options = new CompilationWithAnalyzersOptions(new AnalyzerOptions([]), null, concurrentAnalysis: true, logAnalyzerExecutionTime: false);
        ImmutableArray<Diagnostic> diagnostics = await compilation.WithAnalyzers([new EveryMember(), .. suppressors], options)
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return [.. diagnostics.Where(each => !each.IsSuppressed).Select(each => each.GetMessage()).Order(StringComparer.Ordinal)];
    }

#pragma warning disable RS1036, RS1038, RS1041, RS2008 // An analyzer of a test, which no compiler loads.
    /// <summary>
    /// Reports, under the ids and at the places of the SDK's analyzers, every private method and every parameter that its body does not name.
    /// </summary>
    [DiagnosticAnalyzer(LanguageNames.CSharp)]
    private sealed class EveryMember : DiagnosticAnalyzer
    {
        private static readonly DiagnosticDescriptor Member = new("IDE0051", "Unused", "{0}", "Test", DiagnosticSeverity.Warning, isEnabledByDefault: true);
        private static readonly DiagnosticDescriptor Parameter = new("IDE0060", "Unused", "{0}", "Test", DiagnosticSeverity.Warning, isEnabledByDefault: true);

        public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Member, Parameter];

        public override void Initialize(AnalysisContext context)
        {
            context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
            context.EnableConcurrentExecution();
            context.RegisterSyntaxNodeAction(
                static node =>
                {
                    var method = (MethodDeclarationSyntax)node.Node;
                    if (!method.Modifiers.Any(SyntaxKind.PrivateKeyword))
                        return;
                    string name = method.Identifier.Text, body = method.ExpressionBody!.ToString();
                    node.ReportDiagnostic(Diagnostic.Create(Member, method.Identifier.GetLocation(), name));
                    foreach (ParameterSyntax parameter in method.ParameterList.Parameters.Where(each => !body.Contains(each.Identifier.Text,
                        StringComparison.Ordinal)))
                        node.ReportDiagnostic(Diagnostic.Create(Parameter, parameter.GetLocation(), $"{name}.{parameter.Identifier.Text}"));
                },
                SyntaxKind.MethodDeclaration);
        }
    }
}
