
namespace AttentionGen.Tests.Package;

/// <summary>
/// What the package's targets do in an ordinary build: they keep generated files from being compiled twice, and warn of builds that go wrong without a
/// word.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class PackageTargetsTests
{
    [Theory]
    [InlineData("<EmitCompilerGeneratedFiles>true</EmitCompilerGeneratedFiles><CompilerGeneratedFilesOutputPath>Generated</CompilerGeneratedFilesOutputPath>",
        "", "Generated")]
    [InlineData("<CompilerGeneratedFilesOutputPath>Generated/</CompilerGeneratedFilesOutputPath>", "", "Generated")]
    [InlineData("<CompilerGeneratedFilesOutputPath>$(MSBuildProjectDirectory)/Other/Place/</CompilerGeneratedFilesOutputPath>", "", "Other/Place")]
    // After the package's targets, as in Directory.Build.targets.
    [InlineData("", "<CompilerGeneratedFilesOutputPath>Late</CompilerGeneratedFilesOutputPath>", "Late")]
    public void Generated_files_in_the_project_are_compiled_once(string properties, string late, string folder)
    {
        string[] files = [$"{folder}/AttentionGen.Generator/AttentionGen.Generator.AttentionGenerator/A.g.cs", $"{folder}/Another.Generator/B.g.cs", "Own.cs"];
        string output = Build("Consumer.csproj", properties, late, [.. files.Select(file => (file, ""))]);
        Assert.Contains("Own.cs", output);
        Assert.Contains("B.g.cs", output);
        Assert.DoesNotContain("A.g.cs", output);
    }

    [Theory]
    [InlineData("<FileBasedProgram>true</FileBasedProgram>", true)]
    [InlineData("<FileBasedProgram>true</FileBasedProgram><Optimize>true</Optimize>", false)]
    [InlineData("<FileBasedProgram>true</FileBasedProgram><MSBuildWarningsAsMessages>AG2002</MSBuildWarningsAsMessages>", false)]
    [InlineData("", false)]
    public void A_file_based_program_is_told_that_it_is_slow(string properties, bool isTold)
    {
        string output = Build("Consumer.csproj", properties, "", []);
        Assert.Equal(isTold, output.Contains("warning AG2002: This file-based program is compiled without optimisation", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Consumer.fsproj", "Block.fs", "[<AttentionConfig(Heads = 2, DModel = 8)>] type Block() = class end", true)]
    [InlineData("Consumer.fsproj", "Block.fs", "[<Sealed;\n  AttentionGen.AttentionConfigAttribute(Heads = 2, DModel = 8)>]\ntype Block() = class end", true)]
    [InlineData("Consumer.fsproj", "Block.fs", "let weights = AttentionWeights.Empty // not AttentionConfig", false)]
    [InlineData("Consumer.vbproj", "Block.vb", "<AttentionConfig(Heads:=2, DModel:=8)> Class Block : End Class", true)]
    [InlineData("Consumer.csproj", "Block.cs", "[AttentionConfig(Heads = 2, DModel = 8)] partial class Block<T> where T : AttentionConfig;", false)]
    public void A_project_that_is_not_CSharp_is_told_that_its_attribute_does_nothing(string project, string file, string text, bool isTold)
    {
        string output = Build(project, $"<OwnFile>{file}</OwnFile>", "", [(file, text)]);
        Assert.Equal(isTold, output.Contains($"warning AG2003: AttentionConfig in {file} does nothing", StringComparison.Ordinal));
    }

    /// <summary>Prints what a project would compile that has the targets as a package reference would give them.</summary>
    private static string Build(string project, string properties, string late, (string Path, string Text)[] files)
    {
        (int exitCode, string output) = TemporaryProject.Build(
            project,
            $"""
            <Project>
              <Import Project="{TemporaryProject.Targets}/AttentionGen.props" />
              <PropertyGroup>{properties}</PropertyGroup>
              <ItemGroup>
                <Compile Include="**/*.cs;$(OwnFile)" />
              </ItemGroup>
              <Import Project="{TemporaryProject.Targets}/AttentionGen.targets" />
              <PropertyGroup>{late}</PropertyGroup>
              <Target Name="CoreCompile">
                <Message Importance="high" Text="%(Compile.Identity)" />
              </Target>
            </Project>
            """,
            "CoreCompile",
            files);
        Assert.Equal(0, exitCode);
        return output;
    }
}
