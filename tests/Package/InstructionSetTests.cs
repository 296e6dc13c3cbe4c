using System.Text.RegularExpressions;
using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>What the package's targets say of a Native AOT publish, under the settings that a project may have for warnings.</summary>
[Trait("Speed", "Slow")]
public sealed partial class InstructionSetTests
{
    private const string Aot = "<PublishAot>true</PublishAot><RuntimeIdentifier>linux-x64</RuntimeIdentifier>";
    private const string SwitchedOff = $"{Aot}<AttentionGenSetInstructionSet>false</AttentionGenSetInstructionSet>";

    /// <summary>The targets tell of the instruction set that they choose.</summary>
    private const string Told = "told";

    [Theory]
    [InlineData(Aot, Told, "x86-64-v3")]
    [InlineData("<PublishAot>true</PublishAot><RuntimeIdentifier>win-x64</RuntimeIdentifier>", Told, "x86-64-v3")]
    [InlineData("<PublishAot>true</PublishAot><RuntimeIdentifier>linux-musl-x64</RuntimeIdentifier>", Told, "x86-64-v3")]
    [InlineData($"{Aot}<AttentionGenSetInstructionSet>true</AttentionGenSetInstructionSet>", Told, "x86-64-v3")]
    [InlineData("<PublishAot>true</PublishAot><RuntimeIdentifier>linux-arm64</RuntimeIdentifier>", "", "")]
    [InlineData("<PublishAot>true</PublishAot><RuntimeIdentifier>linux-arm64</RuntimeIdentifier><IlcInstructionSet>sve</IlcInstructionSet>", "", "sve")]
    [InlineData("<PublishAot>true</PublishAot>", "", "")]
    [InlineData("<RuntimeIdentifier>linux-x64</RuntimeIdentifier>", "", "")]
    [InlineData("<RuntimeIdentifier>linux-x64</RuntimeIdentifier><PublishAot>false</PublishAot>", "", "")]
    [InlineData($"{SwitchedOff}<PublishAot>false</PublishAot>", "", "")]
    [InlineData($"{SwitchedOff}", "warning", "")]
    public void An_instruction_set_is_chosen_for_native_x64_programs_alone(string properties, string report, string instructionSet) =>
        Assert.Equal((report, instructionSet), Report(properties));

    [Theory]
    [InlineData("<IlcInstructionSet>aes,avx2</IlcInstructionSet>", "", "", "aes,avx2")]
    [InlineData("<IlcInstructionSet>x86-64-v2</IlcInstructionSet>", "", "warning", "x86-64-v2")]
    // After the package's targets: what is compiled counts.
    [InlineData("", "<IlcInstructionSet>x86-64-v2</IlcInstructionSet>", "warning", "x86-64-v2")]
    [InlineData("", "<IlcInstructionSet>x86-64-v4</IlcInstructionSet>", "", "x86-64-v4")]
    [InlineData("", "<AttentionGenSetInstructionSet>false</AttentionGenSetInstructionSet>", Told, "x86-64-v3")]
    public void An_instruction_set_of_the_projects_own_is_kept(string properties, string late, string report, string instructionSet) =>
        Assert.Equal((report, instructionSet), Report($"{Aot}{properties}", late));

    /// <summary>As programs that were published for these names told, where a processor for them was at hand.</summary>
    [Fact]
    public void Every_instruction_set_without_AVX2_and_FMA_is_warned_of()
    {
        string[] slow = ["x86-64", "x86-64-v2", "avx", "aes_v256", "gfni_v256", "-avx2", "x86-64-v3,-avx2"];
        string[] fast =
        [
            "x86-64-v3", "x86-64-v4", "native", "avx2", "+avx2", "aes,avx2", "aes, avx2, gfni", "avxvnni", "avxifma", "avxvnniint", "avx512", "avx512v2",
            "avx512vp2intersect", "avx10v1", "vectort256", "vectort512", "x86-64-v3,-aes",
        ];
        string Call(string set) => $"""<MSBuild Projects="$(MSBuildProjectFile)" Targets="IlcCompile" Properties="IlcInstructionSet={set}" />""";
        string output = Build(Aot, $"""<Target Name="Each">{string.Concat(slow.Concat(fast).Select(Call))}</Target>""", "Each").Output;
        string[] reported = [.. Severity().Matches(output).Select(match => WrittenSet().Match(output, match.Index).Groups[1].Value)];
        Assert.Equal(slow, reported);
        Assert.Equal(slow.Length + fast.Length, Compiled().Count(output));
    }

