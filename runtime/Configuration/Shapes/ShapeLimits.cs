#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The largest sizes of a kernel. The generator refuses a configuration beyond them, and the runtime a shape.</summary>
internal static class ShapeLimits
{
    public const int MaxHeads = 256;
    public const int MaxHeadDim = 512;

    /// <summary>Width of a head of an attention without projections, which latent attention needs: a latent vector and a rotated key.</summary>
    public const int MaxCoreHeadDim = 640;

    /// <summary>Width of an input, output or memory row.</summary>
    public const int MaxDModel = 65_536;

    /// <summary>Width of the rows between the products of a feed-forward network, and of the input rows of one product.</summary>
    public const int MaxFeedForwardDim = 262_144;

    /// <summary>Width of the output rows of one product.</summary>
    public const int MaxOutputs = 1_048_576;

    /// <summary>Inputs of a product of <see cref="WeightFormat.Int8"/>: 128 · 127 · 132,104 is less than 2³¹, so an int32 holds the sum.</summary>
    public const int MaxByteInputs = 132_104;

    public const int MaxSequenceLength = 1_048_576;

    /// <summary>
    /// Rows and keys of a sequence where a modifier or a mask predicate is called: with positions below ±2³⁰ an int holds the sum and the
    /// difference of any two. The generator computes hooks in vectors under this assumption, and the runtime refuses longer sequences.
    /// </summary>
    public const int MaxHookLength = (1 << 30) - 1;

    public const int MaxRelativePositionBuckets = 1024;

    /// <summary>Elements of one .NET array, and so of one weight matrix.</summary>
    public const long MaxArrayLength = 2_147_483_591;
}
