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

    /// <summary>[size, size].</summary>
    public static float[] Identity(int size) => Selection(size, size, 0);

    /// <summary>[outputs, inputs]: output i is input first + i, or 0 where there is none.</summary>
    public static float[] Selection(int outputs, int inputs, int first)
    {
        var result = new float[outputs * inputs];
        for (int output = 0; output < outputs && first + output < inputs; output++)
            result[(output * inputs) + first + output] = 1;
        return result;
    }

    /// <summary>[rows, a], [rows, b] … to [rows, a + b + …].</summary>
    public static float[] JoinColumns(int rows, params float[][] parts)
    {
        var result = new List<float>();
        for (int row = 0; row < rows; row++)
        {
            foreach (float[] part in parts)
                result.AddRange(part.AsSpan(row * (part.Length / rows), part.Length / rows));
        }

        return [.. result];
    }

    public static float[] Part(float[] all, int first, int count) => all.AsSpan(first, count).ToArray();
}
