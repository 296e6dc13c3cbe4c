using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>The spans of a call's arguments as a list, by which threads share them.</summary>
internal readonly ref struct ArgumentSpans(AttentionArguments arguments) : ISpanList
{
    private readonly AttentionArguments arguments = arguments;

    /// <inheritdoc/>
    public int Count => Spans;

    /// <summary>How many there are.</summary>
    public const int Spans = 24;

    /// <summary>The arguments again, on any thread.</summary>
    public static AttentionArguments Restore(
        in PinnedSpans spans, AttentionCache? cache, SavedActivations? activations, int batch, int maskLength, ForwardOptions options) => new()
    {
        Input = spans[0].As<float>(),
        Key = spans[1].As<float>(),
        Value = spans[2].As<float>(),
        Memory = spans[3].As<float>(),
        Output = spans[4].As<float>(),
        AdditiveMask = spans[5].As<float>(),
        Probabilities = spans[6].As<float>(),
        Scores = spans[7].As<float>(),
        LogSumExp = spans[8].As<float>(),
        RowOffsets = spans[9].As<int>(),
        KeyOffsets = spans[10].As<int>(),
        KeyStarts = spans[11].As<int>(),
        KeyLengths = spans[12].As<int>(),
        PrefixLengths = spans[13].As<int>(),
        Documents = spans[14].As<int>(),
        Positions = spans[15].As<int>(),
        BooleanMask = spans[16].As<bool>(),
        DocumentOffsets = spans[17].As<int>(),
        MaskLength = maskLength,
        MemoryLengths = spans[18].As<int>(),
        HeadMask = spans[19].As<float>(),
        MemoryHeadMask = spans[20].As<float>(),
        Cosines = spans[21].As<float>(),
        Sines = spans[22].As<float>(),
        ValueInput = spans[23].As<float>(),
        Cache = cache,
        Activations = activations,
        Batch = batch,
        Options = options,
    };

    /// <inheritdoc/>
    public ref byte Start(int index, out int length)
    {
        switch (index)
        {
            case 0: return ref Start(arguments.Input, out length);
            case 1: return ref Start(arguments.Key, out length);
            case 2: return ref Start(arguments.Value, out length);
            case 3: return ref Start(arguments.Memory, out length);
            case 4: return ref Start<float>(arguments.Output, out length);
            case 5: return ref Start(arguments.AdditiveMask, out length);
            case 6: return ref Start<float>(arguments.Probabilities, out length);
            case 7: return ref Start<float>(arguments.Scores, out length);
            case 8: return ref Start<float>(arguments.LogSumExp, out length);
            case 9: return ref Start(arguments.RowOffsets, out length);
            case 10: return ref Start(arguments.KeyOffsets, out length);
            case 11: return ref Start(arguments.KeyStarts, out length);
            case 12: return ref Start(arguments.KeyLengths, out length);
            case 13: return ref Start(arguments.PrefixLengths, out length);
            case 14: return ref Start(arguments.Documents, out length);
            case 15: return ref Start(arguments.Positions, out length);
            case 16: return ref Start(arguments.BooleanMask, out length);
            case 17: return ref Start<int>(arguments.DocumentOffsets, out length);
            case 18: return ref Start(arguments.MemoryLengths, out length);
            case 19: return ref Start(arguments.HeadMask, out length);
            case 20: return ref Start(arguments.MemoryHeadMask, out length);
            case 21: return ref Start(arguments.Cosines, out length);
            case 22: return ref Start(arguments.Sines, out length);
            default: return ref Start(arguments.ValueInput, out length);
        }
    }

    /// <summary>Where a span begins, without the type of its elements.</summary>
    public static ref byte Start<T>(ReadOnlySpan<T> span, out int length)
        where T : unmanaged
    {
        length = span.Length;
        return ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(span));
    }
}
