namespace AttentionGen;

/// <summary>What opening may allocate: twice the bytes of all that is opened, and 1 MB. Everything is taken from it before objects are made.</summary>
internal sealed class FileAllowance
{
    /// <summary>What the 1 MB leaves when exceptions, their texts and what a process allocates once are off.</summary>
    private const long SpareBytes = 900_000;

    private long fileBytes;
    private long takenBytes;

    /// <summary>Allows twice a file's bytes more.</summary>
    public void AddFile(long bytes) => fileBytes += bytes;

    /// <summary>Takes what is about to be allocated.</summary>
    /// <param name="bytes">About how much, and no less.</param>
    /// <param name="file">The file that asks for it.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <exception cref="InvalidDataException">It is more than is left.</exception>
    public void Take(long bytes, string file, string what)
    {
        long left = (2 * fileBytes) + SpareBytes - takenBytes;
        if (bytes > left)
            throw FileErrors.Malformed(
                file, $"{what} take about {bytes} bytes; expected at most {left}, what is left of twice the {fileBytes} bytes read and {SpareBytes}");
        takenBytes += bytes;
    }
}
