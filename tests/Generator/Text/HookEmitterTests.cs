using System.Reflection;
using System.Runtime.Loader;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using Microsoft.CodeAnalysis.CSharp;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>What is written for a hook is compiled, and gives the bits of the hook's own method in every lane.</summary>
public sealed class HookEmitterTests
{
    private const string Members =
        """
        const float Slope = -0.25f;
        const int Near = 3;
        static readonly float Gain = 1.5f;
        static readonly bool Loud = true;
        static readonly float[] Slopes = [0.5f, -0f, 1e-3f, 7f];
        static readonly int[] Buckets = [0, 1, 2, 3, 3, 4, 4, 4];
        """;

    /// <summary>Bodies that vectors compute.</summary>
    public static TheoryData<string> VectorBodies =>
    [
        "score",
        "-score",
        "score + Slope * (query - key)",
        "score * 2 - 1f / (1 + key)",
        "score / 3 + head * 0.5f - +Gain",
        "key > query ? float.NegativeInfinity : score",
        "query - key < Near && key % 2 == 0 || head != 1 ? score : -0f",
        "!(score >= 0) ? Math.Abs(score) : MathF.Sqrt(score)",
        "Math.Min(score, 0.5f) + Math.Max(score, -0.5f) * MathF.Min(score, key) - MathF.Max(score, -key)",
        "MathF.Floor(score) + MathF.Ceiling(score) - MathF.Round(score) * MathF.Truncate(score)",
        "Math.Clamp(score, -1f, 1f) + Math.Clamp(key, 2, 9) + float.Clamp(score, -0f, 2f)",
        "(int)score + (key & 3) - (key | 1) + (key ^ query) + ~key",
        "score + key / 7 - key % 7 + (query - key) / 4 + (query - key) % 4 + (key - query) / 8 - key / 16 + key % 16 + (query - key) % 5",
        "score + (key << 2) - (query >> 1) + ((key - query) >>> 28) + (key << 33)",
        "score * Slopes[head] + Slopes[head & 1] + Buckets[2] - Slopes[Math.Abs(query) % 4]",
        "Loud ? score : 0",
        "(key == query) == (head == 2) ? score : score + 1",
        "(key > 3) ^ (head < 2) | (query >= 4) & (key <= 9) ? score : score * 1e-3f",
        "Math.Abs(query - key) * -0.1f + score",
        "{ int distance = query - key; float slope = Slope * head; return score + slope * distance; }",
        "{ const float Half = 0.5f; var x = score * Half; return x * x + x; }",
        "float.MaxValue * score + float.Epsilon - 1e-45f",
        "float.NaN",
        "Math.Max(val2: score, val1: 3f - key)",
        "key * 100_000 * 100_000 + score",
    ];

    /// <summary>Bodies that are called.</summary>
    public static TheoryData<string> CalledBodies =>
    [
        "score + Slopes[key & 3]",
        "score + MathF.Exp(-key)",
        "(float)(score * 0.1)",
        "score % 3",
        "key == 0 ? score : score + 12 / key",
        "head < 4 ? score + Slopes[head] : score",
        "{ float sum = score; for (int i = 0; i < head; i++) sum += i; return sum; }",
        "{ if (key > 3) return 1; return score; }",
        "key switch { 0 => score, _ => -score }",
        "{ var x = score; x += key; return x; }",
        "checked(key * 3 + (int)Math.Min(score, 1e6f))",
        "Help(score, key)",
    ];

    public static TheoryData<string> VectorPredicates =>
    [
        "true",
        "key <= query",
        "query - key < Near && !(head == 2)",
        "(query - key) % 3 == 0 || key < 2",
        "Loud & Slope < Gain",
        "key > 3 ? head == 1 : query > 4",
        "Slopes[head] > 0.1f * key",
    ];

    public static TheoryData<string> CalledPredicates => ["Buckets[key & 7] == head", "key is 3 or > 7"];

    [Theory]
    [MemberData(nameof(VectorBodies))]
    public void Vectors_compute_the_bits_of_a_modifier(string body) => CheckModifier(body, translated: true);

    [Theory]
    [MemberData(nameof(CalledBodies))]
    public void Other_modifiers_are_called_for_each_lane(string body) => CheckModifier(body, translated: false);

