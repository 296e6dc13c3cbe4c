namespace AttentionGen.Tests.Support;

/// <summary>Finds the test data that lies beside the repository; outside users do not have it, and skip what needs it.</summary>
internal static class SharedFiles
{
    private static readonly string Root = FindRoot();

    /// <summary>The folder beside the repository, whether it is there or not.</summary>
    public static string Folder => Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    /// <summary>The path of a file or folder of it; skips the running test where there is none of it at all.</summary>
    public static string Require(params ReadOnlySpan<string> parts)
    {
        Assert.SkipUnless(Directory.Exists(Folder), $"The test data is not there: {Folder}.");
        return Path.Combine([Folder, .. parts]);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "AttentionGen.sln")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException($"AttentionGen.sln is in no folder above {AppContext.BaseDirectory}.");
    }
}
