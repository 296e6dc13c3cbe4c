namespace AttentionGen.CompilerServices;

/// <summary>
/// The numbers of a class of one product that decide how a call is cut, as data: schedules are a function of them, and tests may ask for any.
/// </summary>
internal readonly record struct LinearNumbers
{
    /// <summary>Panels of columns.</summary>
    public required int Panels { get; init; }

    /// <summary>Panels that any cut of the columns is a multiple of.</summary>
    public required int ColumnUnit { get; init; }

    /// <summary>Rows that go through the weights together.</summary>
    public required int RowBlock { get; init; }

    /// <summary>Rows of a part are a multiple of this.</summary>
    public required int PartRows { get; init; }

    /// <summary>Floats of scratch that a row needs.</summary>
    public required int StripFloats { get; init; }

    /// <summary>Width of the input rows.</summary>
    public required int Inputs { get; init; }

    /// <summary>How the weights are stored.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>The arithmetic of the product.</summary>
    public WeightArithmetic Arithmetic { get; init; }
}

/// <summary>How a call of one product is cut for several threads: into columns while rows are few, otherwise into rows.</summary>
internal readonly struct LinearSchedule
{
    /// <summary>Parts of a thread, so that one that comes late or is slow leaves less to wait for.</summary>
    private const int PartsPerThread = 4;

    /// <summary>Whether a part is some columns of all rows; otherwise it is all columns of some rows.</summary>
    public required bool CutsColumns { get; init; }

    /// <summary>One phase. Its step is in panels of columns, or in rows.</summary>
    public required WorkSchedule Work { get; init; }

    /// <summary>
    /// Cuts a call. Cut into columns, threads read each weight once together; cut into rows, each of them reads all weights, so a block of rows for each
    /// has to make up for that.
    /// </summary>
    /// <param name="numbers">The class.</param>
    /// <param name="rows">Rows of the call.</param>
    /// <param name="threads">Threads that may work.</param>
    public static LinearSchedule Create(in LinearNumbers numbers, int rows, int threads)
    {
        if (EqualParts.Count(rows, numbers.RowBlock) < threads && numbers.Panels / numbers.ColumnUnit >= threads)
        {
            int step = EqualParts.Step(numbers.Panels, PartsPerThread * threads, numbers.ColumnUnit);
            return new()
            {
                CutsColumns = true,
                Work = new(threads, 0, ScratchFloats(in numbers, rows), 1, new WorkPhase(EqualParts.Count(numbers.Panels, step), step)),
            };
        }

        int partRows = EqualParts.RowStep(rows, numbers.RowBlock, threads, numbers.PartRows);
        return new()
        {
            CutsColumns = false,
            Work = new(threads, 0, ScratchFloats(in numbers, partRows), 1, new WorkPhase(EqualParts.Count(rows, partRows), partRows)),
        };
    }

    /// <summary>Floats of scratch for some rows: their strip, and then what a product with narrow weights needs.</summary>
    public static nint ScratchFloats(in LinearNumbers numbers, int rows)
    {
        int most = Math.Min(rows, numbers.RowBlock);
        return checked((nint)(((long)most * numbers.StripFloats) + NarrowLayout.ScratchFloats(numbers.Weights, numbers.Arithmetic, most, numbers.Inputs)));
    }
}
