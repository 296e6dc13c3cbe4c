namespace AttentionGen;

/// <summary>What a safetensors header says about one tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Its element type, as the format writes it: F32, F16, BF16, I64 and so on.</param>
/// <param name="Shape">Its dimensions; none for a scalar.</param>
public sealed record TensorInfo(string Name, string DType, IReadOnlyList<long> Shape)
{
    /// <summary>How many elements the tensor has: 1 for a scalar, 0 where a dimension is 0.</summary>
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

    /// <summary>Whether name, type and dimensions are the same.</summary>
    /// <param name="other">Another description.</param>
    public bool Equals(TensorInfo? other) => other is not null && Name == other.Name && DType == other.DType && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, DType, Shape.Count);

    /// <summary>The dimensions as text, such as <c>[512, 64]</c>.</summary>
    internal string ShapeText => $"[{string.Join(", ", Shape)}]";
}
