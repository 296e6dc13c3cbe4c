using System.Text;

namespace AttentionGen;

/// <summary>What writers of files of tensors have in common.</summary>
internal static class FileWriting
{
    /// <summary>Writes a file. It appears under its name when it is complete, and replaces a file of that name.</summary>
    /// <param name="path">Where to write.</param>
    /// <param name="write">Writes the content.</param>
    public static void Save(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string unfinished = path + ".unfinished";
        try
        {
            using (FileStream stream = File.Create(unfinished))
            {
                write(stream);
                // Before the name changes: after a loss of power the name must not lead to a part of the file.
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <summary>Checks that a stream can be written.</summary>
    public static void CheckStream(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (!stream.CanWrite)
            throw new ArgumentException("The stream cannot be written; expected one that can.", nameof(stream));
    }

    /// <summary>Checks a tensor's name, and that its shape has as many elements as there are.</summary>
    /// <param name="names">The names that are taken.</param>
    /// <param name="name">The name.</param>
    /// <param name="shape">The dimensions.</param>
    /// <param name="length">The elements that there are.</param>
    /// <exception cref="ArgumentException">The name is taken or no valid Unicode, or the shape has another number of elements.</exception>
    public static void CheckTensor(HashSet<string> names, string name, ReadOnlySpan<long> shape, int length)
    {
        if (!IsUnicode(name))
            throw new ArgumentException($"name is '{name}', which has half a surrogate pair; expected valid Unicode.", nameof(name));
        if (names.Contains(name))
            throw new ArgumentException($"name is '{name}', which another tensor has; expected a name of its own.", nameof(name));
        string shapeText = $"[{string.Join(", ", shape.ToArray())}]";
        Int128 elements = 1;
        foreach (long dimension in shape)
        {
            if (dimension < 0)
                throw new ArgumentException($"shape is {shapeText}; expected no negative dimension.", nameof(shape));
            // What exceeds an array does so with each further dimension, unless one is 0.
            elements = Int128.Min(elements * dimension, long.MaxValue);
        }

        if (shape.Contains(0))
            elements = 0;
        if (length != elements)
            throw new ArgumentException($"values has {length} elements; expected {elements}, as the shape {shapeText} of '{name}' says.", "values");
    }

    /// <summary>Whether a text has no half of a surrogate pair.</summary>
    public static bool IsUnicode(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out Rune rune))
                return false;
            i += rune.Utf16SequenceLength - 1;
        }

        return true;
    }
}
