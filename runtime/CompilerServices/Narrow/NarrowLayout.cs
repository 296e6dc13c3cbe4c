using System;
#if ATTENTIONGEN_GENERATOR
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;
#else

namespace AttentionGen.CompilerServices;
#endif

/// <summary>
/// How narrow weights lie in memory: groups of 64 columns, each a run of chunks of 32 inputs, so that a chunk is a block of the formats with blocks. A
/// chunk has the scales of its columns, if there are any, and then words of 32 bits, a column in each: 2 inputs of 16 bits, 4 of 8 bits, or 8 of 4 bits. A
/// word is a lane of a vector of float32, and what an instruction for dot products of bytes takes. The last group may have fewer panels of 16 columns.
/// </summary>
internal static class NarrowLayout
{
    /// <summary>Panels of a group: 64 columns are four vectors of 512 bits, and a chunk of them is one run of memory.</summary>
    public const int GroupPanels = 4;

    /// <summary>Columns of a group.</summary>
    public const int GroupColumns = GroupPanels * PanelLayout.PanelWidth;

    /// <summary>Inputs of a chunk. Those behind the last one have weights of zero.</summary>
    public const int ChunkInputs = 32;

    /// <summary>Up to so many rows the weights are widened in registers, once for each row.</summary>
    public const int FewRows = 3;

    /// <summary>
    /// Bytes after which a line of weights is used that is asked for now. On Zen 5, 8 KiB gave 0.82 to 0.99 of a plain read's rate, 4 KiB 0.79 to 0.88
    /// and 16 KiB 0.77 to 0.86 (docs/experiments.md).
    /// </summary>
    public const int PrefetchBytes = 8192;

    /// <summary>Runs of weights that few rows read side by side with vectors of 512 bits.</summary>
    public const int Runs = 4;

    /// <summary>
    /// <see cref="PrefetchBytes"/> of each of these runs. On Zen 5, 1 KiB gave 0.81 to 0.99 of a plain read's rate, 2 KiB 0.80 to 0.95 and none 0.66 to
    /// 0.94, where one run gave 0.67 to 1.02 (docs/experiments.md).
    /// </summary>
    public const int RunsPrefetchBytes = 1024;

    /// <summary>Bytes of a column in a chunk.</summary>
    public static int ChunkBytes(WeightFormat format) => ScaleBytes(format) + (4 * ChunkInputs / WordInputs(format));

    /// <summary>Bytes of a column's scale in a chunk.</summary>
    public static int ScaleBytes(WeightFormat format) => format is WeightFormat.Int8Blocks or WeightFormat.Int4Blocks ? sizeof(ushort) : 0;

    /// <summary>Inputs that a word holds.</summary>
    public static int WordInputs(WeightFormat format) => format switch
    {
        WeightFormat.BFloat16 or WeightFormat.Float16 => 2,
        WeightFormat.Int8Blocks or WeightFormat.Int8 => 4,
        WeightFormat.Int4Blocks => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Expected a narrow format."),
    };

    /// <summary>Chunks of so many inputs.</summary>
    public static int Chunks(int inputs) => (inputs + ChunkInputs - 1) / ChunkInputs;

    /// <summary>Bytes of a column. Columns of a group take turns, so a group begins at so many times its first column.</summary>
    public static long ColumnBytes(WeightFormat format, int inputs) => (long)Chunks(inputs) * ChunkBytes(format);

    /// <summary>Bytes of a matrix with its bias, and a scale and a sum of weights for each column where the format has one scale.</summary>
    public static long MatrixBytes(WeightFormat format, int inputs, int panels) => format == WeightFormat.Float32
        ? 4L * PanelLayout.PanelWidth * panels * (inputs + 1L)
        : (long)PanelLayout.PanelWidth * panels * (ColumnBytes(format, inputs) + (format == WeightFormat.Int8 ? 12 : 4));

    /// <summary>Panels that are widened together: a group, or half a group where that would not stay in a second-level cache.</summary>
    public static int WidenedPanels(int inputs) => inputs <= 2048 ? GroupPanels : GroupPanels / 2;

    /// <summary>
    /// Floats of scratch for rows of bytes: each chunk has a scale and a sum; or each row has these, an offset, and the place and value of an outlier.
    /// </summary>
    public static long QuantizedFloats(int rows, int inputs, bool inChunks) =>
        (long)rows * ((Chunks(inputs) * ChunkInputs / sizeof(float)) + (inChunks ? 2 * Chunks(inputs) : 5));

    /// <summary>Floats of scratch that a product of so many rows needs.</summary>
    public static long ScratchFloats(WeightFormat format, WeightArithmetic arithmetic, int rows, int inputs) =>
        format == WeightFormat.Float32 ? 0
        : Quantizes(format, arithmetic) ? QuantizedFloats(rows, inputs, format != WeightFormat.Int8)
        : rows <= FewRows ? 0 : (long)WidenedPanels(inputs) * PanelLayout.PanelWidth * inputs;

    /// <summary>Whether the inputs are quantised.</summary>
    public static bool Quantizes(WeightFormat format, WeightArithmetic arithmetic) =>
        format == WeightFormat.Int8 || (arithmetic == WeightArithmetic.Int8 && format is WeightFormat.Int8Blocks or WeightFormat.Int4Blocks);
}
