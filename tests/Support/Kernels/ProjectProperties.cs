using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using AttentionGen.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace AttentionGen.Tests.Support;

/// <summary>The properties of a project as the compiler passes them on.</summary>
/// <param name="vectorTargets">AttentionGenVectorTargets, with commas.</param>
internal sealed class ProjectProperties(string vectorTargets) : AnalyzerConfigOptionsProvider
{
    /// <summary>Those of a project that names the vector target of this processor, and so compiles a quarter of the kernels.</summary>
    public static ProjectProperties OfThisProcessor { get; } = new(
        Vector512.IsHardwareAccelerated ? "Vector512"
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? "Vector256"
        : AdvSimd.Arm64.IsSupported ? "Neon"
        : "Vector128");

    public override AnalyzerConfigOptions GlobalOptions => new Options(vectorTargets);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => GlobalOptions;

    private sealed class Options(string vectorTargets) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [NotNullWhen(true)] out string? value)
        {
            value = key == VectorTargetsOption.Key ? vectorTargets : null;
            return value is not null;
        }
    }
}
