using System.Buffers;
using System.Runtime.InteropServices;

namespace AttentionGen;

/// <summary>
/// One matrix or bias, and where it came from. A matrix may be in a narrow format, as it lies in a file; biases and the weights of norms are float32.
/// </summary>
internal sealed class WeightTensor
{
    private readonly ReadOnlyMemory<float> given;
    private readonly byte[] blocks;

    // Kept once somebody has asked for it: whoever reads weights as float32 asks for the same span again and again. Packing asks for rows only.
    private float[]? widened;

    /// <summary>A tensor of float32.</summary>
    /// <param name="values">Row-major elements.</param>
    /// <param name="shape">Rows and columns of a matrix; null where only the number of elements is known.</param>
    /// <param name="source">Where it came from, for messages.</param>
    public WeightTensor(ReadOnlyMemory<float> values, (int Outputs, int Inputs)? shape, string source)
    {
        given = values;
        blocks = [];
        Shape = shape;
        Source = source;
        Length = values.Length;
    }

    /// <summary>A matrix in a narrow format.</summary>
    /// <param name="format">Not <see cref="WeightFormat.Float32"/>.</param>
    /// <param name="blocks">One row of the format after another. They are not copied.</param>
    /// <param name="shape">Rows and columns.</param>
    /// <param name="source">Where it came from, for messages.</param>
    public WeightTensor(WeightFormat format, byte[] blocks, (int Outputs, int Inputs) shape, string source)
    {
        Format = format;
        this.blocks = blocks;
        Shape = shape;
        Source = source;
        Length = checked(shape.Outputs * shape.Inputs);
        if (format == WeightFormat.Float32 || blocks.Length != (long)shape.Outputs * WeightBlocks.RowBytes(format, shape.Inputs))
            throw new ArgumentException(
                $"blocks.Length is {blocks.Length} for {format} of {shape}; expected the bytes of a matrix in a narrow format.", nameof(blocks));
    }

    /// <summary>How the elements are stored.</summary>
    public WeightFormat Format { get; }

    /// <summary>Rows and columns of a matrix; null where only the number of elements is known.</summary>
    public (int Outputs, int Inputs)? Shape { get; }

    /// <summary>Where it came from, or why it is absent; for messages.</summary>
    public string Source { get; }

    /// <summary>The number of elements; 0 where the tensor is absent.</summary>
    public int Length { get; }

    public bool IsAbsent => Length == 0;

    /// <summary>Row-major elements as float32. Those of a narrow format are widened when they are first asked for, and kept.</summary>
    public ReadOnlySpan<float> Values => Memory.Span;

    /// <summary>The same as <see cref="Values"/>.</summary>
    public ReadOnlyMemory<float> Memory => Format == WeightFormat.Float32 ? given : widened ??= Widen();

    /// <summary>The same elements, for an optimiser that changes them.</summary>
    public Memory<float> Writable => MemoryMarshal.AsMemory(Memory);

    /// <summary>A tensor that nobody has given.</summary>
    public static WeightTensor NotGiven { get; } = Absent("not given");

    /// <summary>A tensor that is not there.</summary>
    /// <param name="reason">Why not, for messages.</param>
    public static WeightTensor Absent(string reason) => new(default(ReadOnlyMemory<float>), null, reason);

    public string Describe() => Shape is { } known
        ? $"has shape [{known.Outputs}, {known.Inputs}]"
        : $"has {Length} elements";

    /// <summary>The same elements as a matrix, where so far only their number is known.</summary>
    public WeightTensor AsMatrix(int outputs, int inputs)
    {
        if ((long)outputs * inputs != Length)
            throw new ArgumentException($"The {Length} elements ({Source}) are no matrix [{outputs}, {inputs}].", nameof(outputs));
        return Shape == (outputs, inputs) ? this : new WeightTensor(Memory, (outputs, inputs), Source);
    }

    /// <summary>Reads one row of a matrix as float32.</summary>
    /// <param name="row">Which row.</param>
    /// <param name="destination">As many elements as the matrix has inputs.</param>
    public void ReadRow(int row, Span<float> destination)
    {
        if (Format == WeightFormat.Float32)
            given.Span.Slice(row * Inputs, Inputs).CopyTo(destination);
        else
            WeightBlocks.Dequantize(Format, Blocks(row), destination);
    }

