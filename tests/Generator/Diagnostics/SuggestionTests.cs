using System.Globalization;
using Microsoft.CodeAnalysis;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

public sealed class SuggestionTests
{
    [Theory]
    // 20 columns as 32, 17 as 32, 1 as 16, 66 as 80; 56 as 64 loses a seventh only.
    [InlineData("Heads = 8, DModel = 512, «HeadDim = 20»", "AG1001", "time of 32, 60 % more", "16 or 32")]
    [InlineData("Heads = 2, DModel = 64, «HeadDim = 17»", "AG1001", "time of 32, 88 % more", "16 or 32")]
    [InlineData("Heads = 2, DModel = 64, «HeadDim = 1»", "AG1001", "time of 16, 1500 % more", "16 is faster.")]
    [InlineData("Heads = 8, DModel = 512, «HeadDim = 66»", "AG1001", "time of 80, 21 % more", "64 or 80")]
    [InlineData("Heads = 8, DModel = 512, «HeadDim = 40»", "AG1001", "time of 48, 20 % more", "32 or 48")]
    [InlineData("Heads = 8, DModel = 512, HeadDim = 64, «ValueHeadDim = 40»", "AG1001", "ValueHeadDim is 40", "32 or 48")]
    // 24 rows of 8192 queries and as many outputs are 1.5 MiB, of 4096 and as many 768 KiB.
    [InlineData("«Heads = 64», HeadDim = 128, DModel = 4096", "AG1002", "is 8192", "24 rows take 1536 KiB", "Up to 4096")]
    [InlineData("«Heads = 48», HeadDim = 128, ValueHeadDim = 256, DModel = 4096", "AG1002", "is 6144", "24 rows take 1728 KiB")]
    [InlineData("Heads = 8, DModel = 512, «Unrolling = Unrolling.Full»", "AG1003", "multiply-adds, but methods of 128")]
    public async Task A_slow_configuration_is_told_why_and_what_is_fast(string arguments, string id, params string[] messageParts)
    {
        (string source, string marked, int start) = Unmark($"[AttentionConfig({arguments})] partial class Block;");
        var compilation = Compile(source);
        Diagnostic suggestion = Assert.Single(await AnalyzeSpeed(compilation));
        Assert.Equal(id, suggestion.Id);
        Assert.Equal(DiagnosticSeverity.Info, suggestion.DefaultSeverity);
        int position = suggestion.Location.SourceSpan.Start - "using AttentionGen;\n".Length;
        Assert.Equal((start, marked), (position, source.Substring(position, suggestion.Location.SourceSpan.Length)));
        string message = suggestion.GetMessage(CultureInfo.InvariantCulture);
        Assert.All(messageParts, part => Assert.Contains(part, message));
        Assert.NotEmpty(Generate(compilation).Result.GeneratedSources);
    }

    [Theory]
    [InlineData("Heads = 8, DModel = 512")]
    [InlineData("Heads = 12, DModel = 384")]
    [InlineData("Heads = 16, KvHeads = 2, DModel = 1024, Causal = true")]
    [InlineData("Heads = 8, DModel = 512, HeadDim = 56")]
    [InlineData("Heads = 8, DModel = 512, HeadDim = 80")]
    [InlineData("Heads = 32, DModel = 4096")]
    [InlineData("Heads = 48, HeadDim = 128, DModel = 4096")]
    [InlineData("Heads = 63, HeadDim = 128, DModel = 4096")]
    [InlineData("Heads = 1, DModel = 16, Unrolling = Unrolling.Auto")]
    [InlineData("Heads = 0, DModel = 16, Unrolling = Unrolling.Full")]
    public async Task A_fast_or_illegal_one_is_told_nothing(string arguments) =>
        Assert.Empty(await AnalyzeSpeed(Compile($"[AttentionConfig({arguments})] partial class Block;")));

    [Fact]
    public void An_editor_shows_the_plan_and_the_costs_beside_the_users_own_words()
    {
        const string Source =
            "namespace Test; /// <summary>Reads sentences.</summary>\n[AttentionConfig(Heads = 8, DModel = 512)] public sealed partial class Block;";
        string shown = Generate(Compile(Source)).Output.GetTypeByMetadataName("Test.Block")!.GetDocumentationCommentXml(
            cancellationToken: TestContext.Current.CancellationToken)!;
        // Four matrices of 512 × 512, and 2 · 512 for each key that a row sees.
        Assert.All(
            ["<summary>Reads sentences.</summary>", "<remarks>", "8 heads of 64", "Vector512 in tiles of", "key blocks of 256", "1048576 multiply-adds a row",
                "1024 a row and visible key", "4096 bytes of keys and values"],
            part => Assert.Contains(part, shown));
    }
}
