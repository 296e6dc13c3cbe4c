using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Support;

/// <summary>The spans of a work that reads and writes none.</summary>
internal readonly struct NoSpans : ISpanList
{
    public int Count => 0;

    public ref byte Start(int index, out int length)
    {
        length = 0;
        return ref Unsafe.NullRef<byte>();
    }
}
