using System.Reflection;
using AttentionGen.Generator.Model;
using AttentionGen.Tests.Properties;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Generator;

/// <summary>
/// A member of the user's class that has the name of a generated one is a diagnostic of ours (AG0009), and none of the compiler's in a file that nobody
/// can mend.
/// </summary>
public sealed class ReservedNamesTests
{
    [Fact]
    public void Every_generated_member_is_reserved()
    {
        const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        Type[] layers = KernelFactory.CompileTypes(
            [new("a decoder layer", "Heads = 2, DModel = 32, FeedForwardDim = 20, Causal = true, MemoryDim = 16",
                []) { Config = "TransformerLayerConfig" }]).ToArray();
        Assert.All(Names(layers), name => Assert.True(ReservedNames.TransformerLayer.Contains(name), $"{name} is not reserved"));
        IEnumerable<Type> classes = PropertyKernels.All.Names.Select(name => PropertyKernels.All.Type(name).GetType().GenericTypeArguments[0]);
        string[] names = Names(classes);
        Assert.True(names.Length > 20, $"only {names.Length} found");
        Assert.All(names, name => Assert.True(ReservedNames.Attention.Contains(name), $"{name} is not reserved"));

        static string[] Names(IEnumerable<Type> types) => [.. types.SelectMany(type => type.GetMembers(Declared))
            .Where(member => member is not ConstructorInfo && member is not MethodInfo { IsSpecialName: true } && !member.Name.Contains('.')
                && !member.Name.Contains('<'))
            .Select(member => member.Name.Split('`')[0]).Distinct()];
    }
}
