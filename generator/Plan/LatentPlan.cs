using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>
/// Of which classes a block of latent attention consists. It has no kernels of its own: its products and its two forms of attention are classes inside it, each
/// with a plan of its own.
/// </summary>
internal sealed record LatentPlan
{
    public required LatentSpec Spec { get; init; }

    /// <summary>The attention of the expanded form.</summary>
    public required AttentionSpec Expanded { get; init; }

    /// <summary>The attention of the absorbed form.</summary>
    public required AttentionSpec Absorbed { get; init; }

    /// <summary>The products, in the order in which a call needs them.</summary>
    public required IReadOnlyList<LatentProduct> Products { get; init; }

    /// <summary>Multiply-adds of a row whatever it sees; both forms multiply once by the key and value matrix of each head.</summary>
    public long RowMultiplyAdds =>
        Products.Where(product => product.Forms == LatentForms.Both).Sum(product => (long)product.Spec.Shape.Inputs * product.Spec.Shape.Outputs)
        + ((long)Spec.Shape.Heads * Spec.Shape.LatentDim * (Spec.Shape.ProjectedKeyDim + Spec.Shape.ValueHeadDim));

    /// <summary>Multiply-adds of a row and a key: of the expanded form and of the absorbed form.</summary>
    public (long Expanded, long Absorbed) KeyMultiplyAdds => (
        (long)Spec.Shape.Heads * (Spec.Shape.HeadDim + Spec.Shape.ValueHeadDim),
        (long)Spec.Shape.Heads * ((2 * Spec.Shape.LatentDim) + Spec.Shape.RotaryDim));

    /// <summary>Bytes that a cache keeps for a key: its rotated part and its latent vector, as a key and as a value.</summary>
    public long KeyValueBytes => 4L * ((2 * Spec.Shape.LatentDim) + Spec.Shape.RotaryDim);

    /// <summary>A pure function of the spec.</summary>
    public static LatentPlan Create(LatentSpec spec)
    {
        LatentAttentionShape shape = spec.Shape;
        AttentionSpec Core(string name, AttentionShape core) => new()
        {
            Class = spec.Class.Nested(name), Shape = core, Unrolling = spec.Unrolling, VectorTargets = spec.VectorTargets,
        };
        LatentProduct Product(string name, LinearShape product, LatentForms forms = LatentForms.Both) => new(
            name, new() { Class = spec.Class.Nested(name), Shape = product, Unrolling = spec.Unrolling, VectorTargets = spec.VectorTargets }, forms,
            forms == LatentForms.Absorbed ? shape.Heads : 1);

        List<LatentProduct> products = [];
        if (shape.QueryLatentDim > 0)
            products.Add(Product("QueryDown", shape.QueryDownProduct));
        products.Add(Product("QueryUp", shape.QueryUpProduct));
        products.Add(Product("KeyValueDown", shape.KeyValueDownProduct));
        products.Add(Product("KeyUp", shape.KeyUpProduct, LatentForms.Expanded));
        products.Add(Product("ValueUp", shape.ValueUpProduct, LatentForms.Expanded));
        products.Add(Product("Absorption", shape.AbsorptionProduct, LatentForms.Absorbed));
        products.Add(Product("HeadValue", shape.HeadValueProduct, LatentForms.Absorbed));
        products.Add(Product("OutputProjection", shape.OutputProduct));
        return new()
        {
            Spec = spec, Expanded = Core("ExpandedAttention", shape.Expanded()), Absorbed = Core("AbsorbedAttention", shape.Attention), Products = products,
        };
    }
}

/// <summary>A product inside a block of latent attention.</summary>
/// <param name="Name">Of its class.</param>
/// <param name="Spec">What it computes.</param>
/// <param name="Forms">Which forms of the block need it.</param>
/// <param name="Heads">How many objects there are: one for each head, or one.</param>
internal sealed record LatentProduct(string Name, LinearSpec Spec, LatentForms Forms, int Heads)
{
    /// <summary>What the runtime calls it.</summary>
    public string Property => Name == "OutputProjection" ? "Output" : Name;
}

/// <summary>Forms of a block of latent attention.</summary>
internal enum LatentForms
{
    Both,
    Expanded,
    Absorbed,
}
