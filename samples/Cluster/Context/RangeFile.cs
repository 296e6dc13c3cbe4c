namespace AttentionGen.Samples.Cluster;

/// <summary>Where ranges are kept.</summary>
/// <param name="Path">A folder that all silos see.</param>
public sealed record RangeFolder(string Path);

/// <summary>
/// The file of a range. Whoever has it open is the only one: while a silo is being declared dead, two silos may believe that the range is theirs. The system
/// gives the lock back when its process ends, however that ends.
/// </summary>
internal sealed class RangeFile : IDisposable
{
    private readonly string path;
    private readonly FileStream only;

    /// <summary>Opens the file for this process alone.</summary>
    /// <exception cref="IOException">Another process has it open.</exception>
    public RangeFile(RangeFolder folder, string context, long number)
    {
        path = Path.Combine(folder.Path, $"{context}.{number}");
        only = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>Reads what was saved last, if anything was.</summary>
    public void Restore(AttentionCache cache)
    {
        if (!File.Exists(path))
            return;
        using FileStream stream = File.OpenRead(path);
        cache.Restore(stream);
    }

    /// <summary>Replaces the file. If the process ends meanwhile, the file is the old one or the new one.</summary>
    public void Save(AttentionCache cache)
    {
        using (FileStream stream = File.Create(path + ".unfinished"))
        {
            cache.Save(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".unfinished", path, overwrite: true);
    }

    public void Dispose() => only.Dispose();
}
