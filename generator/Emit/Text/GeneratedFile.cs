namespace AttentionGen.Generator.Emit;

/// <summary>One file of generated C#: its hint name and its whole text.</summary>
internal sealed record GeneratedFile(string HintName, string Text);
