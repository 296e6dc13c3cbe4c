namespace AttentionGen.Tests.Generator;

/// <summary>A mistake: «marked» where it must be reported, with words its message must have, beside a twin without it.</summary>
internal sealed partial record DiagnosticCase(string Name, string Id, string Illegal, string Legal, params string[] MessageParts)
{
    public static readonly IReadOnlyList<DiagnosticCase> All =
        [.. Classes(), .. Configurations(), .. Hooks(), .. Variants(), .. Layers(), .. Linear(), .. Latent()];

    private const string Small = "Heads = 2, DModel = 8";

    private static IEnumerable<DiagnosticCase> Classes()
    {
        const string Attribute = $"[«AttentionConfig({Small})»]";
        DiagnosticCase Class(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, illegal.Replace("[A]", Attribute), legal.Replace("[A]", Attribute), parts);

        yield return Class(
            "not partial", "AG0001", "[A] public sealed class Block;", "[A] public sealed partial class Block;", "'Block'", "partial class Block");
        yield return Class(
            "nested in a class that is not partial",
            "AG0002",
            "class Outer { [A] partial class Block; }",
            "partial class Outer { [A] partial class Block; }",
            "'Block'",
            "partial class Outer");
        yield return Class(
            "nested in a record struct that is not partial",
            "AG0002",
            "record struct Outer { [A] partial class Block; }",
            "partial record struct Outer { [A] partial class Block; }",
            "partial record struct Outer");
        yield return Class(
            "outermost type not partial",
            "AG0002",
            "class Outer { partial class Middle { [A] partial class Block; } }",
            "partial class Outer { partial class Middle { [A] partial class Block; } }",
            "partial class Outer");
        yield return Class("generic", "AG0003", "[A] partial class Block<T>;", "[A] partial class Block;", "'Block'", "type parameters");
        yield return Class(
            "nested in a generic type",
            "AG0003",
            "partial class Outer<T> { [A] partial class Block; }",
            "partial class Outer { [A] partial class Block; }",
            "'Outer'",
            "move 'Block' out");
        yield return Class("static", "AG0004", "[A] static partial class Block;", "[A] partial class Block;", "sealed partial class Block");
        yield return Class("abstract", "AG0005", "[A] abstract partial class Block;", "[A] partial class Block;", "sealed partial class Block");
        yield return Class("file-local", "AG0006", "[A] file partial class Block;", "[A] internal partial class Block;", "'internal'");
        yield return Class(
            "nested in a file-local type",
            "AG0006",
            "file partial class Outer { [A] internal partial class Block; }",
            "partial class Outer { [A] internal partial class Block; }",
            "'Outer'",
            "move 'Block' out");
        yield return Class("record", "AG0007", "[A] partial record Block;", "[A] partial class Block;", "is a record", "sealed partial class Block");
        yield return Class("struct", "AG0007", "[A] partial struct Block;", "[A] partial class Block;", "is a struct");
        yield return Class("record struct", "AG0007", "[A] partial record struct Block;", "[A] partial class Block;", "is a record struct");
        yield return Class(
            "primary constructor",
            "AG0008",
            "[A] partial class Block(int size) { int Size => size; }",
            "[A] partial class Block { int Size => 1; }",
            "primary constructor",
            "this(weights)");
        yield return Class("empty primary constructor", "AG0008", "[A] partial class Block();", "[A] partial class Block;", "primary constructor");
        foreach (string member in new[] { "int Heads", "int MemoryDim => 1", "static string Plan => \"\"", "int Forward(int x) => x",
            "class Vector256Kernels {}", "enum Shape {}", "event System.Action Create", "static int packedWeights" })
        {
            string name = member.TrimEnd(' ', '{', '}').Split("=>")[0].Split('(')[0].Trim().Split(' ')[^1];
            string end = member.EndsWith('}') ? "" : ";";
            yield return Class(
                $"member {name}",
                "AG0009",
                $"[A] partial class Block {{ {member}{end} }}",
                $"[A] partial class Block {{ {member.Replace(name, "Other" + name)}{end} }}",
                $"declares '{name}'");
        }

        yield return Class(
            "member in another part",
            "AG0009",
            "[A] partial class Block; partial class Block { void Forward() {} }",
            "[A] partial class Block; partial class Block { void Run1() {} }",
            "declares 'Forward'");
        yield return Class(
            "inherited member",
            "AG0009",
            "class Parent { protected void Forward() {} } [A] partial class Block : Parent;",
            "class Parent { private void Forward() {} } [A] partial class Block : Parent;",
            "inherits from 'Parent'",
            "'Forward'");
        yield return Class("named like a member", "AG0009", "[A] partial class Forward;", "[A] partial class Forwarder;", "itself named 'Forward'");
        yield return Class(
            "constructor of weights",
            "AG0010",
            "[A] partial class Block { public Block(AttentionWeights w) {} }",
            "[A] partial class Block { public Block(AttentionWeights w, int layer) : this(w) {} }",
            "AttentionWeights alone",
            "this(weights)");
        yield return Class(
            "constructor that does not chain",
            "AG0010",
            "[A] partial class Block { public Block() {} }",
            "[A] partial class Block { public Block() : this(AttentionWeights.Random(Shape, 1)) {} }",
            "does not call the generated one",
            "this(weights)");
        yield return new("constructor without parameters where nothing is learned", "AG0010",
            "[«AttentionConfig(Heads = 2, HeadDim = 8, Projections = false)»] partial class Block { public Block() : this(AttentionWeights.Empty) {} }",
            "[«AttentionConfig(Heads = 2, HeadDim = 8, Projections = false)»] partial class Block { public Block(int layer) : this() {} }",
            ["takes nothing", "this()"]);
        yield return Class(
            "base class without parameterless constructor",
            "AG0011",
            "class Parent { public Parent(int x) {} } [A] partial class Block : Parent;",
            "class Parent { public Parent(int x = 1) {} } [A] partial class Block : Parent;",
            "'Parent'",
            "has no such constructor");
        yield return Class(
            "base class with a private constructor",
            "AG0011",
            "class Parent { private Parent() {} } [A] partial class Block : Parent;",
            "class Parent { protected Parent() {} } [A] partial class Block : Parent;",
            "'Parent'");
        yield return Class(
            "derived from an attention block",
            "AG0011",
            $"[AttentionConfig({Small})] partial class Parent; [A] partial class Block : Parent;",
            $"[AttentionConfig({Small})] partial class Parent; [A] partial class Block;",
            "'Parent'",
            "attention block itself");
        yield return Class(
            "required member",
            "AG0012",
            "[A] partial class Block { public required int Layer { get; init; } }",
            "[A] partial class Block { public int Layer { get; init; } }",
            "'Layer'",
            "remove 'required'");
        yield return Class(
            "inherited required member",
            "AG0012",
            "class Parent { public required int Layer; } [A] partial class Block : Parent;",
            "class Parent { public int Layer; } [A] partial class Block : Parent;",
            "'Layer'");
    }

