using static AttentionGen.Tests.Runtime.SafetensorsWriter;

namespace AttentionGen.Tests.Runtime;

/// <summary>Files that are as the format says.</summary>
public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Reads_the_three_float_types()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter()
            .AddEntry("""  "__metadata__":{"format":"pt","escaped\n":"\u00e9"}""")
            .Add("odd", "U8", [3], [1, 2, 3])
            .AddF32("single", [2, 2], 1.5f, -0f, float.NaN, float.MaxValue)
            .Add("half", "F16", [4], F16(1.5f, -65504, 5.9604645e-8f, float.NegativeInfinity))
            .Add("brain", "BF16", [3], Bits(0x3FC0, 0x7F7F, 0x0001))
            .Add("positions", "I64", [1, 1], new byte[8]));

        Assert.Equal(["odd", "single", "half", "brain", "positions"], file.TensorNames);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal("é", file.Metadata["escaped\n"]);
        Assert.Equal([1.5f, -0f, float.NaN, float.MaxValue], file.ReadFloat32("single"));
        Assert.Equal([1.5f, -65504, 5.9604645e-8f, float.NegativeInfinity], file.ReadFloat32("half"));
        Assert.Equal([1.5f, BitConverter.UInt32BitsToSingle(0x7F7F0000), BitConverter.UInt32BitsToSingle(0x00010000)], file.ReadFloat32("brain"));

        Assert.True(file.Contains("half"));
        Assert.False(file.Contains("Half"));
        Assert.False(file.Contains("__metadata__"));
        TensorInfo info = file.GetInfo("single");
        Assert.Equal(("single", "F32", 4L), (info.Name, info.DType, info.ElementCount));
        Assert.Equal([2, 2], info.Shape);
    }

    [Fact]
    public void Every_half_is_converted_exactly()
    {
        var all = new ushort[65536];
        for (int i = 0; i < all.Length; i++)
            all[i] = (ushort)i;
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().Add("half", "F16", [65536], Bits(all)).Add("brain", "BF16", [65536], Bits(all)));
        float[] halves = file.ReadFloat32("half"), brains = file.ReadFloat32("brain");
        for (int i = 0; i < all.Length; i++)
        {
            int exponent = (i >> 10) & 31, fraction = i & 1023;
            double magnitude = exponent == 31 ? (fraction == 0 ? double.PositiveInfinity : double.NaN)
                : exponent == 0 ? fraction * Math.Pow(2, -24)
                : (1024 + fraction) * Math.Pow(2, exponent - 25);
            Assert.Equal((i & 0x8000) == 0 ? magnitude : -magnitude, halves[i]);
            Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(brains[i]));
        }
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_tensors()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter()
            .AddF32("scalar", [], 42)
            .AddF32("empty", [0])
            .AddF32("emptier", [3, 0, 5])
            .AddF32("one", [1, 1, 1], 7));
        Assert.Equal([42], file.ReadFloat32("scalar"));
        Assert.Equal(1, file.GetInfo("scalar").ElementCount);
        Assert.Empty(file.GetInfo("scalar").Shape);
        Assert.Empty(file.ReadFloat32("empty"));
        Assert.Empty(file.ReadFloat32("emptier"));
        Assert.Equal(0, file.GetInfo("emptier").ElementCount);
        Assert.Equal([7], file.ReadFloat32("one"));
    }

    [Fact]
    public void A_file_may_have_no_tensors_at_all()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter());
        Assert.Empty(file.TensorNames);
        Assert.Contains("it has no tensors", Assert.Throws<ArgumentException>("name", () => file.ReadFloat32("x")).Message);
    }

    [Fact]
    public void Entries_may_stand_in_any_order_and_have_more_fields()
    {
        string path = folder.Write("a.safetensors", Raw(
            """{"b":{"data_offsets":[4,8],"later":{"x":[1,{}]},"shape":[1],"dtype":"F32"},"a":{"shape":[1],"dtype":"F32","data_offsets":[0,4]}}""", F32(1, 2)));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["a", "b"], file.TensorNames);
        Assert.Equal([2], file.ReadFloat32("b"));
        Assert.Equal(path, file.Path);
    }

    [Fact]
    public void Literals_and_escapes_may_stand_in_other_fields()
    {
        string path = folder.Write("a.safetensors", Raw(
            """{"a \\\"t\\":{"later":[true,false,null,"\\","\"tfn",{"\\\"":true}],"shape":[],"dtype":"F32","data_offsets":[0,4]}}""", F32(3)));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([3], file.ReadFloat32("a \\\"t\\"));
    }

    [Fact]
    public void Descriptions_of_a_tensor_are_equal()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().AddF32("x", [2, 1], 1, 2).AddF32("y", [1, 2], 1, 2));
        TensorInfo info = file.GetInfo("x");
        Assert.Equal(info, file.GetInfo("x"));
        Assert.Equal(info.GetHashCode(), file.GetInfo("x").GetHashCode());
        Assert.NotEqual(info, info with { Shape = [1, 2] });
        Assert.NotEqual(info, info with { Shape = [2] });
        Assert.NotEqual(info, info with { Name = "y" });
        Assert.NotEqual(info, info with { DType = "F16" });
    }

    [Fact]
    public void Reading_into_a_span_needs_its_exact_length()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().AddF32("x", [2], 1, 2));
        float[] destination = [9, 9, 9, 9];
        file.Read("x", destination.AsSpan(1, 2));
        Assert.Equal([9, 1, 2, 9], destination);
        Assert.Contains(
            "destination.Length is 3; expected 2, the elements of tensor 'x' of",
            Assert.Throws<ArgumentException>("destination", () => file.Read("x", new float[3])).Message);
    }

    [Fact]
    public void Other_types_are_refused_when_they_are_read()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().Add("ids", "I64", [1], new byte[8]));
        string message = Assert.Throws<NotSupportedException>(() => file.ReadFloat32("ids")).Message;
        Assert.Contains("tensor 'ids' has dtype I64; F64, F32, F16, BF16, F8_E4M3 and F8_E5M2 can be read", message);
        Assert.Contains("model.safetensors", message);
        Assert.Throws<NotSupportedException>(() => file.Read("ids", new float[1]));
    }

    [Fact]
    public void A_missing_tensor_is_named_with_similar_ones()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter()
            .AddF32("pooler.bias", [1], 1)
            .AddF32("bert.encoder.layer.0.attention.self.query.weight", [1], 1)
            .AddF32("bert.encoder.layer.0.attention.self.key.weight", [1], 1)
            .AddF32("bert.encoder.layer.0.attention.self.value.weight", [1], 1)
            .AddF32("embeddings", [1], 1));
        string message = Assert.Throws<ArgumentException>("name", () => file.GetInfo("encoder.layer.0.attention.self.query.weight")).Message;
        Assert.Contains(
            "has no tensor 'encoder.layer.0.attention.self.query.weight'; of its 5 tensors the most similar are "
                + "'bert.encoder.layer.0.attention.self.query.weight'", message);
        Assert.DoesNotContain("pooler", message);
        Assert.Throws<ArgumentNullException>("name", () => file.ReadFloat32(null!));
        Assert.Throws<ArgumentNullException>("name", () => file.Contains(null!));
    }

    [Fact]
    public void A_disposed_file_is_not_read()
    {
        SafetensorsFile file = folder.Open(new SafetensorsWriter().AddF32("x", [1], 1));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadFloat32("x"));
        Assert.Throws<ObjectDisposedException>(() => file.Read("x", new float[1]));
    }

    [Fact]
    public void A_file_may_be_disposed_while_others_read()
    {
        for (int round = 0; round < 20; round++)
        {
            SafetensorsFile file = folder.Open(new SafetensorsWriter().AddF32("x", [100_000], TestNumbers.Counting(100_000)));
            using var started = new CountdownEvent(3);
            Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                started.Signal();
                try
                {
                    while (true)
                        Assert.Equal(99_999, file.ReadFloat32("x")[^1]);
                }
                catch (ObjectDisposedException)
                {
                }
            }))];
            foreach (Thread reader in readers)
                reader.Start();
            started.Wait(TestContext.Current.CancellationToken);
            file.Dispose();
            foreach (Thread reader in readers)
                reader.Join();
        }
    }

    [Fact]
    public void Reading_allocates_no_more_than_the_floats()
    {
        const int count = 1_000_000;
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().Add("x", "BF16", [count], new byte[2 * count]));
        file.ReadFloat32("x");
        long before = GC.GetAllocatedBytesForCurrentThread();
        file.ReadFloat32("x");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 4 * count, 4 * count + 10_000);
    }

    [Fact]
    public void Shards_are_opened_through_their_index()
    {
        folder.Write("model-00001-of-00002.safetensors", new SafetensorsWriter().AddEntry("""  "__metadata__":{"format":"pt"}""").AddF32("a", [1], 1).AddF32("b", [1], 2).AddF32("c", [1], 9).ToArray());
        folder.Write("model-00002-of-00002.safetensors", new SafetensorsWriter().AddF32("c", [2], 3, 4).AddF32("not in the index", [1], 5).ToArray());
        string index = folder.Write("model.safetensors.index.json", """
            {"metadata":{"total_size":16},"weight_map":{"c":"model-00002-of-00002.safetensors","a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors"}}
            """);

        using var file = SafetensorsFile.Open(index);
        Assert.Equal(["a", "b", "c"], file.TensorNames);
        Assert.Equal([3, 4], file.ReadFloat32("c"));
        Assert.Equal([2], file.ReadFloat32("b"));
        Assert.Equal("pt", file.Metadata["format"]);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadFloat32("c"));
        Assert.Throws<ObjectDisposedException>(() => file.ReadFloat32("a"));
    }

    /// <summary>Shards count in the order of their names, not in the index's; what another shard has is not there.</summary>
    [Fact]
    public void Texts_come_from_the_first_shard_and_tensors_from_their_own()
    {
        folder.Write("1.safetensors", new SafetensorsWriter().AddEntry("""  "__metadata__":{"both":"1","first":"1"}""").AddF32("a", [1], 1).ToArray());
        folder.Write("2.safetensors", new SafetensorsWriter().AddEntry("""  "__metadata__":{"both":"2","second":"2"}""").AddF32("b", [1], 2).ToArray());
        using SafetensorsFile file = SafetensorsFile.Open(folder.Write("model.safetensors.index.json", """{"weight_map":{"b":"2.safetensors","a":"1.safetensors"}}"""));
        Assert.Equal(["a", "b"], file.TensorNames);
        Assert.Equal(("1", "1", "2"), (file.Metadata["both"], file.Metadata["first"], file.Metadata["second"]));

        using SafetensorsFile elsewhere = SafetensorsFile.Open(folder.Write("other.safetensors.index.json", """{"weight_map":{"a":"2.safetensors","b":"2.safetensors"}}"""));
        Assert.Equal(["b", "a"], elsewhere.TensorNames);
        Assert.Equal([2], elsewhere.ReadFloat32("b"));
        Assert.Contains(
            "the index says that tensor 'a' is in '2.safetensors', which does not have it",
            Assert.Throws<InvalidDataException>(() => elsewhere.ReadFloat32("a")).Message);
    }
}
