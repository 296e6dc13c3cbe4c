using System.Text;

namespace AttentionGen.Tests.Support;

public sealed class NpyTests
{
    [Fact]
    public void Reads_every_type_and_shape()
    {
        Assert.Equal([1.5f, -2f], Npy.Parse(File("<f4", "(2,)", BitConverter.GetBytes(1.5f), BitConverter.GetBytes(-2f)), "f4").ToFloats());
        Assert.Equal([0.5f], Npy.Parse(File("<f2", "(1, 1)", BitConverter.GetBytes((Half)0.5f)), "f2").ToFloats());
        Assert.Equal([-7], Npy.Parse(File("<i4", "()", BitConverter.GetBytes(-7)), "i4").ToInt32());
        Assert.Equal([1L << 40], Npy.Parse(File("<i8", "(1,)", BitConverter.GetBytes(1L << 40)), "i8").ToInt64());
        Assert.Equal([true, false], Npy.Parse(File("|b1", "(2, 1)", [1, 0]), "b1").ToBooleans());
        Assert.Equal([2, 0, 3], Npy.Parse(File("<f4", "(2, 0, 3)"), "empty").Shape);
    }

    [Fact]
    public void Refuses_what_it_does_not_read()
    {
        Assert.Throws<InvalidDataException>(() => Npy.Parse("no npy at all"u8, "text"));
        Assert.Throws<InvalidDataException>(() => Npy.Parse(File("<f4", "(2,)", BitConverter.GetBytes(1f)), "short"));
        Assert.Throws<InvalidDataException>(() => Npy.Parse(File("<c8", "(1,)", new byte[8]), "complex"));
        Assert.Throws<InvalidOperationException>(() => Npy.Parse(File("<f4", "(1,)", new byte[4]), "floats").ToInt32());
    }

    private static byte[] File(string type, string shape, params byte[][] elements)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.Latin1.GetBytes(header), .. elements.SelectMany(bytes => bytes)];
    }
}
