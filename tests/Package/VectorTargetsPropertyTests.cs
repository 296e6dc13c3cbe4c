using AttentionGen.Tests.Generator;

namespace AttentionGen.Tests.Package;

/// <summary>What the package's targets make of the property <c>AttentionGenVectorTargets</c>.</summary>
[Trait("Speed", "Slow")]
public sealed class VectorTargetsPropertyTests
{
    [Theory]
    [InlineData("", "", false)]
    [InlineData("Vector256", "Vector256", false)]
    [InlineData("Vector256;Vector512", "Vector256,Vector512", false)]
    [InlineData(" Neon ; Vector128; ", " Neon , Vector128, ", false)]
    [InlineData("AVX2", "AVX2", true)]
    [InlineData("vector256", "vector256", true)]
    [InlineData("Vector256 Vector512", "Vector256 Vector512", true)]
    [InlineData("Vector256;Vector2560", "Vector256,Vector2560", true)]
    public void A_name_that_is_no_vector_target_is_an_error_before_the_compiler_runs(string property, string passed, bool refused)
    {
        (int exitCode, string output) = Build($"<AttentionGenVectorTargets>{property}</AttentionGenVectorTargets>");
        Assert.Equal(refused, exitCode != 0);
        Assert.Equal(refused, output.Contains($"error AG2004: AttentionGenVectorTargets is '{passed}'", StringComparison.Ordinal));
        Assert.Equal(!refused, output.Contains($"Passed: '{passed}'", StringComparison.Ordinal));
    }

    [Fact]
    public void The_examples_of_the_help_page_are_true()
    {
        HelpPage page = HelpPage.Read("AG2004");
        Assert.NotEqual(0, Build(page.Before).ExitCode);
        Assert.Equal(0, Build(page.After).ExitCode);
    }

    private static (int ExitCode, string Output) Build(string properties)
    {
        (int exitCode, string output) = TemporaryProject.Build(
            "Consumer.csproj",
            $"""
            <Project>
              <Import Project="{TemporaryProject.Targets}/AttentionGen.props" />
              <PropertyGroup>{properties}</PropertyGroup>
              <Import Project="{TemporaryProject.Targets}/AttentionGen.targets" />
              <Target Name="CoreCompile">
                <Message Importance="high" Text="Passed: '$(_AttentionGenVectorTargets)' as @(CompilerVisibleProperty)" />
              </Target>
            </Project>
            """,
            "CoreCompile");
        Assert.Equal(exitCode == 0, output.Contains("as _AttentionGenVectorTargets", StringComparison.Ordinal));
        return (exitCode, output);
    }
}
