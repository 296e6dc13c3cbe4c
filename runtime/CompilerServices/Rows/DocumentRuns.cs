using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Finds the neighbours that belong to one document in a sequence of never decreasing document numbers.</summary>
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
        first = Boundary(ref documents, 0, position, document, orEqual: false);
        end = Boundary(ref documents, position, keys, document, orEqual: true);
    }

    /// <summary>The first key from <paramref name="low"/> on whose document is not less, or with <paramref name="orEqual"/> is greater.</summary>
    private static nint Boundary(ref int documents, nint low, nint high, int document, bool orEqual)
    {
        while (low < high)
        {
            nint middle = low + ((high - low) / 2);
            int found = Unsafe.Add(ref documents, middle);
            if (found < document || (orEqual && found == document))
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
