namespace AttentionGen.Generator.Emit;

/// <summary>One file of generated C#: its hint name and its whole text.</summary>
internal sealed record GeneratedFile(string HintName, string Text)
{
    /// <summary>Whether it belongs to all classes of an assembly that need it, rather than to one. Files of one name have one text.</summary>
    public bool IsShared { get; init; }
}
