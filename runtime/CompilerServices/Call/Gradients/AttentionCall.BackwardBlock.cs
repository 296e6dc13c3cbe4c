using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// One block of rows and keys of the gradients, and what follows when all blocks of a key or of a query are done.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>The softmax's powers are of two, of scores in this unit.</summary>
    private static float PowerUnit => Has(NaturalScores) ? 1.44269502f : 1;

    /// <summary>Adds what some rows and a block of keys give to the gradients of both.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="place">What is computed in.</param>
    /// <param name="first">Which row of the KV head the first row is.</param>
    /// <param name="count">Rows.</param>
    /// <param name="key">The first key of the block.</param>
    /// <param name="keys">Keys of the block.</param>
    /// <param name="panels">Panels of the block's keys.</param>
    /// <param name="appended">Whether the keys are those behind the last one, which every row sees.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    [MethodImpl(Step)]
    private static void BackwardBlock(
        in SequenceCall call, nint head, in HeadGradients place, nint first, nint count, nint key, nint keys, ref float panels, bool appended,
        ref float scratch)
    {
        nint columns = ScoreBlock(in call, head, in place, first, count, key, keys, ref panels, appended, ref scratch);
        if (columns == 0)
            return;
        nint headDim = TConstants.HeadDim, valueDim = TConstants.ValueHeadDim, stride = TConstants.ScoreStride;
        ref float joined = ref Unsafe.Add(ref place.Joined, first * valueDim);
        ProbabilityGradients(in place, ref joined, count, columns);
        nint firstKey = appended ? unchecked((nint)DropoutMask.AppendedKeys) : key;
        if (Drops(in call))
            DropOut(in call, head, 0, first, count, firstKey, 0, columns, ref place.Scores);
        ScoreGradientsOfBlock(in call, in place, first, count, key, columns, appended);
        // What a kept probability was multiplied by counts for the values, and not for the softmax.
        if (Drops(in call))
            DropOut(in call, head, 0, first, count, firstKey, 0, columns, ref place.Probabilities);
        ref float queries = ref Unsafe.Add(ref call.Saved.Queries, (SavedRow(in call, head, 0) + first) * headDim);
        MatrixProduct.AddTransposed(
            ref place.Probabilities, stride, ref joined, valueDim, ref place.ValueGradients, valueDim, columns, valueDim, count);
        MatrixProduct.AddTransposed(ref place.Scores, stride, ref queries, headDim, ref place.KeyGradients, headDim, columns, headDim, count);
        AddQueryGradients(in place, ref Unsafe.Add(ref place.QueryGradients, first * headDim), count, columns);
    }

    /// <summary>
    /// Whether heads of queries and of values are equally wide: then the kernels of the forward compute the products of the gradients that have their form,
    /// from rows as they are.
    /// </summary>
    private static bool SharesKernels { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.HeadDim == TConstants.ValueHeadDim; }

    /// <summary>The gradients of a block's probabilities: products of those of the joined heads and the values.</summary>
    [MethodImpl(Step)]
    private static void ProbabilityGradients(in HeadGradients place, ref float joined, nint count, nint columns)
    {
        if (!SharesKernels)
        {
            MatrixProduct.Multiply(
                new(ref joined, TConstants.ValueHeadDim), new StridedMatrix(ref place.Values, TConstants.ValueHeadDim).Transposed, ref place.Scores,
                TConstants.ScoreStride, count, columns, TConstants.ValueHeadDim, false, ref place.Product);
            return;
        }

        for (nint row = 0; row < count; row += TConstants.QueryBlock)
            TKernels.Scores(
                ref Unsafe.Add(ref joined, row * TConstants.HeadDim), Math.Min(TConstants.QueryBlock, count - row), ref place.ValuesAsKeys, PanelsOf(columns),
                ref Unsafe.Add(ref place.Scores, row * TConstants.ScoreStride));
    }

    /// <summary>Adds the products of a block's score gradients and its keys to the gradients of the queries.</summary>
    [MethodImpl(Step)]
    private static void AddQueryGradients(in HeadGradients place, ref float target, nint count, nint columns)
    {
        nint width = TConstants.HeadDim;
        if (!SharesKernels)
        {
            MatrixProduct.Multiply(
                new(ref place.Scores, TConstants.ScoreStride), new(ref place.Keys, width), ref target, width, count, width, columns, true, ref place.Product);
            return;
        }

        for (nint row = 0; row < count; row += TConstants.QueryBlock)
        {
            nint rows = Math.Min(TConstants.QueryBlock, count - row);
            TKernels.Values(
                ref Unsafe.Add(ref place.Scores, row * TConstants.ScoreStride), rows, columns, ref place.KeysAsValues, BlockStride, ref place.Heads);
            for (nint index = 0; index < rows; index++)
                ScoreGradients.Add(ref Unsafe.Add(ref target, (row + index) * width), ref Unsafe.Add(ref place.Heads, index * ValueHeadDimPadded), width);
        }
    }

    /// <summary>Reads a block of keys and values for the products of the gradients.</summary>
    [MethodImpl(Step)]
    private static void ReadBlock(in HeadGradients place, ref float panels, ref float valuePanels, nint valueStride, nint count)
    {
        KeyValueRows.ReadKeys(ref panels, count, TConstants.HeadDim, ref place.Keys);
        KeyValueRows.ReadValues(ref valuePanels, valueStride, count, TConstants.ValueHeadDim, ref place.Values);
        MemoryMarshal.CreateSpan(ref place.KeyGradients, (int)count * TConstants.HeadDim).Clear();
        MemoryMarshal.CreateSpan(ref place.ValueGradients, (int)count * TConstants.ValueHeadDim).Clear();
        if (!SharesKernels)
            return;
        KeyPanels.Write(ref place.Values, TConstants.ValueHeadDim, count, ref place.ValuesAsKeys, 0, TConstants.ValueHeadDim);
        ValuePanels.Write(ref place.Keys, TConstants.HeadDim, count, ref place.KeysAsValues, BlockStride, 0, TConstants.HeadDim);
    }

    /// <summary>Computes the probabilities of some rows and a block of keys.</summary>
    /// <returns>Columns up to the last one that a row sees; 0 where none sees any.</returns>
    [MethodImpl(Step)]
    private static nint ScoreBlock(
        in SequenceCall call, nint head, in HeadGradients place, nint first, nint count, nint key, nint keys, ref float panels, bool appended,
        ref float scratch)
    {
        nint most = appended ? keys : FindColumns(in call, head, first, count, key, keys, ref scratch);
        if (most <= 0)
            return 0;
        ref float scores = ref Unsafe.Add(ref scratch, TConstants.ScoresOffset);
        ref float queries = ref Unsafe.Add(ref call.Saved.Queries, (SavedRow(in call, head, 0) + first) * TConstants.HeadDim);
        for (nint row = 0; row < count; row += TConstants.QueryBlock)
        {
            nint rows = Math.Min(TConstants.QueryBlock, count - row), from = 0, columns = most;
            if (!appended)
                (from, columns) = SeenColumns(in call, first, row, rows, key, most, ref scratch);
            if (columns > from)
            {
                TKernels.Scores(
                    ref Unsafe.Add(ref queries, row * TConstants.HeadDim), rows, ref Unsafe.Add(ref panels, from * TConstants.HeadDim),
                    PanelsOf(columns - from), ref Unsafe.Add(ref scores, from));
                if (Has(Softcap))
                    StridedRows.Copy(
                        ref Unsafe.Add(ref scores, from), TConstants.ScoreStride, ref Unsafe.Add(ref place.Uncapped, (row * TConstants.ScoreStride) + from),
                        TConstants.ScoreStride, rows, (int)(PanelsOf(columns - from) * PanelWidth));
                if (Has(Softcap) && appended)
                    TKernels.Cap(ref scores, rows, PanelWidth);
                else if (Has(ModifiesScores) && !appended)
                    Modify(in call, head, 0, first, rows, from, columns, row, key, ref scratch);
            }

            WriteProbabilities(in call, head, in place, first, row, rows, key, most, appended, ref scratch);
        }

        return most;
    }

    /// <summary>Finds the keys that some rows see.</summary>
    /// <returns>Columns of the block up to the last one that a row sees.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint FindColumns(in SequenceCall call, nint head, nint first, nint count, nint key, nint keys, ref float scratch)
    {
        if (!Has(Ranges))
            return Math.Min(keys, Seen(first + count - 1, Visible(in call), Has(Causal) ? Offset(in call, Visible(in call)) : 0) - key);
        ref int ranges = ref RangesIn(ref scratch);
        FindRanges(in call, head, 0, first, count, ref ranges);
        return Unsafe.Add(ref ranges, RunRange) >= key + keys ? 0 : Math.Min(keys, Unsafe.Add(ref ranges, RunRange + 1) - key);
    }

    /// <summary>Columns of a query block that have scores: from a whole group of the virtual lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (nint From, nint Columns) SeenColumns(in SequenceCall call, nint first, nint row, nint rows, nint key, nint most, ref float scratch)
    {
        if (!Has(Ranges))
            return (0, Math.Min(most, Seen(first + row + rows - 1, Visible(in call), Has(Causal) ? Offset(in call, Visible(in call)) : 0) - key));
        ref int range = ref BlockRange(ref RangesIn(ref scratch), row);
        return (Math.Max(range - key, 0) & ~(nint)(VirtualLanes - 1), Math.Min(most, Unsafe.Add(ref range, 1) - key));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteProbabilities(
        in SequenceCall call, nint head, in HeadGradients place, nint first, nint row, nint rows, nint key, nint columns, bool appended, ref float scratch)
    {
        nint saved = SavedRow(in call, head, 0) + first;
        for (nint index = row; index < row + rows; index++)
        {
            nint begin = 0, end = columns;
            if (!appended && Has(Ranges))
            {
                ref int range = ref Unsafe.Add(ref RangesIn(ref scratch), 2 * index);
                begin = Math.Max(range - key, 0);
                end = Math.Min(columns, Unsafe.Add(ref range, 1) - key);
            }
            else if (!appended)
            {
                end = Math.Min(columns, Seen(first + index, Visible(in call), Has(Causal) ? Offset(in call, Visible(in call)) : 0) - key);
            }

            ScoreGradients.Probabilities(
                ref Unsafe.Add(ref scratch, TConstants.ScoresOffset + ((index - row) * TConstants.ScoreStride)), begin, end, columns,
                Unsafe.Add(ref call.Saved.Maxima, saved + index), Unsafe.Add(ref call.Saved.Sums, saved + index), PowerUnit,
                ref Unsafe.Add(ref place.Probabilities, index * TConstants.ScoreStride));
        }
    }

    /// <summary>From the gradients of a block's probabilities to those of its scores, before cap and biases.</summary>
    [MethodImpl(Step)]
    private static void ScoreGradientsOfBlock(
        in SequenceCall call, in HeadGradients place, nint first, nint count, nint key, nint columns, bool appended)
    {
        for (nint row = 0; row < count; row++)
        {
            ref float probabilities = ref Unsafe.Add(ref place.Probabilities, row * TConstants.ScoreStride);
            ref float scores = ref Unsafe.Add(ref place.Scores, row * TConstants.ScoreStride);
            ScoreGradients.Gradients(ref probabilities, ref scores, columns, Unsafe.Add(ref place.Deltas, first + row));
            if (Has(DistanceBiases) && !appended)
            {
                nint line = (Group == 1 ? 0 : (first + row) % Group) * DistanceFloats(in call);
                nint distance = key + ComputedRows(in call) - 1 - InputRow(first + row);
                ScoreGradients.Add(ref Unsafe.Add(ref place.Distances, line + distance), ref scores, columns);
            }

            if (Has(Softcap))
                ScoreGradients.Uncap(
                    ref Unsafe.Add(ref place.Uncapped, row * TConstants.ScoreStride), ref probabilities, ref scores, columns, call.Weights.Shape.Softcap);
        }
    }

    /// <summary>Writes the gradients of a block of keys and values, whose rows are all done: back through rotation and norm.</summary>
    [MethodImpl(Step)]
    private static void FinishKeys(in SequenceCall call, nint head, in GradientTargets targets, in HeadGradients place, nint first, nint count)
    {
        nint width = TConstants.HeadDim;
        ScoreGradients.Scale(ref place.KeyGradients, count * width, KeyFactor);
        if (!Has(NormAfterRotary))
            RotateHeads<Backwards>(in call, ref place.KeyGradients, width, count, 1, first);
        AttentionShape shape = call.Weights.Shape;
        if (Has(HeadNorms) && !shape.NormSpansHeads)
        {
            var parts = new SmallGradients(shape);
            ref float heads = ref KeysBeforeNorm(in call, head, first, out nint stride);
            BackwardNorm(
                in call, ref heads, stride, first, 1, call.Weights.Trained.KeyNorm, head * width, (int)width, ref place.KeyGradients, count,
                ref Unsafe.Add(ref place.Small, parts.KeyNorm), ref Unsafe.Add(ref place.Small, parts.KeyNormBias));
            if (Has(NormAfterRotary))
                RotateHeads<Backwards>(in call, ref place.KeyGradients, width, count, 1, first);
        }

        StridedRows.Copy(
            ref place.KeyGradients, width, ref Unsafe.Add(ref targets.Keys.Of(head), first * targets.Keys.Stride), targets.Keys.Stride, count, (int)width);
        StridedRows.Copy(
            ref place.ValueGradients, TConstants.ValueHeadDim, ref Unsafe.Add(ref targets.Values.Of(head), first * targets.Values.Stride),
            targets.Values.Stride, count, TConstants.ValueHeadDim);
    }

    /// <summary>Keys that no row sees, because a length masks them, have no gradient.</summary>
    [MethodImpl(Step)]
    private static void ClearKeyGradients(in SequenceCall call, nint head, in GradientTargets targets, nint first)
    {
        nint count = call.Dimensions.Keys - first;
        StridedRows.Clear(ref Unsafe.Add(ref targets.Keys.Of(head), first * targets.Keys.Stride), targets.Keys.Stride, count, TConstants.HeadDim);
        StridedRows.Clear(ref Unsafe.Add(ref targets.Values.Of(head), first * targets.Values.Stride), targets.Values.Stride, count, TConstants.ValueHeadDim);
    }

    /// <summary>Writes the gradients of the queries: back through the scale, rotation and norm.</summary>
    [MethodImpl(Step)]
    private static void FinishQueries(in SequenceCall call, nint head, in GradientTargets targets, in HeadGradients place)
    {
        nint rows = place.Rows / Group, all = Rows(in call.Dimensions);
        ScoreGradients.Scale(ref place.QueryGradients, place.Rows * TConstants.HeadDim, call.Weights.Shape.Scale);
        if (!Has(NormAfterRotary))
            RotateHeads<Backwards>(in call, ref place.QueryGradients, GroupDim, rows, Group, 0);
        AttentionShape shape = call.Weights.Shape;
        if (Has(HeadNorms) && !shape.NormSpansHeads)
        {
            ReadOnlySpan<float> weights = call.Weights.Trained.QueryNorm;
            var parts = new SmallGradients(shape);
            for (nint row = 0; row < rows; row++)
            {
                ref float heads = ref QueriesBeforeNorm(in call, head, row, out nint stride);
                BackwardNorm(
                    in call, ref heads, stride, row, 0, weights, head * GroupDim, GroupDim, ref Unsafe.Add(ref place.QueryGradients, row * GroupDim), Group,
                    ref Unsafe.Add(ref place.Small, parts.QueryNorm), ref Unsafe.Add(ref place.Small, parts.QueryNormBias));
            }

            if (Has(NormAfterRotary))
                RotateHeads<Backwards>(in call, ref place.QueryGradients, GroupDim, rows, Group, 0);
        }

        for (nint query = 0; query < Group; query++)
        {
            ref float target = ref targets.Queries.Of((head * Group) + query);
            StridedRows.Copy(
                ref Unsafe.Add(ref place.QueryGradients, query * TConstants.HeadDim), GroupDim, ref target, targets.Queries.Stride, rows, TConstants.HeadDim);
            StridedRows.Clear(ref Unsafe.Add(ref target, rows * targets.Queries.Stride), targets.Queries.Stride, all - rows, TConstants.HeadDim);
        }
    }
}
