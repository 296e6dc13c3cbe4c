using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>The sizes of a call of latent attention.</summary>
/// <param name="Rows">New rows of all sequences.</param>
/// <param name="Keys">Keys of all sequences, those of a cache included.</param>
/// <param name="Form">How the call computes.</param>
internal readonly record struct LatentSizes(int Rows, int Keys, LatentForm Form);

/// <summary>Gives out matrices of one leased buffer, one after the other.</summary>
internal ref struct LatentScratch(ref float first)
{
    /// <summary>Floats of a line of 64 bytes, at which each matrix begins.</summary>
    private const int Line = 16;

    private ref float next = ref first;

    /// <summary>A matrix, whose elements may be anything.</summary>
    public Span<float> Take(int rows, int width)
    {
        Span<float> matrix = MemoryMarshal.CreateSpan(ref next, checked(rows * width));
        next = ref Unsafe.Add(ref next, Rounded(matrix.Length));
        return matrix;
    }

    /// <summary>Floats that a call takes; the order does not matter.</summary>
    public static nint Floats(LatentAttentionShape shape, int rows, int keys, LatentForm form)
    {
        int keyDim = shape.LatentDim + shape.RotaryDim;
        long forRows = Width(shape.QueryLatentDim) + Width(shape.QueryDim) + (2L * Width(keyDim)) + Width(shape.LatentDim) + Width(shape.JoinedDim);
        long forKeys = 0;
        if (form == LatentForm.Expanded)
            forKeys = Width(shape.LatentDim) + Width(keyDim) + Width(shape.Heads * shape.ProjectedKeyDim) + Width(shape.JoinedDim) + Width(shape.QueryDim);
        else
            forRows += Width(shape.Heads * keyDim) + Width(shape.Heads * shape.LatentDim) + Width(Math.Max(shape.ProjectedKeyDim, shape.LatentDim))
                + Width(Math.Max(shape.LatentDim, shape.ValueHeadDim));
        return checked((nint)((rows * forRows) + (keys * forKeys)));
    }

    /// <summary>The largest matrix of a call, in floats.</summary>
    public static long Largest(LatentAttentionShape shape, long rows, long keys, LatentForm form) => form == LatentForm.Expanded
        ? Math.Max(Math.Max(shape.QueryDim, shape.JoinedDim) * keys, Math.Max(shape.QueryLatentDim, shape.LatentDim + shape.RotaryDim) * rows)
        : Math.Max(Math.Max(shape.Heads * (shape.LatentDim + shape.RotaryDim), shape.JoinedDim), Math.Max(shape.QueryLatentDim, shape.QueryDim)) * rows;

    private static int Rounded(int floats) => checked(floats + Line - 1) / Line * Line;

    /// <summary>At least as much for each row as whole lines of a matrix of any number of rows take.</summary>
    private static int Width(int width) => width == 0 ? 0 : Rounded(width);
}
