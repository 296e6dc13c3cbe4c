namespace AttentionGen;

/// <summary>What people open in place of a file of tensors: each is known by its first bytes.</summary>
internal static class FileImpostor
{
    private const int MaxListed = 3;

    private const string Download = "download the file itself, not the page that shows it";
    private const string Convert = "convert it to safetensors, or download the safetensors file of the same model";

    /// <summary>What a file is that begins with these bytes, and what to do, for a message; null where they tell nothing.</summary>
    /// <param name="start">The first bytes of the file.</param>
    /// <param name="isIndex">Whether it was opened as an index, so that JSON is right.</param>
    public static string? Describe(ReadOnlySpan<byte> start, bool isIndex)
    {
        ReadOnlySpan<byte> text = start.StartsWith("\uFEFF"u8) ? start[3..] : start;
        text = text.TrimStart(" \t\r\n"u8);
        if (start.StartsWith("version https://git-lfs"u8) || start.StartsWith("version https://hawser"u8))
            return "is a Git LFS pointer, not the file that it stands for; fetch that with 'git lfs pull', or download it";
        if (text.StartsWith("<"u8))
            return $"is a web page (HTML or XML); {Download}";
        if (!isIndex && text.StartsWith("{"u8))
            return "is JSON; a shard index is opened under a name that ends in '.json', with its shards beside it";
        if (start.StartsWith("PK\u0003\u0004"u8))
            return $"is a ZIP archive, as PyTorch's .bin, .pt and .pth files are; {Convert}";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x80, 2]) || start.StartsWith((ReadOnlySpan<byte>)[0x80, 4]))
            return $"is a Python pickle; {Convert}";
        if (start.StartsWith("GGUF"u8))
            return "is a GGUF file; open it with GgufFile.Open";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']))
            return $"is an HDF5 file; {Convert}";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
            return "is compressed by gzip; decompress it";
        return isIndex && start.Length > 8 && start[8] == (byte)'{' && start[7] == 0
            ? "is a safetensors file, not a shard index; open it under a name that does not end in '.json'"
            : null;
    }

    /// <summary>What a file is that begins with these bytes and is no GGUF file, and what to do, for a message; null where they tell nothing.</summary>
    /// <param name="start">The first bytes of the file.</param>
    public static string? DescribeNoGguf(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("lmgg"u8) || start.StartsWith("tjgg"u8) || start.StartsWith("fmgg"u8))
            return "is a GGML file, older than GGUF; convert it to GGUF, or download the GGUF file of the same model";
        return start.Length > 8 && start[8] == (byte)'{' && start[7] == 0
            ? "is a safetensors file; open it with SafetensorsFile.Open"
            : Describe(start, isIndex: false);
    }

    /// <summary>What to open in place of a folder, for a message.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="ends">How the names of files end that can be opened, each with a dot in front.</param>
    public static string DescribeFolder(string path, params string[] ends)
    {
        string[] files = [.. Directory.EnumerateFiles(path)
            .Select(file => Path.GetFileName(file))
            .Where(file => ends.Any(end => file.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
            // An index stands for all of its shards.
            .OrderByDescending(file => file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            .ThenBy(file => file, StringComparer.Ordinal)
            .Take(MaxListed)
            .Select(file => $"'{file}'")];
        return files.Length == 0
            ? $"is a directory, without any file that ends in '{ends[0]}'; name a file"
            : $"is a directory; name the file in it: {string.Join(" or ", files)}";
    }
}