    [Theory]
    [MemberData(nameof(VectorPredicates))]
    public void Vectors_compute_the_truth_of_a_predicate(string body) => CheckPredicate(body, translated: true);

    [Theory]
    [MemberData(nameof(CalledPredicates))]
    public void Other_predicates_are_called_for_each_lane(string body) => CheckPredicate(body, translated: false);

    [Fact]
    public void Hooks_of_vectors_are_called_for_every_eight_keys()
    {
        const string Scalar = "static float Plain(float score, int head, int query, int key) => score + Slope * (query - key) * head;";
        const string Vector =
            """
            [ScoreModifier] static Vector256<float> Modify(Vector256<float> scores, int head, int query, Vector256<int> keys) =>
                scores + Vector256.Create(Slope) * Vector256.ConvertToSingle(Vector256.Create(query) - keys) * head;
            [MaskPredicate] static Vector256<int> Sees(int head, int query, Vector256<int> keys) => Vector256.LessThan(keys, Vector256.Create(query + head));
            static bool PlainSees(int head, int query, int key) => key < query + head;
            """;
        AttentionSpec spec = Spec(Scalar + Vector);
        Assert.True(spec is { ScoreModifier: { IsVector: true, VectorBody: null }, MaskPredicate.Method: { IsVector: true, VectorBody: null } });
        Type block = Build(spec, Scalar + Vector, isChecked: true);
        CompareModifier(block, "Plain");
        ComparePredicate(block, "PlainSees");
    }

    [Theory]
    [InlineData("query * 70000 * key", true, false)]
    [InlineData("query * 70000 * key", false, true)]
    [InlineData("query - key", true, true)]
    [InlineData("(query - key) * head", true, false)]
    [InlineData("(query - key) * head", false, true)]
    [InlineData("(int)score", true, false)]
    [InlineData("(int)score", false, true)]
    [InlineData("Math.Abs(query - key)", true, true)]
    [InlineData("Math.Abs(key * key)", false, false)]
    [InlineData("-(key - query)", true, true)]
    [InlineData("key / head", false, false)]
    [InlineData("key / 3 % 5", true, true)]
    [InlineData("Math.Clamp(key, 3, 2)", false, false)]
    [InlineData("Math.Clamp(query - key, -8, 8) * 8 + head", true, true)]
    public void What_could_throw_is_called(string body, bool isChecked, bool translated) =>
        Assert.Equal(translated, Spec(Modifier(body), isChecked).ScoreModifier!.VectorBody is not null);

    [Fact]
    public void Shared_and_long_bodies_do_not_explode()
    {
        string doubling = $"{{ var x0 = score; {string.Concat(Enumerable.Range(1, 60).Select(i => $"var x{i} = x{i - 1} + x{i - 1};"))} return x60; }}";
        Assert.Null(Spec(Modifier(doubling)).ScoreModifier!.VectorBody);
        Assert.Null(Spec(Modifier(string.Join(" + ", Enumerable.Repeat("score", 500)))).ScoreModifier!.VectorBody);
        Assert.NotNull(Spec(Modifier(string.Join(" + ", Enumerable.Repeat("score", 100)))).ScoreModifier!.VectorBody);
    }

    [Fact]
    public void An_expression_is_written_as_a_reader_would()
    {
        AttentionSpec spec = Spec(Modifier("key > query ? score : score + Slope * (query - key)"));
        var writer = new CodeWriter();
        HookEmitter.Modify(writer, VectorTarget.Vector256, spec.Class, spec.ScoreModifier!, "scores", "head", "query", "key");
        Assert.Equal(
            """
            unchecked
            {
                Vector256<int> hook0_0 = Vector256.Create(key) + Vector256<int>.Indices;
                Vector256<int> hook0_1 = Vector256.Create(query);
                scores = Vector256.ConditionalSelect(Vector256.GreaterThan(hook0_0, hook0_1).AsSingle(), scores, scores + (Vector256.Create(-0.25f) * Vector256.ConvertToSingle(hook0_1 - hook0_0)));
            }

            """,
            writer.ToString());
    }

