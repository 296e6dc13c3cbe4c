namespace AttentionGen.CompilerServices;

/// <summary>The spans of a call as pointers, by which other threads see them; good while the caller pins what they point to.</summary>
internal unsafe struct ForwardPointers
{
    public SpanPointer<float> Input, Key, Value, Memory, Output, AdditiveMask, Probabilities, Scores, LogSumExp;
    public SpanPointer<int> RowOffsets, KeyOffsets, KeyStarts, KeyLengths, PrefixLengths, Documents, Positions;
    public SpanPointer<bool> BooleanMask;

    /// <summary>The arguments again, on any thread.</summary>
    public readonly AttentionArguments ToArguments(AttentionCache? cache, int batch, ForwardOptions options) => new()
    {
        Input = Input.Span,
        Key = Key.Span,
        Value = Value.Span,
        Memory = Memory.Span,
        Output = Output.Span,
        Cache = cache,
        RowOffsets = RowOffsets.Span,
        KeyOffsets = KeyOffsets.Span,
        KeyStarts = KeyStarts.Span,
        KeyLengths = KeyLengths.Span,
        PrefixLengths = PrefixLengths.Span,
        Documents = Documents.Span,
        Positions = Positions.Span,
        BooleanMask = BooleanMask.Span,
        AdditiveMask = AdditiveMask.Span,
        Probabilities = Probabilities.Span,
        Scores = Scores.Span,
        LogSumExp = LogSumExp.Span,
        Batch = batch,
        Options = options,
    };
}

/// <summary>A pinned span.</summary>
internal readonly unsafe struct SpanPointer<T>(T* start, int length)
    where T : unmanaged
{
    private readonly T* start = start;
    private readonly int length = length;

    public Span<T> Span => new(start, length);
}
