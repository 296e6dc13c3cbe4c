namespace AttentionGen.Tests.Support;

// Everything that a shape declares, from a seed.
internal sealed partial record AttentionCase
{
    /// <summary>
    /// Inputs uniform in ±1; key lengths, where declared, are none, part or all of the keys. Sequences of a ragged batch have any number of rows up to
    /// <paramref name="rows"/>, the first one all of them.
    /// </summary>
    public static AttentionCase Create(
        AttentionShape shape, int batch, int rows, int keys = -1, int seed = 1, AttentionWeights? weights = null, ReferenceHooks? hooks = null)
    {
        // Positions are given for rows, so the keys of a core must be as many.
        bool sameKeys = keys < 0 || (shape.HasProjections && !shape.IsCrossAttention) || (shape.Positions && !shape.IsCrossAttention);
        if (sameKeys)
            keys = rows;
        var random = new Random(seed);
        var sizes = new AttentionCase { Shape = shape, Weights = weights ?? AttentionWeights.Random(shape, seed), Batch = batch, Rows = rows, Keys = keys,
            Input = [], Hooks = hooks };
        if (shape.Ragged)
        {
            int[] rowOffsets = Offsets(random, batch, rows);
            sizes = sizes with
            {
                RowOffsets = rowOffsets,
                KeyOffsets = sizes.KeysAreRows ? [] : sameKeys ? rowOffsets : Offsets(random, batch, keys),
            };
        }

        if (shape.MaskLength)
            sizes = sizes with { MaskLength = Length(random, keys) };
        int newKeys = sizes.Sequences.Sum(sizes.NewKeysOf);
        AttentionCase call = sizes with
        {
            Input = Uniform(random, sizes.TotalRows * shape.InputDim),
            Memory = shape.IsCrossAttention ? Uniform(random, newKeys * shape.MemoryDim) : [],
            ValueInput = Uniform(random, newKeys * shape.ValueInputDim),
            Key = shape.HasProjections ? [] : Uniform(random, newKeys * shape.KeyDim),
            Value = shape.HasProjections ? [] : Uniform(random, newKeys * shape.ValueDim),
            KeyLengths = shape.KeyLengths ? [.. sizes.Sequences.Select(sequence => Length(random, sizes.KeysOf(sequence)))] : [],
        };
        return call with
        {
            KeyStarts = shape.KeyStarts ? [.. sizes.Sequences.Select(sequence => random.Next((sizes.KeysOf(sequence) / 2) + 1))] : [],
            PrefixLengths = shape.PrefixLengths ? [.. sizes.Sequences.Select(sequence => Length(random, sizes.KeysOf(sequence)))] : [],
            Documents = shape.Documents ? [.. sizes.Sequences.SelectMany(sequence => NextDocuments(random, sizes.KeysOf(sequence)))] : [],
            Positions = shape.Positions ? [.. Enumerable.Range(0, sizes.TotalRows * shape.PositionAxes).Select(_ => random.Next(200))] : [],
            Cosines = shape.RotaryTables ? Uniform(random, sizes.TableLines * (shape.RotaryDim / 2)) : [],
            Sines = shape.RotaryTables ? Uniform(random, sizes.TableLines * (shape.RotaryDim / 2)) : [],
            BooleanMask = [.. Enumerable.Range(0, sizes.MaskElements(shape.BooleanMask)).Select(_ => random.Next(3) != 0)],
            AdditiveMask = [.. Enumerable.Range(0, sizes.MaskElements(shape.AdditiveMask)).Select(_ => random.Next(4) == 0 ? float.NegativeInfinity
                : (2 * random.NextSingle()) - 1)],
            HeadMask = shape.HeadMask ? HeadFactors(random, shape.Heads) : [],
        };
    }

    /// <summary>Lines for given positions, and for all that are counted.</summary>
    private int TableLines => Math.Max(200, Sequences.Select(KeysOf).DefaultIfEmpty(0).Max() + Rows);

    public static float[] Uniform(Random random, int count)
    {
        var values = new float[count];
        for (int index = 0; index < count; index++)
            values[index] = (random.NextSingle() * 2) - 1;
        return values;
    }

    /// <summary>Heads that are removed, left as they are, or weakened, or turned round.</summary>
    public static float[] HeadFactors(Random random, int heads) => [.. Enumerable.Range(0, heads).Select(_ => random.Next(4) switch
    {
        0 => 0,
        1 => 1,
        _ => (2 * random.NextSingle()) - 1,
    })];

    private static int[] Offsets(Random random, int batch, int longest)
    {
        var offsets = new int[batch + 1];
        for (int sequence = 0; sequence < batch; sequence++)
            offsets[sequence + 1] = offsets[sequence] + (sequence == 0 ? longest : Length(random, longest));
        return offsets;
    }

    private static int Length(Random random, int keys) => random.Next(4) switch
    {
        0 => 0,
        1 => keys,
        _ => random.Next(keys + 1),
    };

    private static int[] NextDocuments(Random random, int keys)
    {
        var documents = new int[keys];
        for (int key = 1; key < keys; key++)
            documents[key] = documents[key - 1] + (random.Next(6) == 0 ? random.Next(1, 4) : 0);
        // Equal numbers are neighbours; in half of the cases they come in no order, as an odd factor makes of them.
        return random.Next(2) == 0 ? documents : [.. documents.Select(document => unchecked(document * (int)0x9E3779B1))];
    }

    /// <summary>Elements of a mask with these axes.</summary>
    private int MaskElements(MaskAxes axes)
    {
        if (axes == MaskAxes.None)
            return 0;
        int heads = axes.HasFlag(MaskAxes.Head) ? Shape.Heads : 1;
        if (Shape.MaskLength)
            return heads * (axes.HasFlag(MaskAxes.Batch) ? Batch : 1) * (axes.HasFlag(MaskAxes.Query) ? Rows : 1) * MaskLength;
        if (axes.HasFlag(MaskAxes.Batch))
            return heads * (axes.HasFlag(MaskAxes.Query) ? Pairs : Sequences.Sum(KeysOf));
        return heads * (axes.HasFlag(MaskAxes.Query) ? Rows : 1) * Sequences.Select(KeysOf).DefaultIfEmpty(0).Max();
    }
}