    [Fact]
    public void A_range_is_called_by_its_full_name()
    {
        AttentionSpec spec = Spec(
            "[MaskPredicate(Range = nameof(Near2))] static bool Sees(int h, int q, int k) => true; static (int, int) Near2(int h, int q, int n) => (0, n);");
        Assert.Equal("global::Test.Block.Near2(head, row + 1, keys)", HookEmitter.Range(spec.Class, spec.MaskPredicate!.Range!, "head", "row + 1", "keys"));
    }

    private static void CheckModifier(string body, bool translated)
    {
        foreach (bool isChecked in new[] { false, true })
        {
            AttentionSpec spec = Spec(Modifier(body), isChecked);
            // Checked arithmetic of large numbers may throw, and is called.
            if (!translated || !isChecked)
                Assert.Equal(!translated, spec.ScoreModifier!.IsScalar);
            CompareModifier(Build(spec, Modifier(body), isChecked), "Modify");
        }
    }

    private static void CheckPredicate(string body, bool translated)
    {
        AttentionSpec spec = Spec(Predicate(body));
        Assert.Equal(!translated, spec.MaskPredicate!.Method.IsScalar);
        ComparePredicate(Build(spec, Predicate(body), isChecked: true), "Sees");
    }

    private static void CompareModifier(Type block, string plain)
    {
        var expected = Find(block, plain).CreateDelegate<Func<float, int, int, int, float>>();
        foreach (MethodInfo width in block.GetNestedType("Harness",
            BindingFlags.NonPublic)!.GetMethods().Where(method => method.Name.StartsWith("Modify", StringComparison.Ordinal)))
        {
            var modify = width.CreateDelegate<Action<float[], int, int, int>>();
            foreach ((int head, int query, int first) in new[] { (0, 5, 0), (3, 2, 7), (1, 1_000_003, 999_990), (2, -4, 0) })
            {
                float[] scores = [.. Enumerable.Range(0, 48).Select(lane => Samples[(lane + head) % Samples.Length])];
                float[] before = [.. scores];
                object? exception = null;
                float[] wanted = new float[48];
                try
                {
                    wanted = [.. before.Select((score, lane) => expected(score, head, query, first + lane))];
                }
                catch (Exception thrown) when (thrown is IndexOutOfRangeException or OverflowException)
                {
                    exception = thrown.GetType();
                }

                if (exception is not null)
                {
                    Assert.Equal(exception, Record.Exception(() => modify(scores, head, query, first))?.GetType());
                    continue;
                }

                modify(scores, head, query, first);
                for (int lane = 0; lane < 48; lane++)
                {
                    bool same = BitConverter.SingleToInt32Bits(wanted[lane]) == BitConverter.SingleToInt32Bits(scores[lane])
                        || (float.IsNaN(wanted[lane]) && float.IsNaN(scores[lane]));
                    Assert.True(same, $"{width.Name}({before[lane]}, {head}, {query}, {first + lane}): {wanted[lane]:G9} became {scores[lane]:G9}");
                }
            }
        }
    }

    private static void ComparePredicate(Type block, string plain)
    {
        var expected = Find(block, plain).CreateDelegate<Func<int, int, int, bool>>();
        foreach (MethodInfo width in block.GetNestedType("Harness",
            BindingFlags.NonPublic)!.GetMethods().Where(method => method.Name.StartsWith("Sees", StringComparison.Ordinal)))
        {
            var sees = width.CreateDelegate<Action<float[], int, int, int>>();
            foreach ((int head, int query, int first) in new[] { (0, 5, 0), (3, 2, 7), (1, 1_000_003, 999_990), (2, -4, 0) })
            {
                float[] scores = [.. Enumerable.Range(0, 48).Select(lane => lane == 5 ? float.NaN : lane)];
                float[] wanted = [.. scores.Select((score, lane) => expected(head, query, first + lane) ? score : float.NegativeInfinity)];
                sees(scores, head, query, first);
                Assert.Equal(wanted, scores);
            }
        }
    }

    private static readonly float[] Samples =
        [0f, -0f, 1f, -1f, 0.25f, -2.5f, 3.5f, 1e10f, -1e10f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, 0.49999997f, -16777217f,
            100.7f, 0.1f];

