using System;
using System.Globalization;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>A matrix of weights of a class: how it is stored, what its product does to the inputs, and what both cost.</summary>
/// <param name="Name">What it projects, as a noun.</param>
/// <param name="Outputs">Rows.</param>
/// <param name="Inputs">Columns.</param>
/// <param name="Panels">Panels of 16 outputs that it is packed into.</param>
/// <param name="Format">How its weights are stored.</param>
/// <param name="Arithmetic">What is declared for blocks of integers.</param>
internal sealed record StoredMatrix(string Name, int Outputs, int Inputs, int Panels, WeightFormat Format, WeightArithmetic Arithmetic)
{
    /// <summary>Bytes of the packed matrix and its bias.</summary>
    public long Bytes => NarrowLayout.MatrixBytes(Format, Inputs, Panels);

    /// <summary>Whether the inputs are quantised too.</summary>
    public bool QuantizesInputs => NarrowLayout.Quantizes(Format, Arithmetic);

    /// <summary>The expected error of the weights.</summary>
    public double WeightError => ErrorOf(Format);

    /// <summary>
    /// What rounding normally distributed weights to a format changes, in percent of the root mean square of the weights: half a step of the format, evenly
    /// distributed. A block of 32 has a largest magnitude of about 2.2 times their spread, a row of 512 of about 3.2 times.
    /// </summary>
    public static double ErrorOf(WeightFormat format) => format switch
    {
        WeightFormat.Float32 => 0,
        WeightFormat.BFloat16 => 0.17,
        WeightFormat.Float16 => 0.02,
        WeightFormat.Int8Blocks => 0.5,
        WeightFormat.Int4Blocks => 8,
        WeightFormat.Int8 => 0.7,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Expected a defined format."),
    };

    /// <summary>What quantising inputs to 8 bits changes, in percent of their spread.</summary>
    public const double InputError = 0.6;

    /// <summary>A percentage as text.</summary>
    public static string Percent(double value) => value.ToString("0.##", CultureInfo.InvariantCulture) + " %";
}