    private static IEnumerable<DiagnosticCase> Hooks()
    {
        const string Using = "using System.Runtime.Intrinsics;\n";
        static string Class(string members) => $"{Using}[AttentionConfig({Small})] partial class Block {{ {members} }}";
        static DiagnosticCase Hook(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, Class(illegal), Class(legal), parts);

        const string Good = "[ScoreModifier] static float Bias(float score, int head, int query, int key) => score;";
        const string Share = "[ProbabilityModifier] static float Share(float probability, int head, int query, int key) => probability;";
        const string Sees = "[MaskPredicate] static bool Sees(int head, int query, int key) => true;";
        yield return Hook(
            "two score modifiers",
            "AG0028",
            Good + "[ScoreModifier] static float «Other»(float s, int h, int q, int k) => s;",
            Good + "static float Other(float s, int h, int q, int k) => s;",
            "'Block'",
            "[ScoreModifier]",
            "'Bias'");
        yield return Hook(
            "two mask predicates",
            "AG0028",
            Sees + "[MaskPredicate] static Vector256<int> «Sees»(int h, int q, Vector256<int> k) => k;",
            Sees + Good,
            "[MaskPredicate]",
            "'Sees'");
        yield return Hook(
            "two probability modifiers",
            "AG0028",
            Share + "[ProbabilityModifier] static Vector256<float> «Other»(Vector256<float> p, int h, int q, Vector256<int> k) => p;",
            Share + Good + Sees,
            "[ProbabilityModifier]",
            "'Share'");
        yield return new(
            "two score modifiers in two parts", "AG0028",
            $"[AttentionConfig({Small})] partial class Block {{ {Good} }} partial class Block {{ [ScoreModifier] static float «Other»(float s, int h, int q, "
                + $"int k) => s; }}", $"[AttentionConfig({Small})] partial class Block; partial class Block {{ {Good} }}", "'Bias'");
        yield return Hook(
            "score modifier of an instance",
            "AG0029",
            "[ScoreModifier] float «Bias»(float s, int h, int q, int k) => s;",
            Good,
            "'Bias' must be static",
            "score modifier");
        yield return Hook(
            "probability modifier of an instance",
            "AG0029",
            "[ProbabilityModifier] float «Share»(float p, int h, int q, int k) => p;",
            Share,
            "'Share' must be static",
            "probability modifier");
        yield return Hook(
            "generic mask predicate",
            "AG0029",
            "[MaskPredicate] static bool «Sees»<T>(int h, int q, int k) => true;",
            Sees,
            "without type parameters",
            "mask predicate");
        yield return Hook(
            "accessor as score modifier", "AG0029", "static int Value { [ScoreModifier] «get» => 1; }", "static int Value => 1;", "an ordinary method");
        yield return Hook(
            "score modifier without a score",
            "AG0030",
            "[ScoreModifier] static float «Bias»(int h, int q, int k) => 1;",
            Good,
            "static float Bias(float score, int head, int query, int key)",
            "static Vector256<float> Bias(Vector256<float> scores, int head, int query, Vector256<int> keys)");
        yield return Hook("score modifier of double", "AG0030", "[ScoreModifier] static double «Bias»(double s, int h, int q, int k) => s;", Good, "'Bias'");
        yield return Hook(
            "score modifier by reference", "AG0030", "[ScoreModifier] static float «Bias»(in float s, int h, int q, int k) => s;", Good, "'Bias'");
        yield return Hook(
            "score modifier of other vectors",
            "AG0030",
            "[ScoreModifier] static Vector256<float> «Bias»(Vector256<float> s, int h, int q, Vector128<int> k) => s;",
            "[ScoreModifier] static Vector256<float> Bias(Vector256<float> s, int h, int q, Vector256<int> k) => s;",
            "Vector256<int> keys");
        yield return Hook(
            "probability modifier without a probability",
            "AG0030",
            "[ProbabilityModifier] static float «Share»(int h, int q, int k) => 1;",
            Share,
            "signature of a probability modifier",
            "static float Share(float probability, int head, int query, int key)",
            "static Vector256<float> Share(Vector256<float> probabilities, int head, int query, Vector256<int> keys)");
        yield return Hook(
            "probability modifier of double",
            "AG0030",
            "[ProbabilityModifier] static double «Share»(double p, int h, int q, int k) => p;",
            Share,
            "'Share'");
        yield return Hook(
            "probability modifier of other vectors",
            "AG0030",
            "[ProbabilityModifier] static Vector256<float> «Share»(Vector256<float> p, int h, int q, int k) => p;",
            "[ProbabilityModifier] static Vector256<float> Share(Vector256<float> p, int h, int q, Vector256<int> k) => p;",
            "Vector256<int> keys");
        yield return Hook(
            "mask predicate of a score",
            "AG0030",
            "[MaskPredicate] static bool «Sees»(float s, int h, int q, int k) => true;",
            Sees,
            "static bool Sees(int head, int query, int key)");
        yield return Hook(
            "mask predicate of float vectors",
            "AG0030",
            "[MaskPredicate] static Vector256<float> «Sees»(int h, int q, Vector256<int> k) => default;",
            "[MaskPredicate] static Vector256<int> Sees(int h, int q, Vector256<int> k) => k;",
            "static Vector256<int> Sees(int head, int query, Vector256<int> keys)");
        const string Range = "static (int First, int End) Near(int h, int q, int keys) => (0, keys);";
        string near = Sees.Replace("[MaskPredicate]", "[MaskPredicate(Range = \"Near\")]");
        yield return Hook(
            "range that is not there",
            "AG0031",
            near.Replace("bool Sees", "bool «Sees»"),
            near + Range,
            "Range = \"Near\"",
            "is no method of 'Block'",
            "static (int First, int End) Near(int head, int query, int keys)");
        yield return Hook(
            "range that is a field", "AG0031", near.Replace("bool Sees", "bool «Sees»") + "static int Near = 1; int Use() => Near;", Sees, "is no method");
        yield return Hook(
            "range of other numbers",
            "AG0031",
            near.Replace("bool Sees", "bool «Sees»") + "static (int First, long End) Near(int h, int q, int keys) => (0, keys);",
            near + Range,
            "another signature");
        yield return Hook(
            "range of an instance",
            "AG0031",
            near.Replace("bool Sees", "bool «Sees»") + Range.Replace("static ", ""),
            near + Range.Replace("First", "From"),
            "another signature");
        yield return new(
            "probability modifier of another class",
            "AG0032",
            "class Shares { [ProbabilityModifier] static float «Share»(float p, int h, int q, int k) => p; }",
            Class(Share),
            "'Share' is marked [ProbabilityModifier]",
            "'Shares' has no AttentionConfig");
        yield return new(
            "score modifier of another class",
            "AG0032",
            "class Biases { [ScoreModifier] static float «Bias»(float s, int h, int q, int k) => s; }",
            Class(Good),
            "'Bias' is marked [ScoreModifier]",
            "'Biases' has no AttentionConfig");
    }

