using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// The loss of pairs that belong together, against all other pairs of the batch (InfoNCE, van den Oord et al. 2018): with the cosine similarities
/// <c>s_ij = cos(a_i, p_j) / temperature</c>, the mean over i of <c>−ln softmax(s_i)_i</c>. sentence-transformers calls it the multiple negatives ranking
/// loss. With <see cref="IsSymmetric"/> it is the mean of this and of the same over columns, as in CLIP (Radford et al. 2021).
/// </summary>
/// <remarks>It keeps the room that a step needs, so that a step allocates nothing. One thread uses it at a time.</remarks>
public sealed class ContrastiveLoss
{
    private const float SmallestNorm = 1e-12f;

    private readonly int mostPairs;
    private readonly float[] anchorUnits;
    private readonly float[] positiveUnits;
    private readonly float[] transposed;
    private readonly float[] scores;
    private readonly float[] columnScores;
    private readonly float[] norms;
    private readonly int[] labels;

    /// <summary>Makes room.</summary>
    /// <param name="width">Elements of an embedding, 1 or more.</param>
    /// <param name="mostPairs">The largest number of pairs of a batch, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public ContrastiveLoss(int width, int mostPairs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostPairs, 1);
        Width = width;
        this.mostPairs = mostPairs;
        int elements = checked(width * mostPairs), pairs = checked(mostPairs * mostPairs);
        anchorUnits = new float[elements];
        positiveUnits = new float[elements];
        transposed = new float[elements];
        scores = new float[pairs];
        columnScores = new float[pairs];
        norms = new float[2 * mostPairs];
        labels = [.. Enumerable.Range(0, mostPairs)];
    }

    /// <summary>Elements of an embedding.</summary>
    public int Width { get; }

    /// <summary>What similarities are divided by; 0.05 unless set, as in sentence-transformers.</summary>
    public float Temperature { get; init; } = 0.05f;

    /// <summary>Whether a positive must also find its anchor.</summary>
    public bool IsSymmetric { get; init; }

    /// <summary>Computes the loss and its gradients.</summary>
    /// <param name="anchors">[pairs, Width].</param>
    /// <param name="positives">[pairs, Width]: what belongs to each anchor.</param>
    /// <param name="anchorGradient">[pairs, Width]: where the gradient of the anchors goes.</param>
    /// <param name="positiveGradient">[pairs, Width]: where the gradient of the positives goes.</param>
    /// <returns>The loss.</returns>
    /// <exception cref="ArgumentException">A length is no whole number of embeddings, is larger than the room, or differs from the others.</exception>
    public double Compute(ReadOnlySpan<float> anchors, ReadOnlySpan<float> positives, Span<float> anchorGradient, Span<float> positiveGradient)
    {
        int pairs = anchors.Length / Width;
        if (pairs < 1 || pairs > mostPairs || pairs * Width != anchors.Length)
            throw new ArgumentException($"anchors.Length is {anchors.Length}; expected 1 to {mostPairs} times {Width}.", nameof(anchors));
        Check(nameof(positives), positives.Length, anchors.Length);
        Check(nameof(anchorGradient), anchorGradient.Length, anchors.Length);
        Check(nameof(positiveGradient), positiveGradient.Length, anchors.Length);

        Normalise(anchors, anchorUnits, norms);
        Normalise(positives, positiveUnits, norms.AsSpan(mostPairs));
        Transpose(positiveUnits, transposed, pairs, Width);
        Span<float> similarities = scores.AsSpan(0, pairs * pairs), byColumn = columnScores.AsSpan(0, pairs * pairs);
        similarities.Clear();
        for (int pair = 0; pair < pairs; pair++)
        {
            for (int element = 0; element < Width; element++)
            {
                RowProducts.AddScaled(
                    similarities.Slice(pair * pairs, pairs), anchorUnits[pair * Width + element] / Temperature, transposed.AsSpan(element * pairs, pairs));
            }
        }

        Transpose(similarities, byColumn, pairs, pairs);
        double loss = CrossEntropy.Compute(similarities, labels.AsSpan(0, pairs), similarities);
        if (IsSymmetric)
        {
            loss = (loss + CrossEntropy.Compute(byColumn, labels.AsSpan(0, pairs), byColumn)) / 2;
            for (int row = 0; row < pairs; row++)
            {
                for (int column = 0; column < pairs; column++)
                    similarities[row * pairs + column] = (similarities[row * pairs + column] + byColumn[column * pairs + row]) / 2;
            }
        }

        anchorGradient.Clear();
        positiveGradient.Clear();
        for (int row = 0; row < pairs; row++)
        {
            for (int column = 0; column < pairs; column++)
            {
                float slope = similarities[row * pairs + column] / Temperature;
                RowProducts.AddScaled(anchorGradient.Slice(row * Width, Width), slope, positiveUnits.AsSpan(column * Width, Width));
                RowProducts.AddScaled(positiveGradient.Slice(column * Width, Width), slope, anchorUnits.AsSpan(row * Width, Width));
            }
        }

        NormaliseBackward(anchorUnits, norms, anchorGradient);
        NormaliseBackward(positiveUnits, norms.AsSpan(mostPairs), positiveGradient);
        return loss;
    }

    /// <summary>x / |x|.</summary>
    private void Normalise(ReadOnlySpan<float> rows, Span<float> units, Span<float> lengths)
    {
        rows.CopyTo(units);
        for (int row = 0; row * Width < rows.Length; row++)
        {
            lengths[row] = MathF.Max((float)Math.Sqrt(SquareSums.Of(rows.Slice(row * Width, Width))), SmallestNorm);
            RowProducts.Scale(units.Slice(row * Width, Width), 1 / lengths[row]);
        }
    }

    /// <summary>With u = x / |x|: <c>dx = (du − u (u · du)) / |x|</c>.</summary>
    private void NormaliseBackward(ReadOnlySpan<float> units, ReadOnlySpan<float> lengths, Span<float> gradient)
    {
        for (int row = 0; row * Width < gradient.Length; row++)
        {
            ReadOnlySpan<float> unit = units.Slice(row * Width, Width);
            Span<float> slope = gradient.Slice(row * Width, Width);
            double product = 0;
            for (int element = 0; element < Width; element++)
                product += (double)unit[element] * slope[element];
            RowProducts.AddScaled(slope, -(float)product, unit);
            RowProducts.Scale(slope, 1 / lengths[row]);
        }
    }

    private static void Transpose(ReadOnlySpan<float> rows, Span<float> columns, int count, int width)
    {
        for (int row = 0; row < count; row++)
        {
            for (int column = 0; column < width; column++)
                columns[column * count + row] = rows[row * width + column];
        }
    }

    private static void Check(string name, int length, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"{name}.Length is {length}; expected {expected}, as anchors.", name);
    }
}
