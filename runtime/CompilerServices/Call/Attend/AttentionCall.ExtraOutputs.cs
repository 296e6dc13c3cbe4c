using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Probabilities and scores for the caller: a second pass over the keys, after maxima and sums are known.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Whether the caller takes the probabilities that the class declares.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TakesProbabilities(in SequenceCall call) => Has(Probabilities) && !Unsafe.IsNullRef(ref call.Context.Probabilities);

    /// <summary>Whether the caller takes the scores that the class declares, of whatever stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TakesScores(in SequenceCall call) =>
        (Has(ScaledScores) || Has(CappedScores) || Has(MaskedScores)) && !Unsafe.IsNullRef(ref call.Context.Scores);

    /// <summary>Scores or probabilities of some query rows of one KV head and every key, for the caller.</summary>
    [MethodImpl(Step)]
    private static void WriteExtraOutputs(in SequenceCall call, nint head, nint firstRow, nint first, nint count, ref float queries, ref float scratch)
    {
        ref float keys = ref Unsafe.Add(ref call.Panels.Keys, head * call.Panels.KeyHeadStride);
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        bool takesProbabilities = TakesProbabilities(in call), takesScores = TakesScores(in call);
        bool widens = Widens(count, false);
        for (nint key = 0; key < call.Context.Keys; key += KeyBlock)
        {
            nint place = Place(in call, key);
            if (widens)
                WidenBlock(in call, head, place, 0, Math.Min(KeyBlock, call.Context.Keys - key), ref scratch);
            for (nint row = 0; row < count; row += TConstants.QueryBlock)
            {
                nint rows = Math.Min(TConstants.QueryBlock, count - row), columns = Math.Min(KeyBlock, call.Context.Keys - key);
                ref float blockQueries = ref Unsafe.Add(ref queries, (first + row) * TConstants.HeadDim);
                ref float blockKeys = ref Unsafe.Add(ref keys, place * TConstants.HeadDim);
                if (Has(NarrowKeyValues))
                    NarrowBlockScores(in call, head, place, 0, widens, ref blockQueries, rows, PanelsOf(columns), ref scratch);
                else
                    TKernels.Scores(ref blockQueries, rows, ref blockKeys, PanelsOf(columns), ref scores);
                if (Has(CappedScores) && Has(Softcap))
                    TKernels.Cap(ref scores, rows, columns);
                if (takesScores && (Has(ScaledScores) || Has(CappedScores)))
                    WriteScores(in call, head, firstRow, first, rows, columns, row, key, ref scratch);
                // The cap changed them in their place.
                if (Has(CappedScores) && Has(Softcap) && takesProbabilities)
                {
                    if (Has(NarrowKeyValues))
                        NarrowBlockScores(in call, head, place, 0, widens, ref blockQueries, rows, PanelsOf(columns), ref scratch);
                    else
                        TKernels.Scores(ref blockQueries, rows, ref blockKeys, PanelsOf(columns), ref scores);
                }

                // Of keys that the masks do not have, nothing is read there; they are outside of every range.
                nint changed = Has(MaskLength) ? Math.Min(columns, call.Context.MaskLength - key) : columns;
                if (Has(ModifiesScores) && (takesProbabilities || (takesScores && Has(MaskedScores))) && (!Has(MaskLength) || changed > 0))
                    Modify(in call, head, firstRow, first, rows, 0, changed, row, key, ref scratch);
                if (takesScores && Has(MaskedScores))
                    WriteScores(in call, head, firstRow, first, rows, columns, row, key, ref scratch);
                if (takesProbabilities)
                {
                    if (Has(ModifiesProbabilities))
                        ModifyProbabilities(in call, head, firstRow, first, rows, 0, columns, row, key, ref scratch);
                    TKernels.Probabilities(
                        ref scores, rows, columns, head, first + row, key, firstRow, ref Unsafe.Add(ref RangesIn(ref scratch), 2 * row),
                        ref StateOf(ref scratch, row), in call.Context);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteScores(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint columns, nint row, nint key, ref float scratch)
    {
        for (nint index = 0; index < rows; index++)
        {
            ref float line = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + (index * TConstants.ScoreStride));
            nint place = (QueryHead(head, first + row + index) * call.Context.Rows) + firstRow + InputRow(first + row + index);
            ref float target = ref Unsafe.Add(ref call.Context.Scores, (place * call.Context.Keys) + key);
            if (Has(MaskedScores))
            {
                ref int range = ref Unsafe.Add(ref RangesIn(ref scratch), 2 * (row + index));
                MaskRows.CopyRange(ref line, range - key, Unsafe.Add(ref range, 1) - key, columns, ref target, float.NegativeInfinity);
            }
            else
            {
                MemoryMarshal.CreateReadOnlySpan(ref line, (int)columns).CopyTo(MemoryMarshal.CreateSpan(ref target, (int)columns));
            }
        }
    }
}
