using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Keys and values of a narrow format. Few rows read them as they are; for many rows a key block is widened once, and the float32 kernels run on it. Both give
// the same bits: a sum is the same chain of multiply-adds, and scales are applied once, behind the scores and before the values.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Up to so many query rows read narrow keys and values as they are: for more, to widen them again and again would take longer.</summary>
    private const int NarrowRows = 8;

    /// <summary>Whether the key blocks of a run of query rows are widened. A careful pass leaves values out, and copies the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Widens(nint rows, bool careful) => Has(NarrowKeyValues) && (rows > NarrowRows || (Has(MasksInside) && careful));

    /// <summary>Where a key block lies in the panels: in one piece, in a ring and in pages too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Place(in SequenceCall call, nint key) =>
        Has(Ring) ? key % call.Panels.KeyCapacity : Has(Cache) ? call.Panels.PlaceInPage(key) : key;

    /// <summary>Whether the keys lie in pages.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasPages(in SequenceCall call) => Has(Cache) && !call.Panels.Pages.IsEmpty;

    /// <summary>Widens the keys of a key block from one to another, and their values.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="place">Where the key block lies.</param>
    /// <param name="first">The first key of the block that is needed.</param>
    /// <param name="end">The end of them.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void WidenBlock(in SequenceCall call, nint head, nint place, nint first, nint end, ref float scratch)
    {
        WidenKeys(in call, head, place, first, end, ref scratch);
        NarrowBlocks.WidenValues(
            KeyValues, ref BlockValues(in call, head, place, first, false, out nint stride, ref scratch), stride, ValueHeadDimPadded / PanelWidth, end - first,
            ref Unsafe.Add(ref scratch, TConstants.WidenedValuesOffset + (first * PanelWidth)), BlockStride);
    }

    /// <summary>Widens the keys of a key block from one to another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WidenKeys(in SequenceCall call, nint head, nint place, nint first, nint end, ref float scratch)
    {
        // Scores begin at a whole group of the virtual lanes.
        nint panel = (first & ~(nint)(VirtualLanes - 1)) / PanelWidth;
        NarrowBlocks.WidenKeys(
            KeyValues, TConstants.HeadDim, ref NarrowKeys(in call, head, place + (panel * PanelWidth)), PanelsOf(end) - panel,
            ref Unsafe.Add(ref scratch, TConstants.WidenedKeysOffset + (panel * PanelWidth * TConstants.HeadDim)));
    }

    /// <summary>Scores of some query rows and the keys of a block, from a key on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NarrowBlockScores(
        in SequenceCall call, nint head, nint place, nint from, bool widened, ref float queries, nint rows, nint panels, ref float scratch)
    {
        ref float keys = ref NarrowKeys(in call, head, place + from);
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + from);
        if (widened)
            TKernels.Scores(ref queries, rows, ref Unsafe.Add(ref scratch, TConstants.WidenedKeysOffset + (from * TConstants.HeadDim)), panels, ref scores);
        else
            NarrowScores.Compute(KeyValues, ref queries, rows, TConstants.HeadDim, ref keys, panels, ref scores, TConstants.ScoreStride);
        if (KeyValues == KeyValueFormat.Int8)
            NarrowScales.MultiplyScores(
                ref scores, rows, TConstants.ScoreStride, ref keys, KeyValueLayout.PanelFloats(KeyValues, TConstants.HeadDim), panels);
    }

    /// <summary>Adds the weighted values of a key block, where no value is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNarrowValues(
        in SequenceCall call, bool isFirst, nint row, nint rows, nint head, nint place, nint begin, nint columns, bool widened, ref float scratch)
    {
        ref float values = ref BlockValues(in call, head, place, begin, widened, out nint stride, ref scratch);
        ScaleProbabilities(in call, head, place, begin, columns, rows, false, ref scratch);
        ref float probabilities = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + begin);
        AddValues(isFirst, row, rows, columns - begin, ref probabilities, ref values, stride, !widened, ref scratch);
    }

    /// <summary>The values of a key block, from a key on: in the panels, or widened in scratch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float BlockValues(in SequenceCall call, nint head, nint place, nint begin, bool widened, out nint stride, ref float scratch)
    {
        if (Has(NarrowKeyValues) && widened)
        {
            stride = BlockStride;
            return ref Unsafe.Add(ref scratch, TConstants.WidenedValuesOffset + (begin * PanelWidth));
        }

        stride = call.Panels.ValuePanelStride;
        return ref Unsafe.Add(ref call.Panels.Values, (head * call.Panels.ValueHeadStride) + ((place + begin) * KeyValueLayout.LineFloats(KeyValues)));
    }

    /// <summary>Multiplies probabilities by the scales of their values, if these have some.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ScaleProbabilities(
        in SequenceCall call, nint head, nint place, nint begin, nint columns, nint rows, bool copied, ref float scratch)
    {
        if (KeyValues != KeyValueFormat.Int8)
            return;
        ref float scales = ref copied ? ref Unsafe.Add(ref scratch, TConstants.SeenScalesOffset) : ref ValueScales(in call, head, place + begin);
        NarrowScales.Multiply(
            ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + begin), rows, TConstants.ScoreStride, ref scales, columns - begin);
    }

    /// <summary>Copies the scales of the values that a row sees, before the softmax takes the place of its scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopySeenScales(in SequenceCall call, nint head, nint place, nint begin, nint columns, ref float scratch)
    {
        if (KeyValues == KeyValueFormat.Int8)
            NarrowScales.CopySeen(
                ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + begin), columns - begin, ref ValueScales(in call, head, place + begin),
                ref Unsafe.Add(ref scratch, TConstants.SeenScalesOffset));
    }

    /// <summary>The panel that a key begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float NarrowKeys(in SequenceCall call, nint head, nint key) => ref Unsafe.Add(
        ref call.Panels.Keys, (head * call.Panels.KeyHeadStride) + (key / PanelWidth * KeyValueLayout.PanelFloats(KeyValues, TConstants.HeadDim)));

    /// <summary>The scale of a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float ValueScales(in SequenceCall call, nint head, nint key) => ref Unsafe.Add(
        ref call.Panels.Values, (head * call.Panels.ValueHeadStride) + (ValueHeadDimPadded / PanelWidth * call.Panels.ValuePanelStride) + key);
}
