using System.Collections.Generic;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// What headers, remarks and the property <c>Plan</c> say of a plan. Each kind of class gives the words, and <see cref="ProseEmitter"/> writes them.
/// </summary>
internal sealed record PlanProse
{
    public required KernelClass Class { get; init; }

    public required VectorTarget Target { get; init; }

    /// <summary>The configuration in one sentence.</summary>
    public required string Configuration { get; init; }

    /// <summary>Decision and reason, one line each, of what this vector target decides.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The same of what is decided alike for every vector target.</summary>
    public required IReadOnlyList<string> SharedReasons { get; init; }

    public required string LargestTile { get; init; }

    /// <summary>The sizes of the blocks.</summary>
    public required string Blocks { get; init; }

    /// <summary>Multiply-adds, bytes and slices of scratch, a line each.</summary>
    public required IReadOnlyList<string> Counts { get; init; }

    /// <summary>What the names in the files of kernels mean.</summary>
    public required IReadOnlyList<string> Legend { get; init; }

    /// <summary>Multiply-adds and memory, for an editor.</summary>
    public required string Costs { get; init; }

    /// <summary>Memory, for the program at run time.</summary>
    public required string Memory { get; init; }
}
