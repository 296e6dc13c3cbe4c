namespace AttentionGen.Tests.Runtime;

/// <summary>The metadata of GGUF files, of every type and as every type.</summary>
public sealed class GgufMetadataTests
{
    [Fact]
    public void Every_type_is_read_as_it_is_stored()
    {
        byte[] bytes = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        object[] expected =
        [
            (byte)0xFE, (sbyte)-2, (ushort)0xFFFE, (short)-2, 0xFFFF_FFFEu, -2, 2.5f, true, "grün", null!, ulong.MaxValue - 1, -2L, -0.1,
        ];
        int[] sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
        var writer = new GgufWriter();
        for (uint type = 0; type < expected.Length; type++)
        {
            if (type == 9)
                continue;
            byte[] one = type switch
            {
                6 => BitConverter.GetBytes(2.5f), 7 => [1], 8 => GgufWriter.Text("grün"), 12 => BitConverter.GetBytes(-0.1), _ => bytes[..sizes[type]],
            };
            writer.Add($"one {type}", type, one).Add($"two {type}", 9, GgufWriter.Array(type, 2, [.. one, .. one]))
                .Add($"none {type}", 9, GgufWriter.Array(type, 0));
        }

        using GgufFile file = GgufFile.Open(writer.ToArray(), "file");
        Assert.Equal(36, file.Metadata.Keys.Count);
        Assert.Equal("one 0", file.Metadata.Keys[0]);
        for (int type = 0; type < expected.Length; type++)
        {
            if (type == 9)
                continue;
            Assert.Equal(expected[type], file.Metadata.GetValue($"one {type}"));
            var two = (Array)file.Metadata.GetValue($"two {type}");
            Assert.Equal(expected[type].GetType(), two.GetType().GetElementType());
            Assert.Equal(new object[] { expected[type], expected[type] }, two.Cast<object>());
            Assert.Empty((Array)file.Metadata.GetValue($"none {type}"));
        }
    }

    [Fact]
    public void Numbers_are_read_as_the_type_that_the_program_needs()
    {
        using GgufFile file = GgufFile.Open(
            new GgufWriter().AddUInt32("layers", 5).Add("epsilon", 6, BitConverter.GetBytes(1e-5f)).Add("large", 10, BitConverter.GetBytes(ulong.MaxValue))
                .Add("types", 9, GgufWriter.Array(5, 2, 1, 0, 0, 0, 6, 0, 0, 0)).AddText("text", "5").Add("flag", 7, 1).ToArray(), "file");
        GgufMetadata metadata = file.Metadata;
        Assert.Equal((5, 5L), (metadata.GetNumber<int>("layers"), metadata.GetNumber<long>("layers")));
        Assert.Equal(((byte)5, 5f), (metadata.GetNumber<byte>("layers"), metadata.GetNumber<float>("layers")));
        Assert.Equal(1e-5f, metadata.GetNumber<float>("epsilon"));
        Assert.Equal(ulong.MaxValue, metadata.GetNumber<ulong>("large"));
        Assert.Equal([1L, 6], metadata.GetNumbers<long>("types"));
        Assert.Equal([1f, 6], metadata.GetNumbers<float>("types"));
        Assert.True(metadata.GetBoolean("flag"));
        Assert.Equal((5, 7), (metadata.GetNumber("layers", 7), metadata.GetNumber("heads", 7)));
        Assert.True(metadata.Contains("text") && !metadata.Contains("Text"));

        Refuse("'file': the value of 'epsilon' is of type float32; expected an integer.", () => metadata.GetNumber<int>("epsilon"));
        Refuse("'file': 'large' has a number that Int64 cannot hold.", () => metadata.GetNumber<long>("large"));
        Refuse("'file': the value of 'types' is an array of 2 elements of type int32; expected a number.", () => metadata.GetNumber<double>("types"));
        Refuse("'file': the value of 'text' is of type text; expected an array of texts.", () => metadata.GetStrings("text"));
        Refuse("'file': the value of 'text' is of type text; expected an integer.", () => metadata.GetNumber("text", 1));
        Refuse("'file': the value of 'layers' is of type uint32; expected a bool.", () => metadata.GetBoolean("layers"));
        Refuse("'file': the value of 'flag' is of type bool; expected a text.", () => metadata.GetString("flag"));
        Assert.Contains("no metadata under 'heads'", Assert.Throws<ArgumentException>(() => metadata.GetNumber<int>("heads")).Message);

        static void Refuse(string message, Func<object> read) => Assert.Equal(message, Assert.Throws<InvalidDataException>(read).Message);
    }

    [Fact]
    public void A_text_of_other_bytes_is_refused_where_it_stands()
    {
        using GgufFile file = GgufFile.Open(
            new GgufWriter().Add("texts", 9, GgufWriter.Array(8, 2, [.. GgufWriter.Text("a"), 1, 0, 0, 0, 0, 0, 0, 0, 0xC0])).ToArray(), "file");
        Assert.Equal("'file': text 1 of 'texts' is not valid UTF-8.", Assert.Throws<InvalidDataException>(() => file.Metadata.GetStrings("texts")).Message);
    }
}
