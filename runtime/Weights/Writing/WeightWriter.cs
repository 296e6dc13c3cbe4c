namespace AttentionGen;

/// <summary>Adds weights to a file under the names, and in the layout, that a reader with the same names expects.</summary>
/// <param name="builder">The file.</param>
/// <param name="isTransposed">Whether matrices are stored as [inputs, outputs].</param>
internal readonly struct WeightWriter(SafetensorsBuilder builder, bool isTransposed)
{
    /// <summary>Adds a matrix that the weights have as [outputs, inputs].</summary>
    public void AddMatrix(string? name, string role, ReadOnlyMemory<float> values, int outputs)
    {
        if (values.IsEmpty)
            return;
        int inputs = values.Length / outputs;
        if (isTransposed)
            builder.Add(Named(name, role), [inputs, outputs], Transpose(values.Span, outputs, inputs));
        else
            builder.Add(Named(name, role), [outputs, inputs], values);
    }

    /// <summary>Adds a bias, or the weights of a norm without what a reader adds to them; weights of several heads as a matrix with so many columns.</summary>
    public void AddVector(string? name, string role, ReadOnlyMemory<float> values, float offset = 0, int columns = 0)
    {
        if (values.IsEmpty)
            return;
        if (offset != 0)
        {
            float[] shifted = values.ToArray();
            foreach (ref float value in shifted.AsSpan())
                value -= offset;
            values = shifted;
        }

        builder.Add(Named(name, role), columns == 0 ? [values.Length] : [values.Length / columns, columns], values);
    }

    /// <summary>Adds a table, which is never transposed.</summary>
    public void AddTable(string? name, string role, ReadOnlyMemory<float> values, int columns)
    {
        if (!values.IsEmpty)
            builder.Add(Named(name, role), [values.Length / columns, columns], values);
    }

    private static string Named(string? name, string role) =>
        name ?? throw new ArgumentException($"names gives no name for the {role}, which the weights have.", "names");

    private static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                result[column * rows + row] = values[row * columns + column];
        }

        return result;
    }
}
