using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace AttentionGen.Tests.Runtime;

/// <summary>Saved caches come back, and what is no saved cache does no harm.</summary>
public sealed class CacheStreamTests
{
    private const int HeaderBytes = 48;
    private const int DigestBytes = 32;

    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 4, headDim: 10, dModel: 40, kvHeads: 2) with { Causal = true, ValueHeadDim = 18 };

    private static AttentionCache Create(AttentionShape shape, params int[] lengths)
    {
        var cache = new AttentionCache(shape, Math.Max(1, lengths.Max() + 3), lengths.Length);
        for (int sequence = 0; sequence < lengths.Length; sequence++)
            cache.Append(
                sequence,
                TestNumbers.Random(sequence, shape.KeyDim * lengths[sequence]),
                TestNumbers.Random(50 + sequence, shape.ValueDim * lengths[sequence]));
        return cache;
    }

    private static byte[] Save(AttentionCache cache)
    {
        using var stream = new MemoryStream();
        cache.Save(stream);
        return stream.ToArray();
    }

    private static void Same(AttentionCache expected, AttentionCache actual)
    {
        AttentionShape shape = expected.Shape;
        Assert.Equal(expected.Lengths.ToArray(), actual.Lengths.ToArray());
        Assert.Equal(expected.Length, actual.Length);
        for (int sequence = 0; sequence < expected.Batch; sequence++)
        {
            int first = Math.Max(expected.GetFirstHeldKey(sequence), actual.GetFirstHeldKey(sequence)), count = expected.Lengths[sequence] - first;
            float[][] spans =
                [new float[shape.KeyDim * count], new float[shape.ValueDim * count], new float[shape.KeyDim * count], new float[shape.ValueDim * count]];
            expected.CopyTo(sequence, first, spans[0], spans[1]);
            actual.CopyTo(sequence, first, spans[2], spans[3]);
            Assert.Equal(spans[0], spans[2]);
            Assert.Equal(spans[1], spans[3]);
        }
    }

    [Fact]
    public void A_copy_of_no_keys_from_a_ring_that_has_gone_round_is_empty()
    {
        AttentionCache cache = Create(Shape with { WindowLeft = 70 }, 3000, 40);
        Assert.NotEqual(0, cache.GetFirstHeldKey(0));
        cache.CopySequence(1, cache, 0, 0);
        Assert.Equal((0, 0), (cache.Lengths[1], cache.GetFirstHeldKey(1)));
        using var stream = new MemoryStream(Save(cache));
        Same(cache, AttentionCache.Restore(stream, cache.Shape));
    }

    [Fact]
    public void What_is_saved_comes_back()
    {
        AttentionShape windowed = Shape with { WindowLeft = 70 };
        foreach (AttentionCache cache in (AttentionCache[])[Create(Shape, 0), Create(Shape, 1), Create(Shape, 5, 70, 33), Create(Shape, 9000, 8000),
            Create(windowed, 3000, 40), Create(windowed, 200, 150),
            Create(Shape with { KeyValues = KeyValueFormat.Int8 }, 5, 70, 33), Create(windowed with { KeyValues = KeyValueFormat.Int8 }, 3000, 40),
            Create(Shape with { KeyValues = KeyValueFormat.BFloat16 }, 5, 70), Create(windowed with { KeyValues = KeyValueFormat.Float16 }, 300, 400)])
        {
            byte[] bytes = Save(cache);
            using var stream = new MemoryStream([1, 2, 3, .. bytes, 4]);
            stream.Position = 3;
            AttentionCache restored = AttentionCache.Restore(stream, cache.Shape with { });
            Assert.Equal(stream.Length - 1, stream.Position);
            Assert.Equal(Math.Max(1, cache.Length), restored.Capacity);
            Same(cache, restored);
            Same(cache, restored.Fork(cache.Length + 100));

            // From a stream that cannot seek, into a cache that is there and holds something.
            using var packed = new MemoryStream();
            using (var pack = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                pack.Write(bytes);
            packed.Position = 0;
            AttentionCache into = new(cache.Shape, cache.Length + 900, cache.Batch);
            into.Append(into.Batch - 1, new float[Shape.KeyDim * 7], new float[Shape.ValueDim * 7]);
            using var unpack = new BrotliStream(packed, CompressionMode.Decompress);
            into.Restore(unpack);
            Same(cache, into);
        }
    }

    [Fact]
    public void Bytes_are_as_documented()
    {
        AttentionCache cache = Create(Shape, 2, 3);
        byte[] bytes = Save(cache);
        Assert.Equal("ATTNKEYS"u8.ToArray(), bytes[..8]);
        Assert.Equal((2, 2), (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12))));
        Assert.Equal([2, 0, 3, 0], Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(HeaderBytes + (4 * i)))));
        Assert.Equal(SHA256.HashData(bytes.AsSpan(0, HeaderBytes + 16)), bytes[(HeaderBytes + 16)..(HeaderBytes + 16 + DigestBytes)]);
        Assert.Equal(HeaderBytes + 16 + DigestBytes + (5 * (Shape.KeyDim + Shape.ValueDim) * 4), bytes.Length);
        Assert.Equal(TestNumbers.Random(0, 2), (float[])[BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(HeaderBytes + 48)),
            BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(HeaderBytes + 52))]);
    }

    [Fact]
    public void Damaged_streams_are_refused()
    {
        byte[] good = Save(Create(Shape, 5, 7));
        for (int length = 0; length < good.Length; length += length < 120 ? 1 : 13)
        {
            Refused(good[..length], "ends");
            AttentionCache into = Create(Shape, 3, 4);
            Assert.Throws<InvalidDataException>(() => into.Restore(new MemoryStream(good, 0, length)));
            // As it was while only the header was read, and then empty.
            Assert.Equal(length < HeaderBytes + 16 + DigestBytes ? [3, 4] : [0, 0], into.Lengths.ToArray());
        }

        Refused(With(good, 12, 0), "has 0 sequences");
        Refused(With(good, 12, -1), "has -1 sequences");
        Refused(With(good, 12, int.MaxValue), "ends within the lengths");
        Refused(With(good, HeaderBytes, -5), "has -5 keys");
        Refused(Seal(With(good, HeaderBytes, int.MaxValue)), "ends too early");
        Refused(With(good, HeaderBytes + 4, 1), "keys from 1 on; expected 0 to 0");
        Refused(With(good, HeaderBytes + 4, -1), "keys from -1 on");
        byte[] windowed = Save(Create(Shape with { WindowLeft = 3 }, 5, 7));
        Assert.Contains("keys from 3 on; expected 0 to 2", Assert.Throws<InvalidDataException>(
            () => AttentionCache.Restore(new MemoryStream(With(windowed, HeaderBytes + 4, 3)), Shape with { WindowLeft = 3 })).Message);
    }

    [Fact]
    public void Any_changed_bit_of_the_header_is_noticed()
    {
        byte[] good = Save(Create(Shape, 5, 7));
        AttentionCache into = Create(Shape, 3, 4), same = Create(Shape, 3, 4);
        for (int bit = 0; bit < 8 * (HeaderBytes + 16 + DigestBytes); bit++)
        {
            byte[] bad = [.. good];
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(bad, bit / 64 < 1 ? "does not begin" : bit / 32 < 3 ? "version" : bit / 8 < 16 ? "" : bit / 8 < HeaderBytes ? "other keys and values" : "");
            Assert.Throws<InvalidDataException>(() => into.Restore(new MemoryStream(bad)));
        }

        Same(same, into);
        // Lengths that could be right, with the content of others.
        Refused(With(With(good, HeaderBytes, 7), HeaderBytes + 8, 5), "another digest");
        Assert.Equal(7, AttentionCache.Restore(new MemoryStream(Seal(With(With(good, HeaderBytes, 7), HeaderBytes + 8, 5))), Shape).Lengths[0]);
    }

    [Fact]
    public void Nothing_large_is_allocated_for_a_small_stream()
    {
        // One sequence of 60,000 keys that are there, and 50,000 empty ones: as a cache 120 GB.
        AttentionShape tiny = TestNumbers.Shape(heads: 1, headDim: 1, dModel: 1) with { Causal = true };
        byte[] header = Save(new AttentionCache(tiny, 1, 1))[..HeaderBytes];
        byte[] uneven = [.. With(header, 12, 50_001), .. BitConverter.GetBytes(60_000), .. new byte[4], .. new byte[50_000 * 8], .. new byte[DigestBytes],
            .. new byte[60_000 * 8]];
        uneven = Seal(uneven);
        // A hundred thousand sequences without keys, and a stream without end that says it has a billion.
        byte[] empty = Seal([.. With(Save(Create(Shape, 0))[..HeaderBytes], 12, 100_000), .. new byte[100_000 * 8], .. new byte[DigestBytes]]);
        byte[] endless = With(Save(Create(Shape, 1)), 12, 1 << 30);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than 16 times", Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(uneven), tiny)).Message);
        Assert.Contains(
            "0 keys in 100000 sequences of up to 1, so that a cache of them takes more than 16 times",
            Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(empty), Shape)).Message);
        Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(endless), Shape));
        Assert.Contains(
            "has 1073741824 sequences; expected 1", Assert.Throws<InvalidDataException>(() => Create(Shape, 1).Restore(new MemoryStream(endless))).Message);
        Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(Seal(With(Save(Create(Shape, 1)), HeaderBytes, 1 << 30))), Shape));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4_000_000);
    }

    [Fact]
    public void Caches_of_other_shapes_or_sizes_are_refused()
    {
        byte[] bytes = Save(Create(Shape, 5, 7));
        AttentionShape[] others =
        [
            Shape with { HeadDim = 11, ValueHeadDim = 18 }, Shape with { ValueHeadDim = 17 }, Shape with { KvHeads = 4 }, Shape with { MemoryDim = 41 },
            Shape with { KeyBias = false }, Shape with { ValueBias = false }, Shape with { Rotary = RotaryKind.HalfSplit, RotaryDim = 10 },
            Shape with { RotaryBase = 500_000 },
            Shape with { RotaryScaling = RotaryScaling.Linear }, Shape with { RotaryScalingFactor = 2 }, Shape with { RotaryOriginalLength = 8 },
            Shape with { RotaryLowFrequencyFactor = 2 }, Shape with { RotaryHighFrequencyFactor = 2 }, Shape with { RotaryBetaFast = 2 },
            Shape with { RotaryBetaSlow = 2 },
            Shape with { RotaryAttentionFactor = 2 }, Shape with { RotaryTruncate = false }, Shape with { Positions = true },
            Shape with { QueryKeyNorm = QueryKeyNorm.Rms }, Shape with { QueryKeyNormEpsilon = 1e-5f },
            Shape with { WindowLeft = 9 }, Shape with { HasProjections = false }, Shape with { ValueInputDim = 40 },
        ];
        foreach (AttentionShape other in others)
            Assert.Contains("other keys and values", Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(bytes), other)).Message);

        // What happens to scores and queries does not matter.
        Assert.Equal(7, AttentionCache.Restore(new MemoryStream(bytes),
            Shape with { Heads = 2, Softcap = 3, Scale = 2, Alibi = true, OutputBias = false, Ragged = true }).Length);

        Assert.Contains(
            "has 2 sequences; expected 3", Assert.Throws<InvalidDataException>(() => new AttentionCache(Shape, 9, 3).Restore(new MemoryStream(bytes))).Message);
        Assert.Contains(
            "sequences of 7 keys; expected at most the capacity, 6",
            Assert.Throws<InvalidDataException>(() => new AttentionCache(Shape, 6, 2).Restore(new MemoryStream(bytes))).Message);
        Assert.Throws<ArgumentException>("stream", () => AttentionCache.Restore(new BrotliStream(new MemoryStream(), CompressionMode.Decompress), Shape));
        Assert.Throws<ArgumentNullException>("stream", () => AttentionCache.Restore(null!, Shape));
        Assert.Throws<ArgumentNullException>("shape", () => AttentionCache.Restore(new MemoryStream(), (AttentionShape)null!));
    }

    private static void Refused(byte[] bytes, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => AttentionCache.Restore(new MemoryStream(bytes), Shape)).Message);

    /// <summary>The stream with the digest that its header has, as somebody could write who means harm.</summary>
    private static byte[] Seal(byte[] bytes)
    {
        byte[] changed = [.. bytes];
        int header = HeaderBytes + (8 * BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)));
        SHA256.HashData(bytes.AsSpan(0, header), changed.AsSpan(header));
        return changed;
    }

    private static byte[] With(byte[] bytes, int at, int value)
    {
        byte[] changed = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), value);
        return changed;
    }
}
