using System.Buffers;
using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Finds the keys that belong to one document. They are neighbours; the numbers of documents may come in any order.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class DocumentRuns
{
    /// <summary>The keys whose document is that of a position.</summary>
    /// <param name="documents">The document of key 0.</param>
    /// <param name="keys">Keys of the sequence.</param>
    /// <param name="position">A position; one that no key has sees none.</param>
    /// <param name="first">The first key of the document.</param>
    /// <param name="end">The end of its keys.</param>
    public static void Find(ref int documents, nint keys, nint position, out nint first, out nint end)
    {
        if (position < 0 || position >= keys)
        {
            first = end = 0;
            return;
        }

        int document = Unsafe.Add(ref documents, position);
        first = Boundary(ref documents, 0, position, document, isInside: true);
        end = Boundary(ref documents, position, keys, document, isInside: false);
    }

    /// <summary>Finds a key whose document occurs further ahead, with another document in between.</summary>
    /// <param name="documents">The document of each key of a sequence.</param>
    /// <returns>The key, or -1 where the keys of each document are neighbours.</returns>
    /// <remarks>Numbers that never decrease cost one comparison each.</remarks>
    internal static int FindReturn(ReadOnlySpan<int> documents)
    {
        for (int key = 1; key < documents.Length; key++)
        {
            if (documents[key] < documents[key - 1])
                return FindReturnAmongRuns(documents);
        }

        return -1;
    }

    private static int FindReturnAmongRuns(ReadOnlySpan<int> documents)
    {
        int[] pooled = ArrayPool<int>.Shared.Rent(documents.Length);
        try
        {
            int runs = 0;
            for (int key = 0; key < documents.Length; key++)
            {
                if (key == 0 || documents[key] != documents[key - 1])
                    pooled[runs++] = documents[key];
            }

            Span<int> sorted = pooled.AsSpan(0, runs);
            sorted.Sort();
            for (int run = 1; run < runs; run++)
            {
                if (sorted[run] == sorted[run - 1])
                    return SecondRun(documents, sorted[run]);
            }

            return -1;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(pooled);
        }
    }

    private static int SecondRun(ReadOnlySpan<int> documents, int document)
    {
        int end = documents.IndexOf(document);
        end += documents[end..].IndexOfAnyExcept(document);
        return end + documents[end..].IndexOf(document);
    }

    /// <summary>The first key whose document is the given one or, if <paramref name="isInside"/> is false, is another one.</summary>
    private static nint Boundary(ref int documents, nint low, nint high, int document, bool isInside)
    {
        while (low < high)
        {
            nint middle = low + ((high - low) / 2);
            if (Unsafe.Add(ref documents, middle) == document == isInside)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
