using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Spans that are pinned one after another while threads share them.</summary>
internal interface ISpanList
{
    /// <summary>How many spans; at most <see cref="PinnedSpans.Most"/>.</summary>
    int Count { get; }

    /// <summary>Where a span begins.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    /// <param name="length">Its elements.</param>
    ref byte Start(int index, out int length);
}

/// <summary>Pinned spans, which any thread may read and write until the call that pinned them returns.</summary>
[InlineArray(Most)]
internal struct PinnedSpans
{
    public const int Most = 32;

    private PinnedSpan first;
}

/// <summary>A pinned span, without the type of its elements.</summary>
internal readonly unsafe struct PinnedSpan(void* start, int length)
{
    private readonly void* start = start;
    private readonly int length = length;

    /// <summary>The span again.</summary>
    public Span<T> As<T>()
        where T : unmanaged => new(start, length);
}
