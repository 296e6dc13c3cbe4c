namespace AttentionGen.CompilerServices;

// Positions of rotary embeddings, and the tables that a call gives for them.
public static partial class KernelChecks
{
    /// <summary>Counted positions stay below the length of contexts that decides the frequencies, and inside the tables of a call.</summary>
    private static void CheckCountedPositions(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        if (shape.Positions || shape.Rotary == RotaryKind.None)
            return;
        long positions = Math.Max(dimensions.Keys, (long)dimensions.CachedKeys + dimensions.Rows), most = MostPositions(shape, in arguments);
        if (positions > most)
            ThrowBeyondPositions(shape, InputName(shape), positions - 1, most);
    }

    /// <summary>How many positions a context can have.</summary>
    private static long MostPositions(AttentionShape shape, in AttentionArguments arguments) =>
        shape.RotaryTables ? arguments.Cosines.Length / (shape.RotaryDim / 2) : shape.RotaryLength > 0 ? shape.RotaryLength : long.MaxValue;

    private static void CheckPositions(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        ReadOnlySpan<int> positions = arguments.Positions;
        long axes = shape.PositionAxes;
        if (axes > 1 && positions.Length != dimensions.Batch * (long)dimensions.Rows * axes)
            ThrowTotal("positions", positions.Length, dimensions.Batch * (long)dimensions.Rows * axes, "rows of all sequences times axes of RotarySections");
        CheckLength(
            "positions",
            nameof(AttentionShape.Positions),
            (int)(positions.Length / axes),
            shape.Positions ? MaskAxes.Batch | MaskAxes.Query : MaskAxes.None,
            shape.Heads,
            in dimensions);
        long most = MostPositions(shape, in arguments);
        foreach (int position in positions)
        {
            if (position < 0)
                ThrowPosition(positions);
            if (position >= most)
                ThrowBeyondPositions(shape, "positions", position, most);
        }
    }

    /// <summary>Checks that the tables of cosines and sines have the same whole lines.</summary>
    private static void CheckTables(AttentionShape shape, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        if (!shape.RotaryTables)
        {
            if (!cosines.IsEmpty)
                ThrowUndeclared("cosines", nameof(AttentionShape.RotaryTables), cosines.Length);
            if (!sines.IsEmpty)
                ThrowUndeclared("sines", nameof(AttentionShape.RotaryTables), sines.Length);
            return;
        }

        RowsOf("cosines", cosines.Length, 1, shape.RotaryDim / 2, "RotaryDim/2");
        if (sines.Length != cosines.Length)
            ThrowTotal("sines", sines.Length, cosines.Length, "numbers of cosines");
    }
}
