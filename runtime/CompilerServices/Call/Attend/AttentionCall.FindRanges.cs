using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The keys that each row of a run sees: every rule that is an interval becomes bounds of loops.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Where the ranges of the query blocks begin, in ints.</summary>
    private static int BlockRanges { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => 2 * TConstants.QueryRun; }

    /// <summary>Where the range of the run lies, in ints.</summary>
    private static int RunRange { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => BlockRanges + (2 * (TConstants.QueryRun / TConstants.QueryBlock)); }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref int RangesIn(ref float scratch) => ref Unsafe.As<float, int>(ref Unsafe.Add(ref scratch, TConstants.RangesOffset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref int BlockRange(ref int ranges, nint row) => ref Unsafe.Add(ref ranges, BlockRanges + (row / TConstants.QueryBlock * 2));

    /// <summary>
    /// Keys that each row of a run sees, [row][first, end], and behind them those of each query block and of the whole run; first = end where there are
    /// none.
    /// </summary>
    [MethodImpl(Step)]
    private static void FindRanges(in SequenceCall call, nint head, nint firstRow, nint first, nint count, ref int ranges)
    {
        nint runFirst = nint.MaxValue, runEnd = 0, documentFirst = 0, documentEnd = 0;
        for (nint block = 0; block < count; block += TConstants.QueryBlock)
        {
            nint blockFirst = nint.MaxValue, blockEnd = 0;
            for (nint row = block; row < Math.Min(block + TConstants.QueryBlock, count); row++)
            {
                nint position = firstRow + InputRow(first + row) + call.Context.Offset;
                if (Has(Documents) && (position < documentFirst || position >= documentEnd))
                {
                    // Rows of one document are neighbours.
                    DocumentRuns.Find(ref call.Context.Documents, call.Context.Keys, position, out documentFirst, out documentEnd);
                }

                FindRange(in call, QueryHead(head, first + row), position, documentFirst, documentEnd, out nint begin, out nint end);
                Unsafe.Add(ref ranges, 2 * row) = (int)begin;
                Unsafe.Add(ref ranges, (2 * row) + 1) = (int)end;
                if (begin < end)
                {
                    blockFirst = Math.Min(blockFirst, begin);
                    blockEnd = Math.Max(blockEnd, end);
                }
            }

            ref int blockRange = ref BlockRange(ref ranges, block);
            blockRange = blockEnd == 0 ? 0 : (int)blockFirst;
            Unsafe.Add(ref blockRange, 1) = (int)blockEnd;
            runFirst = Math.Min(runFirst, blockFirst);
            runEnd = Math.Max(runEnd, blockEnd);
        }

        Unsafe.Add(ref ranges, RunRange) = runEnd == 0 ? 0 : (int)runFirst;
        Unsafe.Add(ref ranges, RunRange + 1) = (int)runEnd;
    }

    /// <summary>The first key that a row sees, and the end of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FindRange(in SequenceCall call, nint queryHead, nint position, nint documentFirst, nint documentEnd, out nint begin, out nint end)
    {
        begin = Has(KeyStarts) ? call.Context.Start : 0;
        end = call.Context.Visible;
        if (Has(Causal))
            end = Math.Min(end, Has(PrefixLengths) ? Math.Max(position + 1, call.Context.Prefix) : position + 1);
        if (Has(WindowLeft))
            begin = Math.Max(begin, position - TConstants.WindowLeft);
        if (Has(WindowRight))
            end = Math.Min(end, position + (TConstants.WindowRight + 1));
        if (Has(Chunks))
        {
            // Rounded down, for positions before key 0 too.
            nint chunk = (position >= 0 ? position / TConstants.ChunkSize : ((position + 1) / TConstants.ChunkSize) - 1) * TConstants.ChunkSize;
            begin = Math.Max(begin, chunk);
            end = Math.Min(end, chunk + TConstants.ChunkSize);
        }

        if (Has(Documents))
        {
            begin = Math.Max(begin, documentFirst);
            end = Math.Min(end, documentEnd);
        }

        if (Has(DeclaredRange))
        {
            (int declaredFirst, int declaredEnd) = TKernels.DeclaredRange((int)queryHead, (int)position, (int)call.Context.Keys);
            begin = Math.Max(begin, declaredFirst);
            end = Math.Min(end, declaredEnd);
        }

        if (begin >= end)
            begin = end = 0;
    }
}
