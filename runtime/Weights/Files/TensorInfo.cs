namespace AttentionGen;

/// <summary>The description of one tensor in a file.</summary>
/// <param name="Name">The name of the tensor.</param>
/// <param name="DType">The element type, as the format names it: F32, F16, BF16, I64, Q8_0 and so on.</param>
/// <param name="Shape">The dimensions of the elements in row-major order: the last one runs fastest. None for a scalar.</param>
public sealed record TensorInfo(string Name, string DType, IReadOnlyList<long> Shape)
{
    /// <summary>The number of elements: 1 for a scalar, 0 if a dimension is 0.</summary>
    public long ElementCount
    {
        get
        {
            long count = 1;
            foreach (long dimension in Shape)
                count *= dimension;
            return count;
        }
    }

    /// <summary>Whether name, type and dimensions are equal.</summary>
    /// <param name="other">Another description.</param>
    public bool Equals(TensorInfo? other) => other is not null && Name == other.Name && DType == other.DType && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, DType, Shape.Count);

    /// <summary>The dimensions as text, such as <c>[512, 64]</c>.</summary>
    internal string ShapeText => $"[{string.Join(", ", Shape)}]";
}
