using System.Text.RegularExpressions;
using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>What the package's targets say of a Native AOT publish, under the settings that a project may have for warnings.</summary>
public sealed partial class InstructionSetTests
{
    private const string Aot = "<PublishAot>true</PublishAot><RuntimeIdentifier>linux-x64</RuntimeIdentifier>";
    private const string SwitchedOff = $"{Aot}<AttentionGenSetInstructionSet>false</AttentionGenSetInstructionSet>";

    /// <summary>The targets tell of the instruction set that they choose.</summary>
    private const string Told = "told";

    [Theory]
    [InlineData(Aot, Told)]
    [InlineData("<PublishAot>true</PublishAot><RuntimeIdentifier>linux-arm64</RuntimeIdentifier>", "")]
    [InlineData("<RuntimeIdentifier>linux-x64</RuntimeIdentifier>", "")]
    [InlineData($"{SwitchedOff}", "warning")]
    [InlineData($"{SwitchedOff}<IlcInstructionSet>lzcnt,avx2,fma</IlcInstructionSet>", "")]
    [InlineData($"{Aot}<IlcInstructionSet>x86-64-v2</IlcInstructionSet>", "warning")]
    // Of the compiler's warnings alone it makes errors.
    [InlineData($"{SwitchedOff}<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", "warning")]
    [InlineData($"{SwitchedOff}<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors>", "error")]
    [InlineData($"{SwitchedOff}<WarningsAsErrors>AG2001</WarningsAsErrors>", "error")]
    [InlineData($"{SwitchedOff}<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><WarningsNotAsErrors>AG2001</WarningsNotAsErrors>", "warning")]
    [InlineData($"{SwitchedOff}<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><NoWarn>AG2001</NoWarn>", "")]
    [InlineData($"{SwitchedOff}<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><MSBuildWarningsAsMessages>AG2001</MSBuildWarningsAsMessages>", "")]
    public void Slow_instructions_are_warned_of_as_the_project_asks(string properties, string expected) =>
        Assert.Equal(expected, Report(properties));

    [Fact]
    public void The_examples_of_the_help_page_are_true()
    {
        HelpPage page = HelpPage.Read("AG2001");
        const string Runtime = "<RuntimeIdentifier>linux-x64</RuntimeIdentifier>";
        Assert.Equal("warning", Report($"{Runtime}{page.Before}"));
        Assert.Equal("", Report($"{Runtime}{page.After}"));
    }

    /// <summary>Runs the target that reports, in a project that has the targets as a package reference would give them.</summary>
    private static string Report(string properties)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attentiongen-targets");
        try
        {
            string package = Path.Combine(RepositoryRoot.Path, "runtime", "Package");
            File.WriteAllText(
                Path.Combine(folder.FullName, "Consumer.csproj"),
                $"""
                <Project>
                  <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.props" />
                  <Import Project="{package}/AttentionGen.props" />
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework>{properties}</PropertyGroup>
                  <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.targets" />
                  <Import Project="{package}/AttentionGen.targets" />
                  <!-- Without an x64 publish the target is there and does nothing. -->
                  <Target Name="Publish" DependsOnTargets="_AttentionGenReportInstructionSet" />
                </Project>
                """);
            (int exitCode, string output, string errors) = DotnetCommand.TryRun(folder.FullName, [], "msbuild", "-nologo", "-t:Publish");
            Assert.Empty(errors);
            string severity = Severity().Match(output).Groups[1].Value;
            Assert.Equal(severity == "error", exitCode != 0);
            bool told = output.Contains("is compiled for x86-64-v3", StringComparison.Ordinal);
            Assert.True(severity is "" || !told, output);
            // Nothing else may have gone wrong.
            Assert.Equal(told || severity is not "" ? 1 : 0, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            return told ? Told : severity;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@": (warning|error) AG2001: ")]
    private static partial Regex Severity();
}
