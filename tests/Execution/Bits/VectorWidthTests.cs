using System.Globalization;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>The same bits from every vector width with FMA, right results without; each in a process of its own.</summary>
[Trait("Speed", "Slow")]
public sealed class VectorWidthTests(ITestOutputHelper log)
{
    // Both names of the switch: .NET 10 renamed it.
    private static readonly (string, string)[] NoVector512 = [("DOTNET_EnableAVX512", "0"), ("DOTNET_EnableAVX512F", "0")];

    private static readonly string[] Quantized = ["Int8Linear", "Int8BlocksLinear", "Int4BlocksLinear"];

    private static readonly Lazy<Run> Ordinary = new(() => Start([]));

    [Fact]
    public void Ordinary_process() => AssertRight(Ordinary.Value);

    /// <summary>The ordinary process starts with unoptimised code; this one never runs any.</summary>
    [Fact]
    public void Optimised_at_once()
    {
        Run run = Start([("DOTNET_TieredCompilation", "0")]);
        AssertRight(run);
        AssertSameBitsWithFma(run);
    }

    [Fact]
    public void Without_vector512()
    {
        Run run = Start(NoVector512);
        Assert.False(run.Vector512);
        AssertRight(run);
        AssertSameBitsWithFma(run);
    }

    [Fact]
    public void With_vector128_only()
    {
        Run run = Start([("DOTNET_PreferredVectorBitWidth", "128")]);
        Assert.False(run.Vector256);
        AssertRight(run);
        AssertSameBitsWithFma(run);
    }

    [Fact]
    public void Without_products_of_bytes_in_one_instruction()
    {
        Run run = Start([("DOTNET_EnableAVXVNNI", "0")]);
        Assert.False(run.Vnni);
        AssertRight(run);
        AssertSameBitsWithFma(run);
    }

    [Fact]
    public void Without_products_of_bytes_in_one_instruction_and_without_vector512()
    {
        Run run = Start([("DOTNET_EnableAVXVNNI", "0"), .. NoVector512]);
        Assert.False(run.Vnni || run.Vector512);
        AssertRight(run);
        AssertSameBitsWithFma(run);
    }

    [Fact]
    public void Without_avx2()
    {
        Run run = Start([("DOTNET_EnableAVX2", "0")]);
        Assert.False(run.Vector256);
        AssertRight(run);
    }

    [Fact]
    public void Without_any_vector_instructions()
    {
        Run run = Start([("DOTNET_EnableHWIntrinsic", "0")]);
        Assert.False(run.Vector256);
        AssertRight(run);
        Assert.All(run.Kernels, kernel => Assert.False(kernel.IsAccelerated));
    }

    private void AssertRight(Run run)
    {
        log.WriteLine($"Vector128 {run.Vector128}, Vector256 {run.Vector256}, Vector512 {run.Vector512}, FMA {run.Fma}");
        foreach (KernelLine kernel in run.Kernels)
        {
            log.WriteLine($"{kernel.Name}: accelerated {kernel.IsAccelerated}, hash {kernel.Hash}, error {kernel.Error:E2}");
            // The reference does not quantise inputs.
            Assert.InRange(kernel.Error, 0, Quantized.Contains(kernel.Name) ? 0.05 : Compare.Tolerance);
        }

        Assert.Equal(16, run.Kernels.Length);
    }

    private static void AssertSameBitsWithFma(Run run)
    {
        if (run.Fma && Ordinary.Value.Fma)
            Assert.Equal(Ordinary.Value.Kernels.Select(kernel => (kernel.Name, kernel.Hash)), run.Kernels.Select(kernel => (kernel.Name, kernel.Hash)));
    }

    private static Run Start((string, string)[] settings)
    {
        string[] lines = ChildProcess.Run("outputs", settings);
        string[] processor = lines[0].Split(' ');
        return new(
            bool.Parse(processor[1]),
            bool.Parse(processor[2]),
            bool.Parse(processor[3]),
            bool.Parse(processor[4]),
            bool.Parse(processor[5]),
            [
                .. lines.Skip(1).Select(line => line.Split(' ')).Select(parts =>
                    new KernelLine(parts[0], bool.Parse(parts[1]), parts[2], double.Parse(parts[3], CultureInfo.InvariantCulture))),
            ]);
    }

    private sealed record Run(bool Vector128, bool Vector256, bool Vector512, bool Fma, bool Vnni, KernelLine[] Kernels);

    private sealed record KernelLine(string Name, bool IsAccelerated, string Hash, double Error);
}