    private static string Modifier(string body) => $"[ScoreModifier] static float Modify(float score, int head, int query, int key) {Body(body)}";

    private static string Predicate(string body) => $"[MaskPredicate] static bool Sees(int head, int query, int key) {Body(body)}";

    private static string Body(string body) => body.StartsWith('{') ? body : $"=> {body};";

    private static string Source(string hooks) =>
        $$"""
        using System;
        using System.Runtime.Intrinsics;
        namespace Test;
        [AttentionConfig(Heads = 4, DModel = 8)]
        public sealed partial class Block
        {
            {{Members}}
            static float Help(float score, int key) => score * key;
            {{hooks}}
        }
        """;

    private static AttentionSpec Spec(string hooks, bool isChecked = true)
    {
        CSharpCompilation compilation = Compile(Source(hooks));
        return ParseSpecs(compilation.WithOptions(StrictOptions.WithOverflowChecks(isChecked))).Single();
    }

    /// <summary>The class with a nested one that applies its hooks to 48 scores in vectors of each width.</summary>
    private static Type Build(AttentionSpec spec, string hooks, bool isChecked)
    {
        var writer = new CodeWriter();
        writer.Line("using System.Runtime.Intrinsics;\nnamespace Test;");
        using (writer.Block("partial class Block"))
        using (writer.Block("internal static class Harness"))
        {
            // A target with a base has the same vectors.
            foreach (VectorTarget target in VectorTarget.All.Where(target => target.Base is null))
            {
                // One vector alone, and three that follow each other.
                foreach (int vectors in new[] { 1, 3 })
                    WriteLoop(writer, target, spec, vectors);
            }
        }

        var options = new CSharpCompilationOptions(Microsoft.CodeAnalysis.OutputKind.DynamicallyLinkedLibrary, checkOverflow: isChecked);
        CSharpCompilation compilation = Compile(Source(hooks).Replace($"[AttentionConfig(Heads = 4, DModel = 8)]", ""), writer.ToString()).WithOptions(options);
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(
            result.Success,
            string.Join("\n", result.Diagnostics.Where(diagnostic => diagnostic.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error)) + writer);
        image.Position = 0;
        return new AssemblyLoadContext(null, isCollectible: true).LoadFromStream(image).GetType("Test.Block")!;
    }

    private static void WriteLoop(CodeWriter writer, VectorTarget target, AttentionSpec spec, int vectors)
    {
        string[] names = [.. Enumerable.Range(0, vectors).Select(i => $"lanes{i}")];
        int step = vectors * target.Lanes;
        foreach ((string method, HookSpec? hook) in new[] { ("Modify", spec.ScoreModifier), ("Sees", spec.MaskPredicate?.Method) })
        {
            if (hook is null)
                continue;
            using (writer.Block($"public static void {method}{step}(float[] scores, int head, int query, int firstKey)"))
            {
                if (hook.IsScalar)
                {
                    writer.Line("for (int i = 0; i < 48; i++)");
                    writer.Line(method == "Modify"
                        ? $"    scores[i] = {HookEmitter.Call(spec.Class, hook, "scores[i]", "head", "query", "firstKey + i")};"
                        : $"    scores[i] = {HookEmitter.Call(spec.Class, hook, "head", "query", "firstKey + i")} ? scores[i] : float.NegativeInfinity;");
                    continue;
                }

                using (writer.Block($"for (int i = 0; i < 48; i += {step})"))
                {
                    for (int i = 0; i < vectors; i++)
                        writer.Line($"var {names[i]} = {target.VectorType}.LoadUnsafe(ref scores[i + {i * target.Lanes}]);");
                    if (method == "Modify")
                        HookEmitter.Modify(writer, target, spec.Class, hook, names, "head", "query", "firstKey + i");
                    else
                        HookEmitter.Predicate(writer, target, spec.Class, hook, names, "head", "query", "firstKey + i");
                    for (int i = 0; i < vectors; i++)
                        writer.Line($"{names[i]}.StoreUnsafe(ref scores[i + {i * target.Lanes}]);");
                }
            }
        }
    }

    private static MethodInfo Find(Type block, string name) => block.GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!;
}
