using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>The JIT's own account of the kernels: all optimised, and no vector on the stack and no call in a hot loop.</summary>
[Trait("Speed", "Slow")]
public sealed partial class JitTests(ITestOutputHelper log)
{
    /// <summary>The kernels whose loops take the time: register tiles, such as <c>Project512_6x16</c>, and the softmax.</summary>
    [GeneratedRegex(@"^((?<kind>Project|Scores|Values)\d*_\d+x\d+|(?<kind>Softmax))$")]
    private static partial Regex HotKernel();

    /// <summary>The methods of the runtime that hold the loops over the elements of rows.</summary>
    [GeneratedRegex("^(Sum|SumOfSquares|Write|AddAndSum|AddAndSumSquares|Add|Multiply|Loop)$")]
    private static partial Regex HotRows();

    /// <summary>The x64 paths that this processor runs; others have no listing here.</summary>
    public static TheoryData<string, string> Paths
    {
        get
        {
            TheoryData<string, string> paths = [];
            if (Vector512.IsHardwareAccelerated)
                paths.Add("Vector512Kernels", "");
            // Both names of the switch: .NET 10 renamed it.
            if (Vector256.IsHardwareAccelerated && Fma.IsSupported)
                paths.Add("Vector256Kernels", "EnableAVX512 EnableAVX512F");
            // Without FMA, and with instructions that overwrite an operand.
            if (X86Base.IsSupported)
            {
                paths.Add("Vector128Kernels", "EnableAVX2");
                paths.Add("Vector128Kernels", "EnableAVX");
            }

            return paths;
        }
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Paths))]
    public void Kernels_are_optimised_and_do_not_spill(string kernels, string switchedOff)
    {
        string file = Path.GetTempFileName();
        try
        {
            List<(string, string)> settings =
            [
                ("DOTNET_TieredCompilation", "0"), ("DOTNET_JitStdOutFile", file), ("DOTNET_JitDisasmSummary", "1"),
                ("DOTNET_JitDisasm", "*Kernels:* AttentionGenKernels*:*"),
            ];
            settings.AddRange(switchedOff.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => ($"DOTNET_{name}", "0")));
            ChildProcess.Run("kernels", [.. settings]);
            string[] lines = File.ReadAllLines(file);
            CheckSummary(lines, kernels);
            CheckLoops(JitListing.Parse(lines), kernels);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>What depends on no shape: norms, sums, gates and activations of layers and products.</summary>
    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Paths))]
    public void Rows_of_layers_go_through_loops_without_calls_and_range_checks(string kernels, string switchedOff)
    {
        string file = Path.GetTempFileName();
        try
        {
            List<(string, string)> settings =
            [
                ("DOTNET_TieredCompilation", "0"), ("DOTNET_JitStdOutFile", file),
                ("DOTNET_JitDisasm", "*RowNorm:* *RowSums:* *RowProducts:* *Activations:*"),
            ];
            settings.AddRange(switchedOff.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => ($"DOTNET_{name}", "0")));
            ChildProcess.Run("layers", [.. settings]);
            JitListing[] hot = [.. JitListing.Parse(File.ReadAllLines(file)).Where(
                listing => HotRows().IsMatch(listing.MethodName) && (listing.Name.Contains('[') || listing.MethodName == "Multiply"))];
            Assert.Equal(
                ["Add", "AddAndSum", "AddAndSumSquares", "Loop", "Multiply", "Sum", "SumOfSquares", "Write"],
                hot.Select(listing => listing.MethodName).Distinct().Order(StringComparer.Ordinal));
            // Every function but the identity, which is not called without a gate.
            Assert.Equal(5, hot.Count(listing => listing.MethodName == "Loop" && listing.Name.Contains("WithoutGate", StringComparison.Ordinal)));
            foreach (JitListing listing in hot)
            {
                string[] lines = [.. listing.VectorLoops().SelectMany(loop => loop)];
                Assert.True(lines.Length > 0, $"{listing.Name}: no loop with vectors was found.");
                Assert.Contains("FullOpts", listing.Tier);
                Assert.DoesNotContain(lines, JitListing.IsCall);
                Assert.DoesNotContain(lines, JitListing.IsRangeFailure);
                Assert.DoesNotContain(lines, JitListing.IsVectorStore);
                // Sixteen registers do not hold the constants of every function: those are read from the stack as they would be from elsewhere.
                if (kernels == "Vector512Kernels" || listing.MethodName != "Loop")
                    Assert.DoesNotContain(lines, JitListing.IsVectorSpill);
            }

            log.WriteLine($"{kernels}: {hot.Length} methods.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>How the types of a vector target's products begin.</summary>
    private static string ProductsOf(string kernels) => $"AttentionGenKernels.{kernels[..^"Kernels".Length]}_";

    private void CheckSummary(string[] lines, string kernels)
    {
        string[] compiled =
        [
            .. lines.Where(line => line.Contains(": JIT compiled ", StringComparison.Ordinal)
                && (line.Contains($"+{kernels}:", StringComparison.Ordinal) || line.Contains(ProductsOf(kernels), StringComparison.Ordinal))),
        ];
        log.WriteLine($"{kernels}: {compiled.Length} methods compiled.");
        Assert.NotEmpty(compiled);
        Assert.All(compiled, line => Assert.Contains("[FullOpts", line));
        // The rest of the generated classes must not have fallen behind either.
        Assert.DoesNotContain(
            lines, line => line.Contains("AttentionGen.Tests.Child.", StringComparison.Ordinal) && line.Contains("MinOpts", StringComparison.Ordinal));
    }

    private void CheckLoops(IReadOnlyList<JitListing> listings, string kernels)
    {
        JitListing[] hot =
        [
            .. listings.Where(listing => (listing.ClassName.EndsWith("+" + kernels, StringComparison.Ordinal)
                    || listing.ClassName.StartsWith(ProductsOf(kernels), StringComparison.Ordinal))
                && HotKernel().IsMatch(listing.MethodName)),
        ];
        Assert.Equal(
            ["Project", "Scores", "Softmax", "Values"], hot.Select(listing => HotKernel().Match(listing.MethodName).Groups["kind"].Value).Distinct().Order());
        var spills = new List<string>();
        int loops = 0;
        foreach (JitListing listing in hot)
        {
            IReadOnlyList<string>[] multiplying = [.. listing.MultiplyingLoops()];
            Assert.True(multiplying.Length > 0, $"{listing.Name}: no loop with a multiply-add was found.");
            loops += multiplying.Length;
            Assert.DoesNotContain(multiplying.SelectMany(loop => loop), JitListing.IsCall);
            string[] spilled = [.. multiplying.SelectMany(loop => loop).Where(JitListing.IsVectorSpill)];
            if (spilled.Length > 0)
                spills.Add($"{listing.Name}: {spilled.Length} spills, such as {spilled[0].Trim()}");
        }

        log.WriteLine($"{kernels}: {hot.Length} hot kernels, {loops} loops, {spills.Count} kernels with spills.");
        Assert.True(spills.Count == 0, string.Join("\n", spills));
    }
}
