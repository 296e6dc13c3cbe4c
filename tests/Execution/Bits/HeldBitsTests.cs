using System.Globalization;
using AttentionGen.Tests.Generator;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// The bits of the classes of tests/Compatibility are those of bits.txt there, at every vector width, until CHANGELOG.md says that they change.
/// <c>UPDATE_SNAPSHOTS=1 dotnet test</c> writes new ones.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class HeldBitsTests
{
    private const string Changed =
        "Output bits changed. If that is meant, write it into CHANGELOG.md, and give a new digest: UPDATE_SNAPSHOTS=1 dotnet test. If it is not, a result now "
            + "depends on something that docs/numerics.md rules out.";

    private static readonly string Held = Path.Combine(RepositoryRoot.Path, "tests", "Compatibility", "bits.txt");

    [Theory]
    [InlineData("")]
    // Both names of the switch: .NET 10 renamed it.
    [InlineData("DOTNET_EnableAVX512=0 DOTNET_EnableAVX512F=0")]
    [InlineData("DOTNET_EnableAVXVNNI=0")]
    [InlineData("DOTNET_EnableAVXVNNI=0 DOTNET_EnableAVX512=0 DOTNET_EnableAVX512F=0")]
    [InlineData("DOTNET_PreferredVectorBitWidth=128")]
    [InlineData("DOTNET_EnableAVX2=0")]
    public void Bits_are_those_that_are_held(string settings)
    {
        (string, string)[] variables =
            [.. settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(setting => (setting.Split('=')[0], setting.Split('=')[1]))];
        (int exitCode, string[] lines, string errors) = ChildProcess.Start("AttentionGen.Tests.Compatibility", [], variables);
        Assert.True(exitCode == 0, errors);
        string[][] classes = [.. lines.Skip(1).Select(line => line.Split(' '))];
        Assert.Equal(20, classes.Length);
        // The reference does not quantise rows.
        Assert.All(classes, parts => Assert.InRange(
            double.Parse(parts[2], CultureInfo.InvariantCulture), 0, parts[0].StartsWith("Int", StringComparison.Ordinal) ? 0.05 : Compare.Tolerance));

        // Without fused multiply-add, each one rounds twice.
        if (lines[0] != "fused multiply-add: True")
            return;
        string[] digests = [.. classes.Select(parts => $"{parts[0]} {parts[1]}")];
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
            File.WriteAllLines(Held, digests);
        string[] differing = [.. digests.Except(File.ReadAllLines(Held))];
        Assert.True(differing.Length == 0, $"{Changed}\n{string.Join("\n", differing)}");
    }
}
