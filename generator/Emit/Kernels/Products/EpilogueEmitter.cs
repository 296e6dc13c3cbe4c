using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes what is done to a tile's sums. A step has up to four pieces, a method each: a word for the summary, an operand that kernel and tiles
/// take as a parameter, vectors that all rows of a tile share, and what becomes of one sum.
/// </summary>
internal sealed class EpilogueEmitter(CodeWriter writer, VectorTarget target, MatrixKernel kernel, RegisterTile tile)
{
    /// <summary>What is added to the product, as the kernel's summary says it.</summary>
    public static string Describe(MatrixKernel kernel) => string.Concat(kernel.Epilogue.Select(step => step switch
    {
        EpilogueStep.AddBias => " + bias",
        _ => "",
    }));

    /// <summary>Operands with an element for each column of C, in the order of the steps.</summary>
    public static IEnumerable<string> ColumnOperands(MatrixKernel kernel) => kernel.Epilogue.OfType<EpilogueStep.AddBias>().Select(_ => "bias");

    /// <summary>Applies the steps to all sums of a tile, row by row.</summary>
    public void Write()
    {
        foreach (EpilogueStep step in kernel.Epilogue)
            WriteShared(step);

        // A row is reached from the first one where the stride is a literal, from the one before where it is not.
        Operand c = kernel.C;
        for (int i = 0; i < tile.Rows; i++)
        {
            int row = i;
            string Sum(int vector)
            {
                string place = c.Name + TileEmitter.Offset((row * c.Stride.Literal) + (vector * target.Lanes));
                return kernel.Epilogue.Aggregate(TileEmitter.Sum(row, vector), (sum, step) => Apply(step, sum, vector, place)) + ";";
            }

            writer.Line(string.Join(" ", Enumerable.Range(0, tile.Vectors).Select(Sum)));
            if (!c.Stride.IsLiteral && row < tile.Rows - 1)
                writer.Line($"{c.Name} = ref Unsafe.Add(ref {c.Name}, {c.Stride});");
        }
    }

    private void WriteShared(EpilogueStep step)
    {
        if (step is EpilogueStep.AddBias)
            writer.Line(string.Join(" ", Enumerable.Range(0, tile.Vectors).Select(vector =>
                $"{target.VectorType}<float> bias_{vector} = {target.VectorType}.LoadUnsafe(ref bias{TileEmitter.Offset(vector * target.Lanes)});")));
    }

    private string Apply(EpilogueStep step, string sum, int vector, string place) => step switch
    {
        EpilogueStep.AddBias => $"({sum} + bias_{vector})",
        EpilogueStep.StoreRows => $"{sum}.StoreUnsafe(ref {place})",
        _ => throw new ArgumentException($"step is {step.GetType().Name}, which has no text here.", nameof(step)),
    };
}
