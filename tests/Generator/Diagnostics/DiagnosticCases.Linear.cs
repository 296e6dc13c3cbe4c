namespace AttentionGen.Tests.Generator;

// Products of classes of their own.
internal sealed partial record DiagnosticCase
{
    private static IEnumerable<DiagnosticCase> Linear()
    {
        const string Size = "Inputs = 3, Outputs = 5";
        static string Product(string arguments) => $"[LinearConfig({arguments})] partial class Block;";
        static DiagnosticCase Setting(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, Product(illegal), Product(legal), parts);
        static DiagnosticCase Class(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, illegal.Replace("[A]", $"[«LinearConfig({Size})»]"), legal.Replace("[A]", $"[LinearConfig({Size})]"), parts);

        yield return new(
            "attention and a product",
            "AG0060",
            $"[AttentionConfig({Small})] [«LinearConfig({Size})»] partial class Block;",
            Product(Size),
            "'Block' has both AttentionConfig and LinearConfig");
        yield return new(
            "Inputs missing",
            "AG0061",
            "[«LinearConfig(Outputs = 5)»] partial class Block;",
            Product(Size),
            "Inputs is missing",
            "1 to 262144",
            "Inputs = 384");
        yield return Setting("Inputs zero", "AG0061", "«Inputs = 0», Outputs = 5", Size, "Inputs is 0", "use 1");
        yield return Setting("Inputs too wide", "AG0061", "«Inputs = 262145», Outputs = 5", Size, "262145", "use 262144");
        yield return new(
            "Outputs missing",
            "AG0062",
            "[«LinearConfig(Inputs = 5)»] partial class Block;",
            Product(Size),
            "Outputs is missing",
            "1 to 1048576",
            "Outputs = 384");
        yield return Setting("Outputs negative", "AG0062", "Inputs = 3, «Outputs = -5»", Size, "Outputs is -5", "use 1");
        yield return Setting("Outputs too wide", "AG0062", "Inputs = 3, «Outputs = 1048577»", Size, "1048577", "use 1048576");
        yield return Setting(
            "linear bytes too deep", "AG0079", "«Inputs = 132105», Outputs = 5, Weights = WeightFormat.Int8", Size, "Inputs is 132105", "132104");
        yield return Setting(
            "linear arithmetic without blocks", "AG0024", "Inputs = 5, Outputs = 5, «Arithmetic = WeightArithmetic.Int8»", Size, "Arithmetic", "Int8Blocks");
        yield return Setting(
            "linear weights too large", "AG0027", "Inputs = 2048, «Outputs = 1048576»", Size, "linear matrix", "2147483648", "smaller Outputs");
        yield return Setting(
            "undefined Activation",
            "AG0026",
            $"{Size}, «Activation = (Activation)6»",
            $"{Size}, Activation = (Activation)5",
            "Activation is 6",
            "Activation.None or Activation.Relu",
            "Activation.Silu");
        yield return Setting(
            "undefined Unrolling of a product", "AG0026", $"{Size}, «Unrolling = (Unrolling)2»", $"{Size}, Unrolling = (Unrolling)1", "Unrolling is 2");
        yield return Class("product that is not partial", "AG0001", "[A] class Block;", "[A] partial class Block;", "partial class Block");
        yield return Class(
            "product with a member Inputs",
            "AG0009",
            "[A] partial class Block { int Inputs => 1; }",
            "[A] partial class Block { int Heads => 1; }",
            "declares 'Inputs'");
        yield return Class(
            "product with a constructor of weights",
            "AG0010",
            "[A] partial class Block { public Block(LinearWeights w) {} }",
            "[A] partial class Block { public Block(LinearWeights w, int layer) : this(w) {} }",
            "LinearWeights alone");
        yield return Class(
            "product derived from an attention block",
            "AG0011",
            $"[AttentionConfig({Small})] partial class Parent; [A] partial class Block : Parent;",
            $"[AttentionConfig({Small})] partial class Parent; [A] partial class Block;",
            "an attention block itself");
        yield return new(
            "attention derived from a product",
            "AG0011",
            $"[LinearConfig({Size})] partial class Parent; [«AttentionConfig({Small})»] partial class Block : Parent;",
            $"[LinearConfig({Size})] partial class Parent; [AttentionConfig({Small})] partial class Block;",
            "a product itself");
        yield return new(
            "hook of a product",
            "AG0032",
            $"[LinearConfig({Size})] partial class Product {{ [ScoreModifier] static float «Bias»(float s, int h, int q, int k) => s; }}",
            Product(Size),
            "'Bias' is marked [ScoreModifier]");
    }
}
