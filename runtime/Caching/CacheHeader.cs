using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace AttentionGen;

/// <summary>
/// What stands before the keys and values of a saved cache, in little-endian order: magic (8 bytes), version, batch, a digest of the shape (32 bytes),
/// then for each sequence its length and the first key that it still holds, and a digest of all that (32 bytes).
/// </summary>
internal static class CacheHeader
{
    private const int Version = 2;
    private const int DigestBytes = SHA256.HashSizeInBytes;
    private const int FixedBytes = 8 + 4 + 4 + DigestBytes;
    private const int SequenceBytes = 2 * sizeof(int);

    /// <summary>Sequences whose lengths are read at once.</summary>
    private const int SequencesAtOnce = 4096;

    private static ReadOnlySpan<byte> Magic => "ATTNKEYS"u8;

    public static void Write(Stream stream, AttentionShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> firstHeldKeys)
    {
        byte[] header = new byte[FixedBytes + lengths.Length * SequenceBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), lengths.Length);
        DigestShape(shape, header.AsSpan(16));
        for (int index = 0; index < lengths.Length; index++)
        {
            Span<byte> sequence = header.AsSpan(FixedBytes + index * SequenceBytes);
            BinaryPrimitives.WriteInt32LittleEndian(sequence, lengths[index]);
            BinaryPrimitives.WriteInt32LittleEndian(sequence[4..], firstHeldKeys[index]);
        }