    [Theory]
    // Of the compiler's warnings alone it makes errors.
    [InlineData("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", "warning")]
    [InlineData("<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors>", "error")]
    [InlineData("<WarningsAsErrors>AG2001</WarningsAsErrors>", "error")]
    [InlineData("<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><WarningsNotAsErrors>AG2001</WarningsNotAsErrors>", "warning")]
    [InlineData("<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><NoWarn>AG2001</NoWarn>", "")]
    [InlineData("<MSBuildTreatWarningsAsErrors>true</MSBuildTreatWarningsAsErrors><MSBuildWarningsAsMessages>AG2001</MSBuildWarningsAsMessages>", "")]
    public void Slow_instructions_are_warned_of_as_the_project_asks(string properties, string expected) =>
        Assert.Equal((expected, ""), Report($"{SwitchedOff}{properties}"));

    [Fact]
    public void The_examples_of_the_help_page_are_true()
    {
        HelpPage page = HelpPage.Read("AG2001");
        const string Runtime = "<RuntimeIdentifier>linux-x64</RuntimeIdentifier>";
        Assert.Equal(("warning", ""), Report($"{Runtime}{page.Before}"));
        Assert.Equal(("", "x86-64-v3"), Report($"{Runtime}{page.After}"));
    }

    /// <summary>
    /// What a publish reports before ILC runs, and what ILC would compile for. MSBuild goes on after a warning that it takes for an error, and fails in
    /// the end.
    /// </summary>
    /// <param name="properties">What the project sets.</param>
    /// <param name="late">What is set after the package's targets, as in Directory.Build.targets.</param>
    private static (string Report, string InstructionSet) Report(string properties, string late = "")
    {
        (int exitCode, string output) = Build(properties, $"<PropertyGroup>{late}</PropertyGroup>", "IlcCompile");
        string severity = Severity().Match(output).Groups[1].Value;
        Assert.Equal(severity == "error", exitCode != 0);
        string instructionSet = Assert.Single(Compiled().Matches(output)).Groups[1].Value;
        bool told = output.Contains(
            $"Consumer is compiled for {instructionSet} (AVX2 and FMA: Intel since 2013, AMD since 2015), and will not start on older processors.",
            StringComparison.Ordinal);
        Assert.True(severity is "" || !told, output);
        if (severity is not "")
        {
            Assert.Equal(instructionSet, WrittenSet().Match(output).Groups[1].Value);
            Assert.Contains("set IlcInstructionSet to x86-64-v3, or remove AttentionGenSetInstructionSet", output, StringComparison.Ordinal);
        }

        // Nothing else may have gone wrong.
        Assert.Equal(told || severity is not "" ? 2 : 1, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        return (told ? Told : severity, instructionSet);
    }

    /// <summary>Runs a target of a project that has the targets as a package reference would give them, and ILC's as a publish would run it.</summary>
    private static (int ExitCode, string Output) Build(string properties, string later, string target) => TemporaryProject.Build(
        "Consumer.csproj",
        $"""
        <Project>
          <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.props" />
          <Import Project="{TemporaryProject.Targets}/AttentionGen.props" />
          <PropertyGroup><TargetFramework>net10.0</TargetFramework>{properties}</PropertyGroup>
          <Import Sdk="Microsoft.NET.Sdk" Project="Sdk.targets" />
          <Import Project="{TemporaryProject.Targets}/AttentionGen.targets" />
          {later}
          <Target Name="IlcCompile">
            <Message Importance="high" Text="Instruction set: '$(IlcInstructionSet)'" />
          </Target>
        </Project>
        """,
        target);

    [GeneratedRegex("Instruction set: '(.*)'")]
    private static partial Regex Compiled();

    [GeneratedRegex(@"is compiled without AVX2 and FMA \(IlcInstructionSet is '(.*?)'\)")]
    private static partial Regex WrittenSet();

    [GeneratedRegex(@": (warning|error) AG2001: ")]
    private static partial Regex Severity();
}
