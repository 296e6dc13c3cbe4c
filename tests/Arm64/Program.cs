using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AttentionGen;
using AttentionGen.Tests.Arm64;

// The correctness grid in a reduced form, small enough for an emulated processor.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string vectors = Vector512.IsHardwareAccelerated ? "Vector512" : Vector256.IsHardwareAccelerated ? "Vector256" : "Vector128";
Console.WriteLine($"# {RuntimeInformation.ProcessArchitecture}, {vectors}, accelerated {PlainAttention.IsAccelerated}");

(int, int, int)[] same = [(1, 1, 1), (2, 5, 5), (1, 16, 16), (1, 33, 33), (1, 257, 257)];
(int, int, int)[] other = [(1, 1, 40), (2, 5, 33), (1, 16, 5), (1, 33, 270)];
int[] prompts = [1, 5, 16, 33, 255];
bool right = new Grid<PlainAttention>().Run(same)
    & new Grid<GroupedAttention>().Run(same)
    & new Grid<GroupedAttention>().Decode(prompts)
    & new Grid<LengthsAttention>().Run(same)
    & new Grid<CrossAttention>().Run(other)
    & new Grid<WindowAttention>().Run(same)
    & new Grid<WindowAttention>().Decode(prompts)
    & new Grid<MaskAttention>().Run(same)
    & new Grid<SoftcapAttention>().Run(same)
    & new Grid<ModifierAttention>(new()
    {
        ScoreModifier = (score, _, query, key) => key > query ? score : (score * 0.75) - (0.01 * (query - key)),
        MaskPredicate = ModifierAttention.IsSeen,
    }).Run(same)
    & new Grid<SinksAttention>().Run(same)
    & new Grid<SinksAttention>().Decode(prompts)
    & new Grid<RaggedAttention>().Run([(1, 1, 1), (1, 5, 5), (1, 16, 16), (1, 33, 33), (1, 257, 257)])
    & new Grid<CoreAttention>().Run(same)
    & new Grid<CoreAttention>().Run(other)
    & new Grid<WideHeadAttention>().Run([(1, 1, 1), (2, 5, 5), (1, 16, 16), (1, 33, 33)])
    & new Grid<TinyAttention>().Run(same);
return right ? 0 : 1;
