namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>Buckets of distances, as T5 and MPNet have them.</summary>
internal static class Buckets
{
    /// <summary>The first half of the buckets holds one distance each; the others grow with the distance, up to the largest one.</summary>
    public static int Of(int distance, int buckets, int largest)
    {
        int exact = buckets / 2;
        if (distance < exact)
            return distance;
        // The models' own programs compute this in float32, which decides at powers of the base.
        float share = MathF.Log((float)distance / exact) / (float)Math.Log((double)largest / exact);
        return Math.Min(buckets - 1, exact + (int)(share * (buckets - exact)));
    }
}
