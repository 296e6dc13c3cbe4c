namespace AttentionGen.Tests.Conformance;

/// <summary>Rearrangements of arrays between the operators' layouts and ours.</summary>
internal static class Arrays
{
    /// <summary>[a, b, c, width] to [a, c, b, width].</summary>
    public static T[] SwapMiddle<T>(T[] all, int a, int b, int c, int width)
    {
        var result = new T[all.Length];
        for (int i = 0; i < a; i++)
        {
            for (int j = 0; j < b; j++)
            {
                for (int k = 0; k < c; k++)
                    Array.Copy(all, ((((i * b) + j) * c) + k) * width, result, ((((i * c) + k) * b) + j) * width, width);
            }
        }

        return result;
    }

    /// <summary>[rows, columns] to [columns, rows] of some columns.</summary>
    public static float[] TransposeColumns(float[] matrix, int rows, int columns, int first, int count)
    {
        var result = new float[count * rows];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < count; column++)
                result[(column * rows) + row] = matrix[(row * columns) + first + column];
        }

        return result;
    }

    public static float[] Part(float[] all, int first, int count) => all.AsSpan(first, count).ToArray();
}
