namespace AttentionGen.Tests.Support;

/// <summary>Compiles products with the real generator, as a strict user's project would, and loads what comes out.</summary>
internal static class LinearFactory
{
    /// <summary>All configurations in one compilation, which is many times faster than one each; for every vector target where properties are null.</summary>
    public static ILinearType[] Compile(IEnumerable<TestLinear> configurations, ProjectProperties? properties)
    {
        ClassText[] classes =
            [.. configurations.Select(configuration => new ClassText(configuration.ToString(), configuration.AttributeText, []) { Config = "LinearConfig" })];
        return
        [
            .. KernelFactory.CompileTypes(classes, properties: properties)
                .Select(type => (ILinearType)Activator.CreateInstance(typeof(LinearAdapter<>).MakeGenericType(type))!),
        ];
    }

    /// <summary>The generated class behind a type, and the assembly that it was compiled to, for another process to load.</summary>
    public static (string ClassName, byte[] Image) ImageOf(ILinearType type) => KernelFactory.ImageOf(type.GetType().GenericTypeArguments[0]);
}
