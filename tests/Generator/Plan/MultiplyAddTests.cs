using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static AttentionGen.Tests.Generator.GeneratorDriverFixture;

namespace AttentionGen.Tests.Generator;

/// <summary>Counts the multiply-adds that stand in the text of every register tile, times the turns of the loops around them, against the plan's.</summary>
public sealed class MultiplyAddTests
{
    [Theory]
    [InlineData("Heads = 8, DModel = 512")]
    [InlineData("Heads = 12, DModel = 768, KvHeads = 3")]
    [InlineData("Heads = 14, DModel = 896, KvHeads = 2")]
    [InlineData("Heads = 8, DModel = 512, Unrolling = Unrolling.Full")]
    [InlineData("Heads = 2, DModel = 6, MemoryDim = 5")]
    [InlineData("Heads = 2, DModel = 6, MemoryDim = 5, ValueInputDim = 37")]
    [InlineData("Heads = 1, DModel = 771, HeadDim = 255, ValueHeadDim = 24")]
    [InlineData("Heads = 4, DModel = 256, Unrolling = Unrolling.Full")]
    [InlineData("Heads = 4, HeadDim = 16, Projections = false")]
    public void The_text_multiplies_as_often_as_the_plan_says(string arguments)
    {
        AttentionSpec spec = ParseSpec(arguments);
        foreach (VectorTarget target in VectorTarget.All)
        {
            AttentionPlan plan = AttentionPlan.Create(spec, target);
            var products = new SharedProducts(spec.Class);
            foreach (ProductPlan product in plan.Products)
            {
                string type = products.TypeOf(target, product);
                string text = products.Files.Single(file => $"global::{file.HintName}" == $"{type}.g.cs").Text;
                Dictionary<string, MethodDeclarationSyntax> methods = CSharpSyntaxTree.ParseText(text, cancellationToken: TestContext.Current.CancellationToken)
                    .GetRoot(TestContext.Current.CancellationToken)
                    .DescendantNodes()
                    .OfType<MethodDeclarationSyntax>()
                    .ToDictionary(method => method.Identifier.Text);
                foreach (RegisterTile tile in product.OwnTiles)
                {
                    MethodDeclarationSyntax method = methods[$"{product.Name}_{tile.Name}"];
                    string where = $"{target.Name} {method.Identifier.Text}";
                    if (product.Kernel.Depth.IsLiteral)
                        Assert.Equal((where, (long)tile.Rows * tile.Columns * product.Kernel.Depth.Literal), (where, Count(method, target)));
                    else
                        CheckRunTimeDepth(method, target, tile);
                }
            }
        }
    }

    /// <summary>Multiply-adds of single numbers in one turn of the loop over panels, where there is one.</summary>
    private static long Count(SyntaxNode root, VectorTarget target) => root.DescendantNodes().OfType<InvocationExpressionSyntax>()
        .Where(call => call.Expression is MemberAccessExpressionSyntax member && member.Name.Identifier.Text == target.MultiplyAdd)
        .Sum(call => call.Ancestors().TakeWhile(node => node != root).OfType<ForStatementSyntax>().Aggregate((long)target.Lanes,
            (product, loop) => product * Turns(loop)));

    /// <summary>Where the depth is a parameter, each turn of a loop over it takes some steps off it.</summary>
    private static void CheckRunTimeDepth(MethodDeclarationSyntax method, VectorTarget target, RegisterTile tile)
    {
        ForStatementSyntax[] loops = [.. method.DescendantNodes().OfType<ForStatementSyntax>().Where(loop => loop.Declaration is null
            && loop.Condition!.ToString().StartsWith("k ", StringComparison.Ordinal))];
        Assert.Equal(tile.Unroll > 1 ? 2 : 1, loops.Length);
        foreach (ForStatementSyntax loop in loops)
        {
            string step = loop.Incrementors.Single().ToString();
            int steps = step == "k--" ? 1 : int.Parse(step["k -= ".Length..]);
            Assert.Equal((long)tile.Rows * tile.Columns * steps, Count(loop, target));
        }
    }

    private static long Turns(ForStatementSyntax loop)
    {
        string variable = loop.Declaration?.Variables.Single().Identifier.Text ?? "";
        if (variable is "" or "panel")
            return 1;
        long start = long.Parse(loop.Declaration!.Variables.Single().Initializer!.Value.ToString());
        string bound = ((BinaryExpressionSyntax)loop.Condition!).Right.ToString();
        string increment = loop.Incrementors.Single().ToString();
        long step = increment.EndsWith("++", StringComparison.Ordinal) ? 1 : long.Parse(increment[(variable.Length + " += ".Length)..]);
        if (bound == "end")
            return TurnsOfUnequalBlocks(loop, step);
        long length = long.Parse(bound) - start;
        // Blocks of the depth of which the last is shorter are counted by the loop inside.
        if (variable == "start" && length % step != 0)
            return 1;
        Assert.Equal(0, length % step);
        return length / step;
    }

    /// <summary>The turns of all blocks of the depth together, where the last is shorter: <c>end = Math.Min(256, 896 - start)</c>.</summary>
    private static long TurnsOfUnequalBlocks(ForStatementSyntax loop, long step)
    {
        string end = loop.Parent!.DescendantNodes().OfType<VariableDeclaratorSyntax>().Single(
            variable => variable.Identifier.Text == "end").Initializer!.Value.ToString();
        string[] numbers = end.Split('(', ',', '-', ')');
        long block = long.Parse(numbers[1]), depth = long.Parse(numbers[2]), turns = 0;
        for (long start = 0; start < depth; start += block)
        {
            Assert.Equal(0, Math.Min(block, depth - start) % step);
            turns += Math.Min(block, depth - start) / step;
        }

        return turns;
    }
}
