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

    /// <summary>
    /// Inputs of a projection that one chain of multiply-adds runs over. Blocks are cut at input 0, on every vector target: results depend on it. Blocks of
    /// 128 rounded 0.72 to 0.85 times as much as blocks of 256, and took the same time: 0.98 to 1.02 at 16 and 128 rows, 384 to 768 wide (Zen 5).
    /// </summary>
    public const int DepthBlock = 128;

    /// <summary>Panels of so many columns.</summary>
    public static int Panels(int columns) => (int)(((long)columns + PanelWidth - 1) / PanelWidth);

    /// <summary>
    /// Floats behind the end of a buffer that may be read, though never used: eight key panels of a head of 256, or four of the widest head. The generator
    /// makes no tile that reads more.
    /// </summary>
    public const int SlackFloats = 8 * PanelWidth * 256;
}
