using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The gradients of one KV head of a sequence: scores again from queries and keys, block by block, and no matrix of them (Dao et al. 2022).
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Query rows of a block of the gradients: a run, as in the forward.</summary>
    private static int GradientRows { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => TConstants.QueryRun; }

    /// <summary>Floats of scratch that the gradients of a head need behind those of a call.</summary>
    /// <param name="rows">Rows of the longest sequence.</param>
    /// <param name="keys">Keys of the longest sequence.</param>
    private static nint HeadGradientFloats(nint rows, nint keys) => PlaceHeadGradients(ref Unsafe.NullRef<float>(), rows * Group, keys).Floats;

    /// <summary>Places what the gradients of a head are computed in.</summary>
    private static HeadGradients PlaceHeadGradients(ref float start, nint rows, nint keys)
    {
        nint next = 0, scores = (nint)GradientRows * TConstants.ScoreStride, block = KeyBlock + PanelWidth;
        nint product = Math.Max(
            MatrixProduct.ScratchFloats(GradientRows, KeyBlock, TConstants.ValueHeadDim),
            MatrixProduct.ScratchFloats(GradientRows, TConstants.HeadDim, KeyBlock));
        return new()
        {
            Rows = rows,
            Keys = ref Take(ref start, block * TConstants.HeadDim, ref next),
            Values = ref Take(ref start, block * TConstants.ValueHeadDim, ref next),
            ValuesAsKeys = ref Take(ref start, SharesKernels ? block * TConstants.ValueHeadDim : 0, ref next),
            KeysAsValues = ref Take(ref start, SharesKernels ? (nint)KeyBlock * ValueHeadDimPadded : 0, ref next),
            Heads = ref Take(ref start, SharesKernels ? (nint)TConstants.QueryBlock * ValueHeadDimPadded : 0, ref next),
            KeyGradients = ref Take(ref start, block * TConstants.HeadDim, ref next),
            ValueGradients = ref Take(ref start, block * TConstants.ValueHeadDim, ref next),
            Joined = ref Take(ref start, rows * TConstants.ValueHeadDim, ref next),
            Deltas = ref Take(ref start, rows, ref next),
            QueryGradients = ref Take(ref start, rows * TConstants.HeadDim, ref next),
            Probabilities = ref Take(ref start, scores, ref next),
            Scores = ref Take(ref start, scores, ref next),
            Uncapped = ref Take(ref start, Has(Softcap) ? scores : 0, ref next),
            Distances = ref Take(ref start, Has(DistanceBiases) ? rows + (Group * (keys + (2 * PanelWidth))) : 0, ref next),
            Product = ref Take(ref start, SharesKernels ? 0 : product, ref next),
            Floats = next,
        };
    }

    private static ref float Take(ref float start, nint floats, scoped ref nint next)
    {
        nint place = next;
        next += (floats + PanelWidth - 1) & -(nint)PanelWidth;
        return ref Unsafe.Add(ref start, place);
    }

    /// <summary>Computes the gradients of the queries, keys and values of one KV head.</summary>
    /// <param name="call">The sequence, as it was in the forward.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="targets">Where the gradients of the sequence go.</param>
    /// <param name="scratch">Scratch of this thread.</param>
    /// <param name="small">Where this head's part of the small gradients goes.</param>
    [MethodImpl(Step)]
    private static void BackwardHead(in SequenceCall call, nint head, in GradientTargets targets, ref float scratch, ref float small)
    {
        nint rows = ComputedRows(in call), keys = NewKeys(in call);
        HeadGradients place = PlaceHeadGradients(ref Unsafe.Add(ref scratch, TConstants.ScratchFloats), rows * Group, keys);
        place.Small = ref small;
        MemoryMarshal.CreateSpan(ref small, new SmallGradients(call.Weights.Shape).Floats).Clear();
        GatherJoined(in call, head, in targets, in place);
        MemoryMarshal.CreateSpan(ref place.QueryGradients, (int)(place.Rows * TConstants.HeadDim)).Clear();
        if (Has(DistanceBiases))
            MemoryMarshal.CreateSpan(ref place.Distances, (int)(Group * DistanceFloats(in call))).Clear();

        ref float panels = ref Unsafe.Add(ref call.Panels.Keys, head * call.Panels.KeyHeadStride);
        ref float valuePanels = ref Unsafe.Add(ref call.Panels.Values, head * call.Panels.ValueHeadStride);
        for (nint key = 0; key < keys; key += KeyBlock)
        {
            nint count = Math.Min(KeyBlock, keys - key);
            ref float block = ref Unsafe.Add(ref panels, key * TConstants.HeadDim);
            ReadBlock(in place, ref block, ref Unsafe.Add(ref valuePanels, key * PanelWidth), call.Panels.ValuePanelStride, count);
            for (nint first = 0; first < place.Rows; first += GradientRows)
                BackwardBlock(in call, head, in place, first, Math.Min(GradientRows, place.Rows - first), key, count, ref block, false, ref scratch);
            FinishKeys(in call, head, in targets, in place, key, count);
        }

        ClearKeyGradients(in call, head, in targets, keys);
        if (Has(AppendsKeys))
            BackwardAppended(in call, head, in place, ref scratch);
        if (Has(Sinks))
            AddSinks(in call, head, in place);
        if (Has(DistanceBiases) && call.Weights.Shape.RelativePositionBuckets > 0)
            AddBuckets(in call, in place);
        FinishQueries(in call, head, in targets, in place);
    }

    /// <summary>Gathers the gradients of the joined heads, and multiplies them by these.</summary>
    [MethodImpl(Step)]
    private static void GatherJoined(in SequenceCall call, nint head, in GradientTargets targets, in HeadGradients place)
    {
        nint rows = place.Rows / Group;
        for (nint query = 0; query < Group; query++)
        {
            StridedRows.Copy(
                ref targets.Joined.Of((head * Group) + query), targets.Joined.Stride,
                ref Unsafe.Add(ref place.Joined, query * TConstants.ValueHeadDim), Group * TConstants.ValueHeadDim, rows,
                TConstants.ValueHeadDim);
        }

        if (Has(HeadMask))
            MaskGradients(in call, head, in targets, in place, rows);
        ref float joined = ref Unsafe.Add(ref call.Saved.Joined, head * Group * TConstants.ValueHeadDim);
        for (nint row = 0; row < place.Rows; row++)
        {
            ref float output = ref Unsafe.Add(ref joined, (InputRow(row) * JoinedDim) + ((Group == 1 ? 0 : row % Group) * TConstants.ValueHeadDim));
            Unsafe.Add(ref place.Deltas, row) =
                ScoreGradients.Dot(ref output, ref Unsafe.Add(ref place.Joined, row * TConstants.ValueHeadDim), TConstants.ValueHeadDim);
        }
    }

    /// <summary>
    /// Multiplies the gradients of the joined heads by the factors of these. Their place then takes the heads times their factors, which the gradients of the
    /// output matrix need; what the forward kept are the heads without, whose products with the gradients cancel exactly where a row sees one key.
    /// </summary>
    [MethodImpl(Step)]
    private static void MaskGradients(in SequenceCall call, nint head, in GradientTargets targets, in HeadGradients place, nint rows)
    {
        ReadOnlySpan<float> factors = call.Arguments.HeadMask.Slice((int)head * Group, Group);
        StridedRows.Multiply(ref place.Joined, Group * TConstants.ValueHeadDim, rows, factors, TConstants.ValueHeadDim);
        if (!Has(Projections))
            return;
        ref float masked = ref targets.Joined.Of(head * Group);
        StridedRows.Copy(
            ref Unsafe.Add(ref call.Saved.Joined, head * Group * TConstants.ValueHeadDim), JoinedDim, ref masked, JoinedDim, rows,
            Group * TConstants.ValueHeadDim);
        StridedRows.Multiply(ref masked, JoinedDim, rows, factors, TConstants.ValueHeadDim);
    }

    /// <summary>Keys behind the last one are a block of their own, as in the forward.</summary>
    [MethodImpl(Step)]
    private static void BackwardAppended(in SequenceCall call, nint head, in HeadGradients place, ref float scratch)
    {
        ref float panel = ref Unsafe.Add(ref call.Context.AppendedKeys, head * (PanelWidth * TConstants.HeadDim));
        ref float values = ref Unsafe.Add(ref call.Context.AppendedValues, head * (PanelWidth * ValueHeadDimPadded));
        nint count = TConstants.AppendedKeys;
        ReadBlock(in place, ref panel, ref values, PanelWidth * PanelWidth, count);
        for (nint first = 0; first < place.Rows; first += GradientRows)
            BackwardBlock(in call, head, in place, first, Math.Min(GradientRows, place.Rows - first), 0, count, ref panel, true, ref scratch);
        if (!call.Weights.Shape.BiasKeyValue)
            return;
        // The learned one comes first.
        var parts = new SmallGradients(call.Weights.Shape);
        ScoreGradients.Scale(ref place.KeyGradients, TConstants.HeadDim, KeyFactor);
        StridedRows.Copy(ref place.KeyGradients, 0, ref Unsafe.Add(ref place.Small, parts.BiasKey), 0, 1, TConstants.HeadDim);
        StridedRows.Copy(ref place.ValueGradients, 0, ref Unsafe.Add(ref place.Small, parts.BiasValue), 0, 1, TConstants.ValueHeadDim);
    }

    /// <summary>
    /// What the products of score gradients and kept queries are multiplied by: these hold the factor of the scores, and where the softmax has powers of two
    /// log2(e) too.
    /// </summary>
    private static float KeyFactor => Has(NaturalScores) ? 1 : 0.693147182f;

    /// <summary>A sink takes a share of each row's probability, and has no value: its gradient is − Σ share · delta.</summary>
    [MethodImpl(Step)]
    private static void AddSinks(in SequenceCall call, nint head, in HeadGradients place)
    {
        ref float maxima = ref Unsafe.Add(ref call.Saved.Maxima, SavedRow(in call, head, 0));
        ref float sums = ref Unsafe.Add(ref call.Saved.Sums, SavedRow(in call, head, 0));
        for (nint query = 0; query < Group; query++)
        {
            double total = 0, sink = Unsafe.Add(ref call.Context.Sinks, (head * Group) + query);
            for (nint row = query; row < place.Rows; row += Group)
                total -= Math.Exp(sink - Unsafe.Add(ref maxima, row)) / Unsafe.Add(ref sums, row) * Unsafe.Add(ref place.Deltas, row);
            Unsafe.Add(ref place.Small, SmallGradients.Sinks + query) = (float)total;
        }
    }

    /// <summary>Distances from the last row's first key to the first row's last key, with room for whole lines.</summary>
    private static nint DistanceFloats(in SequenceCall call) => ComputedRows(in call) + NewKeys(in call) + (2 * PanelWidth);

    /// <summary>Adds the gradients of all scores of a distance to its bucket.</summary>
    [MethodImpl(Step)]
    private static void AddBuckets(in SequenceCall call, in HeadGradients place)
    {
        AttentionShape shape = call.Weights.Shape;
        int buckets = shape.RelativePositionBuckets, first = new SmallGradients(shape).Buckets;
        nint distances = DistanceFloats(in call), lowest = 1 - ComputedRows(in call) - call.Context.Offset;
        Span<double> sums = stackalloc double[ShapeLimits.MaxRelativePositionBuckets];
        for (nint query = 0; query < Group; query++)
        {
            sums[..buckets].Clear();
            for (nint index = 0; index < ComputedRows(in call) + NewKeys(in call) - 1; index++)
                sums[DistanceBias.Bucket(lowest + index, buckets, shape.RelativePositionMaxDistance, shape.Causal)]
                    += Unsafe.Add(ref place.Distances, (query * distances) + index);
            for (int bucket = 0; bucket < buckets; bucket++)
                Unsafe.Add(ref place.Small, first + ((int)query * buckets) + bucket) = (float)sums[bucket];
        }
    }
}