        stream.Write(header);
        stream.Write(SHA256.HashData(header));
    }

    /// <summary>For each sequence its length and the first key that it holds.</summary>
    /// <param name="stream">Where to read; one that can seek, unless the batch is known.</param>
    /// <param name="shape">What the cache must be of.</param>
    /// <param name="expectedBatch">How many sequences there must be, or null for any number.</param>
    /// <exception cref="InvalidDataException">The stream is no saved cache of this shape and batch, or it is damaged.</exception>
    public static (int Length, int FirstHeldKey)[] Read(Stream stream, AttentionShape shape, int? expectedBatch = null)
    {
        Span<byte> header = stackalloc byte[FixedBytes];
        Span<byte> digest = stackalloc byte[DigestBytes];
        ReadExactly(stream, header, "its header");
        if (!header.StartsWith(Magic))
            throw new InvalidDataException("The stream is no saved cache: it does not begin with \"ATTNKEYS\".");
        int version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != Version)
            throw new InvalidDataException($"The saved cache has version {version}; this library reads version {Version}.");
        int batch = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        if (batch < 1)
            throw new InvalidDataException($"The saved cache has {batch} sequences; expected 1 or more.");
        DigestShape(shape, digest);
        if (!header[16..].SequenceEqual(digest))
            throw new InvalidDataException($"The saved cache is of a kernel with other keys and values; expected one with {Properties(shape)}.");
        if (expectedBatch is { } expected ? batch != expected : batch > (stream.Length - stream.Position) / SequenceBytes)
        {
            throw new InvalidDataException(expectedBatch is null
                ? $"The saved cache ends within the lengths of its {batch} sequences."
                : $"The saved cache has {batch} sequences; expected {expectedBatch}, the batch of this cache.");
        }

        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        all.AppendData(header);
        var sequences = ReadSequences(stream, shape, batch, all);
        ReadExactly(stream, digest, "the digest of its header");
        if (!digest.SequenceEqual(all.GetHashAndReset()))
            throw new InvalidDataException("The saved cache is damaged: its header has another digest than it was saved with.");
        return sequences;
    }

    public static void ReadExactly(Stream stream, Span<byte> bytes, string what)
    {
        try
        {
            stream.ReadExactly(bytes);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The saved cache ends within {what}.", e);
        }
    }

    private static (int Length, int FirstHeldKey)[] ReadSequences(Stream stream, AttentionShape shape, int batch, IncrementalHash all)
    {
        var sequences = new (int Length, int FirstHeldKey)[batch];
        byte[] bytes = new byte[Math.Min(batch, SequencesAtOnce) * SequenceBytes];
        for (int first = 0, count; first < batch; first += count)
        {
            count = Math.Min(batch - first, SequencesAtOnce);
            ReadExactly(stream, bytes.AsSpan(0, count * SequenceBytes), "the lengths of its sequences");
            all.AppendData(bytes, 0, count * SequenceBytes);
            ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(bytes);
            for (int index = 0; index < count; index++)
                sequences[first + index] = Check(shape, first + index, LittleEndian(numbers[2 * index]), LittleEndian(numbers[2 * index + 1]));
        }

        return sequences;
    }

    private static (int Length, int FirstHeldKey) Check(AttentionShape shape, int sequence, int length, int firstHeldKey)
    {
        if (length < 0)
            throw new InvalidDataException($"Sequence {sequence} of the saved cache has {length} keys; expected 0 or more.");
        int needed = shape.CacheWindow < 0 ? 0 : Math.Max(0, length - shape.CacheWindow);
        if (firstHeldKey < 0 || firstHeldKey > needed)
            throw new InvalidDataException(
                $"Sequence {sequence} of the saved cache has keys from {firstHeldKey} on; expected 0 to {needed}, as it has {length} keys.");
        return (length, firstHeldKey);
    }

    private static int LittleEndian(int value) => BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    /// <summary>What a saved cache can differ in, in few words: sizes, and what is done to keys.</summary>
    private static string Properties(AttentionShape shape) => string.Create(
        CultureInfo.InvariantCulture,
        $"KvHeads = {shape.KvHeads}, HeadDim = {shape.HeadDim}, ValueHeadDim = {shape.ValueHeadDim}, MemoryDim = {shape.MemoryDim}, "
            + $"ValueInputDim = {shape.ValueInputDim}, IsCrossAttention = {shape.IsCrossAttention}, Rotary = {shape.Rotary}, "
            + $"QueryKeyNorm = {shape.QueryKeyNorm}, CacheWindow = {shape.CacheWindow}, KeyValues = {shape.KeyValues} and the same settings of these");

    /// <summary>Of all that keys and values depend on, but for the weights.</summary>
    private static void DigestShape(AttentionShape shape, Span<byte> digest)
    {
        FormattableString text =
            $"""
            {shape.KvHeads} {shape.HeadDim} {shape.ValueHeadDim} {shape.MemoryDim} {shape.HasProjections} {shape.IsCrossAttention}
            {shape.KeyBias} {shape.ValueBias}
            {(int)shape.Rotary} {shape.RotaryDim} {shape.RotaryBase:R} {(int)shape.RotaryScaling} {shape.RotaryScalingFactor:R} {shape.RotaryOriginalLength}
            {shape.RotaryLowFrequencyFactor:R} {shape.RotaryHighFrequencyFactor:R} {shape.RotaryBetaFast:R} {shape.RotaryBetaSlow:R}
            {shape.RotaryTruncate} {shape.RotaryAttentionFactor:R}
            {shape.Positions} {(int)shape.QueryKeyNorm} {shape.QueryKeyNormEpsilon:R} {shape.CacheWindow}
            """;
        // float32 has no word there: what was saved before there were other formats can be read.
        string format = shape.KeyValues == KeyValueFormat.Float32 ? "" : FormattableString.Invariant($" {shape.KeyValues}");
        // The same of norms that span heads, or have other weights.
        if (shape.QueryKeyNormScope != QueryKeyNormScope.Head || !shape.QueryKeyNormBias)
            format += FormattableString.Invariant($" {shape.QueryKeyNormScope} {shape.QueryKeyNormBias}");
        if (shape.InputBias)
            format += " InputBias";
        // Nor has what came later, where it is not declared.
        if (shape.ValueInputDim > 0)
            format += FormattableString.Invariant($" values from {shape.ValueInputDim}");
        if (shape.RotaryFrequencies.Count > 0)
            format += FormattableString.Invariant($" frequencies {shape.RotaryFrequencies}");
        if (shape.RotaryLength > 0)
            format += FormattableString.Invariant($" length {shape.RotaryLength} {shape.RotaryShortFactors} {shape.RotaryLongFactors}");
        if (shape.QueryKeyNormAfterRotary)
            format += " norm after rotation";
        if (shape.RotarySections.Count > 0)
            format += FormattableString.Invariant($" sections {shape.RotarySections} {shape.RotarySectionsInterleaved}");
        if (shape.RotaryTables)
            format += " tables";
        // Line ends are those of the source file, which may differ between checkouts.
        SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant(text).ReplaceLineEndings(" ") + format), digest);
    }
}