    private static string Block(string arguments) => $"[AttentionConfig({arguments})] partial class Block;";

    private static DiagnosticCase Setting(string name, string id, string illegal, string legal, params string[] parts) =>
        new(name, id, Block(illegal), Block(legal), parts);

    private static IEnumerable<DiagnosticCase> Configurations()
    {
        yield return new(
            "Heads missing", "AG0014", "[«AttentionConfig(DModel = 8)»] partial class Block;", Block(Small), "Heads is missing", "1 to 256", "Heads = 8");
        yield return Setting("Heads zero", "AG0014", "«Heads = 0», DModel = 8", Small, "Heads is 0", "1 to 256", "use 1");
        yield return Setting("Heads too many", "AG0014", "«Heads = 257», DModel = 8", "Heads = 256, DModel = 256", "257", "use 256");
        yield return new("DModel missing", "AG0015", "[«AttentionConfig(Heads = 2)»] partial class Block;", Block(Small), "DModel is missing", "1 to 65536");
        yield return Setting("DModel negative", "AG0015", "Heads = 2, «DModel = -8»", Small, "DModel is -8", "use 1");
        yield return Setting("DModel too wide", "AG0015", "Heads = 2, «DModel = 65537»", Small, "65537", "use 65536");
        yield return Setting(
            "KvHeads does not divide", "AG0016", "Heads = 8, DModel = 8, «KvHeads = 3»", "Heads = 8, DModel = 8, KvHeads = 4", "KvHeads is 3", "2 or 4");
        yield return Setting("KvHeads negative", "AG0016", "Heads = 8, DModel = 8, «KvHeads = -4»", "Heads = 8, DModel = 8, KvHeads = 1", "-4", "use 1");
        yield return Setting("KvHeads more than Heads", "AG0016", "Heads = 8, DModel = 8, «KvHeads = 16»", "Heads = 8, DModel = 8, KvHeads = 8", "16", "use 8");
        yield return Setting(
            "HeadDim too wide", "AG0017", "Heads = 2, DModel = 8, «HeadDim = 513»", "Heads = 2, DModel = 8, HeadDim = 16", "513", "1 to 512", "use 512");
        yield return Setting("HeadDim negative", "AG0017", "Heads = 2, DModel = 8, «HeadDim = -1»", "Heads = 2, DModel = 8, HeadDim = 1", "-1", "use 1");
        yield return Setting(
            "Heads do not divide DModel",
            "AG0018",
            "«Heads = 7», DModel = 64",
            "Heads = 7, DModel = 64, HeadDim = 8",
            "Heads, 7",
            "DModel, 64",
            "Heads = 4 or 8",
            "DModel = 63 or 70",
            "set HeadDim");
        yield return Setting(
            "DModel by Heads too wide", "AG0018", "«Heads = 1», DModel = 1024", "Heads = 2, DModel = 32", "is 1024", "Heads = 2", "DModel = 512");
        yield return Setting("no number of heads fits", "AG0018", "«Heads = 2», DModel = 65521", Small, "use DModel = 1024, or set HeadDim");
        yield return Setting("MemoryDim negative", "AG0019", $"{Small}, «MemoryDim = -1»", $"{Small}, MemoryDim = 1", "-1", "1 to 65536", "use 1");
        yield return Setting("MemoryDim too wide", "AG0019", $"{Small}, «MemoryDim = 65537»", $"{Small}, MemoryDim = 12", "use 65536");
        yield return Setting(
            "ValueInputDim negative", "AG0019", $"{Small}, MemoryDim = 12, «ValueInputDim = -1»", $"{Small}, MemoryDim = 12, ValueInputDim = 1",
            "ValueInputDim is -1", "1 to 65536", "use 1", "values of the memory");
        yield return Setting(
            "ValueInputDim too wide", "AG0019", $"{Small}, MemoryDim = 12, «ValueInputDim = 65537»", $"{Small}, MemoryDim = 12, ValueInputDim = 12",
            "use 65536");
        yield return Setting(
            "ValueInputDim without a memory", "AG0024", $"{Small}, «ValueInputDim = 12»", $"{Small}, MemoryDim = 512, ValueInputDim = 12",
            "ValueInputDim has no effect without MemoryDim");
        yield return Setting(
            "ValueInputDim without projections", "AG0034", $"{Core}, «ValueInputDim = 12»", Core, "ValueInputDim");
        yield return Setting("Scale negative", "AG0020", $"{Small}, «Scale = -0.5f»", $"{Small}, Scale = 0.5f", "Scale is -0.5", "use 0.5");
        yield return Setting("Scale NaN", "AG0020", $"{Small}, «Scale = float.NaN»", $"{Small}, Scale = 1", "NaN", "use 0.5");
        yield return Setting("Scale infinite", "AG0020", $"{Small}, «Scale = float.PositiveInfinity»", $"{Small}, Scale = 1", "Infinity");
        yield return Setting("Scale negative infinite", "AG0020", $"{Small}, «Scale = float.NegativeInfinity»", $"{Small}, Scale = 1", "-Infinity", "use 0.5");
        yield return Setting("SequenceLength negative", "AG0021", $"{Small}, «SequenceLength = -1»", $"{Small}, SequenceLength = 1", "-1", "1048576", "use 1");
        yield return Setting("SequenceLength too long", "AG0021", $"{Small}, «SequenceLength = 1048577»", $"{Small}, SequenceLength = 16", "use 1048576");
        yield return Setting(
            "SequenceLength beyond a span",
            "AG0021",
            "Heads = 1, HeadDim = 8, DModel = 65536, «SequenceLength = 32768»",
            $"{Small}, SequenceLength = 4096",
            "DModel 65536",
            "use 32767");
        yield return Setting(
            "RotaryDim odd",
            "AG0022",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryDim = 3»",
            $"{Small}, Rotary = RotaryKind.HalfSplit, RotaryDim = 2",
            "RotaryDim is 3",
            "even",
            "RotaryDim = 2 or 4");
        yield return Setting(
            "RotaryDim negative",
            "AG0022",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryDim = -2»",
            $"{Small}, Rotary = RotaryKind.Interleaved, RotaryDim = 2",
            "-2",
            "RotaryDim = 2");
        yield return Setting(
            "RotaryDim wider than a head",
            "AG0022",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryDim = 6»",
            $"{Small}, Rotary = RotaryKind.HalfSplit, RotaryDim = 4",
            "HeadDim, 4",
            "RotaryDim = 4");
        yield return Setting(
            "head odd and RotaryDim not given",
            "AG0022",
            "Heads = 2, DModel = 10, «Rotary = RotaryKind.HalfSplit»",
            "Heads = 2, DModel = 10, Rotary = RotaryKind.HalfSplit, RotaryDim = 4",
            "not given",
            "HeadDim, 5",
            "RotaryDim = 4");
        yield return Setting(
            "head too narrow to rotate",
            "AG0022",
            "Heads = 2, DModel = 2, «Rotary = RotaryKind.HalfSplit»",
            "Heads = 2, DModel = 4, Rotary = RotaryKind.HalfSplit",
            "HeadDim to 2 or more");
        yield return Setting(
            "RotaryBase one",
            "AG0023",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryBase = 1»",
            $"{Small}, Rotary = RotaryKind.HalfSplit, RotaryBase = 1.5",
            "RotaryBase is 1",
            "greater than 1");
        yield return Setting(
            "RotaryBase NaN",
            "AG0023",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryBase = double.NaN»",
            $"{Small}, Rotary = RotaryKind.HalfSplit, RotaryBase = 500000",
            "NaN");
        yield return Setting(
            "RotaryBase infinite",
            "AG0023",
            $"{Small}, Rotary = RotaryKind.HalfSplit, «RotaryBase = double.PositiveInfinity»",
            $"{Small}, Rotary = RotaryKind.HalfSplit, RotaryBase = 1e300",
            "Infinity");
        yield return Setting(
            "RotaryDim without Rotary",
            "AG0024",
            $"{Small}, «RotaryDim = 2»",
            $"{Small}, RotaryDim = 0",
            "RotaryDim has no effect without Rotary",
            "RotaryKind.HalfSplit or RotaryKind.Interleaved");
        yield return Setting(
            "RotaryBase without Rotary",
            "AG0024",
            $"{Small}, Rotary = RotaryKind.None, «RotaryBase = 10000»",
            $"{Small}, Rotary = RotaryKind.None",
            "RotaryBase has no effect without Rotary");
        yield return Setting(
            "CausalAlignment without Causal",
            "AG0024",
            $"{Small}, «CausalAlignment = CausalAlignment.BottomRight»",
            $"{Small}, Causal = true, CausalAlignment = CausalAlignment.BottomRight",
            "CausalAlignment has no effect without Causal",
            "Causal = true");
        yield return Setting(
            "rotary cross-attention",
            "AG0025",
            $"{Small}, MemoryDim = 8, «Rotary = RotaryKind.HalfSplit»",
            $"{Small}, MemoryDim = 8",
            "remove Rotary",
            "remove MemoryDim");
        yield return Setting(
            "undefined Rotary",
            "AG0026",
            $"{Small}, «Rotary = (RotaryKind)7»",
            $"{Small}, Rotary = (RotaryKind)1",
            "Rotary is 7",
            "RotaryKind.None or RotaryKind.HalfSplit or RotaryKind.Interleaved");
        yield return Setting(
            "undefined CausalAlignment",
            "AG0026",
            $"{Small}, Causal = true, «CausalAlignment = (CausalAlignment)(-1)»",
            $"{Small}, Causal = true, CausalAlignment = (CausalAlignment)1",
            "CausalAlignment is -1",
            "CausalAlignment.TopLeft");
        yield return Setting(
            "undefined Unrolling",
            "AG0026",
            $"{Small}, «Unrolling = (Unrolling)2»",
            $"{Small}, Unrolling = (Unrolling)1",
            "Unrolling is 2",
            "Unrolling.Auto or Unrolling.Full");
        yield return Setting(
            "query weights too large",
            "AG0027",
            "Heads = 256, HeadDim = 256, «DModel = 32768»",
            "Heads = 256, HeadDim = 1, DModel = 8",
            "query matrix",
            "2147483648",
            "smaller DModel");
        yield return Setting(
            "key weights too large",
            "AG0027",
            "Heads = 256, HeadDim = 256, DModel = 8, «MemoryDim = 32768»",
            "Heads = 2, HeadDim = 1, DModel = 8, MemoryDim = 32",
            "key matrix",
            "smaller MemoryDim");
    }
}
