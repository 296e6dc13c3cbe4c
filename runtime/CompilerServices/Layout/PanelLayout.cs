#if ATTENTIONGEN_GENERATOR
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;
#else
namespace AttentionGen.CompilerServices;
#endif

/// <summary>How weights, keys and values lie in memory. Generated kernels and the runtime write and read the same panels.</summary>
internal static class PanelLayout
{
    /// <summary>Columns of a packed panel: one cache line of float32, the same for every vector target, so that caches do not depend on it.</summary>
    public const int PanelWidth = 16;

    /// <summary>
    /// Keys whose scores are normalised together. Blocks are cut at key 0 of the sequence, on every vector target: results depend on it. A ring holds
    /// whole key blocks.
    /// </summary>
    public const int KeyBlock = 256;

    /// <summary>Floats behind the end of a buffer that may be read, though never used: eight key panels of the widest head.</summary>
    public const int SlackFloats = 8 * PanelWidth * ShapeLimits.MaxHeadDim;
}