    /// <summary>
    /// Writes one row of a matrix in a format. A row that is stored in that format keeps its bits. From another format its numbers are rounded.
    /// </summary>
    /// <param name="wanted">The format.</param>
    /// <param name="row">Which row.</param>
    /// <param name="destination"><see cref="WeightBlocks.RowBytes"/> bytes of the format.</param>
    /// <exception cref="InvalidDataException">The format cannot hold a number of the row.</exception>
    public void CopyRow(WeightFormat wanted, int row, Span<byte> destination)
    {
        if (Format == wanted && wanted != WeightFormat.Float32)
            Blocks(row).CopyTo(destination);
        else if (Format == WeightFormat.Float32)
            Quantize(wanted, row, given.Span.Slice(row * Inputs, Inputs), destination);
        else
        {
            float[] rented = ArrayPool<float>.Shared.Rent(Inputs);
            Span<float> values = rented.AsSpan(0, Inputs);
            ReadRow(row, values);
            Quantize(wanted, row, values, destination);
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>Copies some outputs of a matrix, or some elements of a bias, in the same format.</summary>
    /// <param name="part">Which ones.</param>
    /// <param name="role">What they are, for messages.</param>
    public WeightTensor Part(FusedPart part, string role)
    {
        string source = $"{role} part of {Source}";
        if (Shape is not { } shape)
            return new WeightTensor(part.Of(given.Span, 1), null, source);
        return Format == WeightFormat.Float32
            ? new WeightTensor(part.Of(given.Span, shape.Inputs), (part.Count, shape.Inputs), source)
            : new WeightTensor(Format, part.Of<byte>(blocks, WeightBlocks.RowBytes(Format, shape.Inputs)), (part.Count, shape.Inputs), source);
    }

    /// <summary>Elements that are not 0 and smaller than 2⁻¹²⁶.</summary>
    public long CountSubnormals()
    {
        if (Format == WeightFormat.Float32)
            return WeightNumbers.CountSubnormals(given.Span);
        long count = 0;
        var values = new float[Inputs];
        for (int row = 0; row < Shape!.Value.Outputs; row++)
        {
            ReadRow(row, values);
            count += WeightNumbers.CountSubnormals(values);
        }

        return count;
    }

    /// <summary>The same tensor with 0 of the same sign in place of every subnormal number, as float32 where there is one.</summary>
    public WeightTensor FlushSubnormals() => CountSubnormals() == 0
        ? this
        : new WeightTensor(WeightNumbers.Flush(Format == WeightFormat.Float32 ? given.Span : Widen()), Shape, Source);

    /// <summary>Checks that every element is a finite number.</summary>
    /// <param name="role">What the tensor is, for the message.</param>
    /// <exception cref="InvalidDataException">An element is NaN or infinite.</exception>
    public void CheckFinite(string role)
    {
        if (Format == WeightFormat.Float32)
        {
            WeightNumbers.CheckFinite(role, Source, given.Span);
            return;
        }

        var values = new float[Inputs];
        for (int row = 0; row < Shape!.Value.Outputs; row++)
        {
            ReadRow(row, values);
            WeightNumbers.CheckFinite(role, Source, values, row * Inputs);
        }
    }

    private int Inputs => Shape is { } shape ? shape.Inputs : throw new InvalidOperationException($"The tensor ({Source}) is no matrix; it has no rows.");

    private ReadOnlySpan<byte> Blocks(int row)
    {
        int bytes = WeightBlocks.RowBytes(Format, Inputs);
        return blocks.AsSpan(row * bytes, bytes);
    }

    private void Quantize(WeightFormat wanted, int row, ReadOnlySpan<float> values, Span<byte> destination)
    {
        int outside = WeightBlocks.FindOutside(wanted, values);
        if (outside >= 0)
            throw new InvalidDataException(FormattableString.Invariant(
                $"The {Source} has {values[outside]} in row {row}, column {outside}; expected a number that {wanted} can hold."));
        WeightBlocks.Quantize(wanted, values, destination);
    }

    private float[] Widen()
    {
        var values = new float[Length];
        for (int row = 0; row < Shape!.Value.Outputs; row++)
            ReadRow(row, values.AsSpan(row * Inputs, Inputs));
        return values;
    }
}

/// <summary>Matrix and bias of one projection.</summary>
internal readonly record struct ProjectionWeights(WeightTensor Weight, WeightTensor Bias);
