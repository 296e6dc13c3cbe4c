namespace AttentionGen.Tests.Generator;

// Blocks of latent attention.
internal sealed partial record DiagnosticCase
{
    private static IEnumerable<DiagnosticCase> Latent()
    {
        const string Sizes = "Heads = 2, DModel = 8, HeadDim = 12, RotaryDim = 4, ValueHeadDim = 6, LatentDim = 10";
        static DiagnosticCase Setting(string name, string id, string illegal, string legal, params string[] parts) =>
            new(name, id, Block(illegal), Block(legal), parts);

        foreach ((string setting, string range) in new[]
        {
            ("HeadDim = 12", "from 3 to 512"), ("RotaryDim = 4", "even and from 2"), ("ValueHeadDim = 6", "from 1 to 512"), ("LatentDim = 10", "from 1 to 512"),
        })
        {
            string name = setting[..setting.IndexOf(' ')];
            yield return new(
                $"latent {name} missing", "AG0088", $"[«LatentAttentionConfig({Without(setting)})»] partial class Block;", Block(Sizes),
                $"{name} is missing", range, $"for example {name} = ");
            yield return Setting($"latent {name} zero", "AG0088", Sizes.Replace(setting, $"«{name} = 0»"), Sizes, $"{name} is 0", range);
            yield return Setting($"latent {name} too wide", "AG0088", Sizes.Replace(setting, $"«{name} = 513»"), Sizes, $"{name} is 513", range);
        }

        yield return Setting("odd latent RotaryDim", "AG0088", Sizes.Replace("RotaryDim = 4", "«RotaryDim = 5»"), Sizes, "RotaryDim is 5", "use 4 or 6");
        yield return Setting("nothing but rotation", "AG0088", Sizes.Replace("RotaryDim = 4", "«RotaryDim = 12»"), Sizes, "less than HeadDim", "use 10");
        yield return Setting("QueryLatentDim negative", "AG0088", $"{Sizes}, «QueryLatentDim = -1»", Sizes, "QueryLatentDim is -1", "from 1 to 65536");
        yield return Setting("latent without rotation", "AG0089", $"{Sizes}, «Rotary = RotaryKind.None»", Sizes, "Rotary is RotaryKind.None");
        yield return Setting(
            "latent with proportional rotation", "AG0089", $"{Sizes}, «Rotary = RotaryKind.Proportional»", $"{Sizes}, Rotary = RotaryKind.HalfSplit",
            "RotaryKind.HalfSplit");
        yield return Setting("latent scaling without a factor", "AG0024", $"{Sizes}, «RotaryScalingFactor = 2d»", Sizes, "RotaryScalingFactor");
        yield return Setting("latent base", "AG0023", $"{Sizes}, «RotaryBase = 1d»", Sizes, "RotaryBase is 1");
        yield return Setting("latent scale", "AG0020", $"{Sizes}, «Scale = -2f»", $"{Sizes}, Scale = 2f", "use 2");
        yield return Setting("latent epsilon", "AG0074", $"{Sizes}, «NormEpsilon = -1f»", $"{Sizes}, NormEpsilon = 0f", "NormEpsilon is -1");
        yield return Setting(
            "latent arithmetic without blocks", "AG0024", $"{Sizes}, «Arithmetic = WeightArithmetic.Int8»", Sizes, "Arithmetic", "Int8Blocks");
        yield return Setting("latent heads", "AG0014", Sizes.Replace("Heads = 2", "«Heads = 0»"), Sizes, "Heads is 0");
        yield return new(
            "latent member", "AG0009", $"[«LatentAttentionConfig({Sizes})»] partial class Block {{ private class QueryUp; }}", Block(Sizes), "QueryUp");

        static string Block(string settings) => $"[LatentAttentionConfig({settings})] partial class Block;";

        static string Without(string setting) => Sizes.Replace($"{setting}, ", "").Replace($", {setting}", "");
    }
}
