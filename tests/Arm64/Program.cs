using System.Globalization;
using System.Runtime.InteropServices;
using AttentionGen;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Arm64;

// The correctness grid in a reduced form, small enough for an emulated processor.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
// Small calls are shared too, and on one processor.
KernelThreads.AlwaysAllowed = 2;
string vectors = PlainAttention.Plan.Split('\n')[1].Split(',')[0];
Console.WriteLine($"# {RuntimeInformation.ProcessArchitecture}, {vectors}, accelerated {PlainAttention.IsAccelerated}");

(int, int, int)[] same = [(1, 1, 1), (2, 5, 5), (1, 16, 16), (1, 33, 33), (1, 257, 257)];
(int, int, int)[] other = [(1, 1, 40), (2, 5, 33), (1, 16, 5), (1, 33, 270)];
int[] prompts = [1, 5, 16, 33, 255];
bool right = new Grid<PlainAttention>().Run(same)
    & new Grid<GroupedAttention>().Run(same)
    & new Grid<GroupedAttention>().Decode(prompts)
    & new Grid<LengthsAttention>().Run(same)
    & new Grid<CrossAttention>().Run(other)
    & new Grid<ValueInputAttention>().Run(other)
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
    & new Grid<TinyAttention>().Run(same)
    // Two threads take sequences, or rows, or the columns and heads of few rows, while a cache grows past a key block and a ring past its memory.
    & new Grid<SharedAttention>(new() { MaskPredicate = SharedAttention.IsSeen }, sharedFrom: 48).Run((4, 48, 48))
    & new Grid<SharedAttention>(new() { MaskPredicate = SharedAttention.IsSeen }, sharedFrom: 100).Through(keys: 394, 160, 1, 130, 3, 100)
    & new Grid<RingAttention>(new() { MaskPredicate = RingAttention.IsSeen }, sharedFrom: 48).Through(keys: 512, 400, 1, 300, 5, 66, 48)
    & LayerGrid<EncoderLayer>.Run((1, 1, 0), (3, 5, 0), (1, 33, 0), (2, 130, 0))
    & LayerGrid<GatedLayer>.Run((1, 1, 0), (3, 5, 0), (1, 130, 0))
    & LayerGrid<GatedLayer>.Decode(memory: 0, 1, 16, 255)
    & LayerGrid<DecoderLayer>.Run((1, 1, 40), (3, 5, 17), (1, 130, 5))
    & LayerGrid<DecoderLayer>.Decode(memory: 270, 1, 16, 255)
    & LinearGrid<GatedLinear>.Run(1, 3, 13, 130)
    & new Grid<Int8CacheAttention>().Decode(prompts)
    & new Grid<Float16CacheAttention>().Decode(prompts)
    & LayerGrid<Int8Layer>.Run((1, 1, 0), (3, 5, 0), (1, 33, 0))
    & LinearGrid<Int8Linear>.Run(1, 4, 13, 70)
    & LinearGrid<Int8BlocksLinear>.Run(1, 4, 13)
    & LinearGrid<Int4BlocksLinear>.Run(1, 4, 13)
    & LinearGrid<WidenedLinear>.Run(1, 3, 13)
    & LinearGrid<Float16Linear>.Run(1, 3, 13);
LayerRows.Run();
return right ? 0 : 1;
