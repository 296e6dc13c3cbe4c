namespace AttentionGen.CompilerServices;

/// <summary>The rows of a register tile, as a type: the compiler removes what further rows would need.</summary>
internal interface IRowCount
{
    static abstract int Rows { get; }
}

/// <summary>One row.</summary>
internal readonly struct OneRow : IRowCount
{
    public static int Rows => 1;
}

/// <summary>Two rows.</summary>
internal readonly struct TwoRows : IRowCount
{
    public static int Rows => 2;
}

/// <summary>Three rows.</summary>
internal readonly struct ThreeRows : IRowCount
{
    public static int Rows => 3;
}

/// <summary>Four rows.</summary>
internal readonly struct FourRows : IRowCount
{
    public static int Rows => 4;
}

/// <summary>Six rows.</summary>
internal readonly struct SixRows : IRowCount
{
    public static int Rows => 6;
}

/// <summary>Eight rows.</summary>
internal readonly struct EightRows : IRowCount
{
    public static int Rows => 8;
}

/// <summary>Twelve rows.</summary>
internal readonly struct TwelveRows : IRowCount
{
    public static int Rows => 12;
}
