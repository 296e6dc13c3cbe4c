using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what every generated file begins with, and re-opens the user's types.</summary>
internal static class FileEmitter
{
    /// <summary>The version of the build, without the commit that may follow it.</summary>
    private static readonly string Version =
        typeof(FileEmitter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>
    /// They stand inside the namespace, where they win over types of the namespaces around it. What follows <c>::</c> is
    /// looked up in an alias only, so that types of the user's own, named like the runtime's, do no harm.
    /// </summary>
    public static readonly string[] Usings =
    [
        "using global::System;",
        "using global::System.Runtime.CompilerServices;",
        "using global::System.Runtime.InteropServices;",
        "using global::System.Runtime.Intrinsics;",
    ];

    /// <summary>Those that products need.</summary>
    public static readonly string[] ProductUsings = [.. Usings.Where(line => !line.Contains("InteropServices"))];

    /// <summary>Writes a file of a class.</summary>
    /// <param name="kernelClass">The class.</param>
    /// <param name="part">The part of the file's name between that of the class and <c>.g.cs</c>; empty for the file with the members for users.</param>
    /// <param name="writeHeader">Writes the header.</param>
    /// <param name="writeMembers">Writes the members.</param>
    /// <param name="baseList">The class's base list with its colon, or nothing.</param>
    /// <param name="writeRemarks">Writes the remarks of the class.</param>
    public static GeneratedFile Write(
        KernelClass kernelClass,
        string part,
        Action<CodeWriter> writeHeader,
        Action<CodeWriter> writeMembers,
        string baseList = "",
        Action<CodeWriter>? writeRemarks = null)
    {
        var writer = new CodeWriter();
        writeHeader(writer);
        Open(writer);
        using (Nest(writer, kernelClass, baseList, writeRemarks))
            writeMembers(writer);
        return new($"{kernelClass.HintName}.{part}{(part.Length == 0 ? "" : ".")}g.cs", writer.ToString());
    }

    /// <summary>
    /// All files of a class, each named in all of them, behind the header that a file begins with; with full names where the class hides some. Then those
    /// that it shares with other classes.
    /// </summary>
    public static IReadOnlyList<GeneratedFile> Together(KernelClass kernelClass, IReadOnlyList<GeneratedFile> files, IReadOnlyList<GeneratedFile> shared)
    {
        string names = $"\n//\n// Files of this class: {string.Join(", ", files.Select(file => file.HintName))}.";
        string products = shared.Count == 0 ? "" : $"\n// Its products, which classes share: {string.Join(", ", shared.Select(file => file.HintName))}.";
        return
        [
            .. files
                .Select((file, i) => WithNames(file, i == 0 ? names + products : names))
                .Select(file => ForClass(kernelClass, file)),
            .. shared,
        ];
    }

    private static GeneratedFile WithNames(GeneratedFile file, string names) =>
        file with { Text = file.Text.Insert(file.Text.IndexOf("\n\n", StringComparison.Ordinal), names) };

    /// <summary>The file with full names where the class hides some.</summary>
    public static GeneratedFile ForClass(KernelClass kernelClass, GeneratedFile file) =>
        kernelClass.HidesNames ? FullNames.Write(file, kernelClass.RuntimeAlias) : ShortLocals.Write(file);

    /// <summary>A nested type of a class, which generated code alone uses.</summary>
    public static CodeWriter.BlockScope Struct(CodeWriter writer, string name, string implemented, string summary)
    {
        writer.Line($"/// <summary>{summary}</summary>");
        GeneratedCode(writer);
        return writer.Block($"private readonly struct {name} : Services::{implemented}");
    }

    /// <summary>Ends the header.</summary>
    public static void Open(CodeWriter writer)
    {
        writer.Line();
        writer.Line("#nullable enable");
        writer.Line("#pragma warning disable CS0436, CS1573, CS1591 // Friends may have equal products; private members need no documentation.");
        writer.Line();
    }

    public static void GeneratedCode(CodeWriter writer) =>
        writer.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"AttentionGen\", \"{Version}\")]");

    /// <summary>Opens the namespace and every type down to the user's class, which gets a base list and, where given, remarks.</summary>
    private static IDisposable Nest(CodeWriter writer, KernelClass kernelClass, string baseList, Action<CodeWriter>? writeRemarks = null)
    {
        var scopes = new Stack<CodeWriter.BlockScope>();
        OpenNamespace(writer, kernelClass.Namespace, kernelClass.RuntimeAlias, [.. Usings, $"using Library = {kernelClass.RuntimeAlias}::AttentionGen;"]);
        for (int i = 0; i < kernelClass.Declarations.Count; i++)
        {
            bool last = i == kernelClass.Declarations.Count - 1;
            if (last)
                writeRemarks?.Invoke(writer);
            scopes.Push(writer.Block(kernelClass.Declarations[i] + (last ? baseList : "")));
        }

        return new Nesting(scopes);
    }

    /// <summary>Opens a namespace, and imports what generated code uses.</summary>
    public static void OpenNamespace(CodeWriter writer, string name, string runtime, string[] usings)
    {
        if (runtime != RuntimeAlias.Global)
            writer.Line($"extern alias {runtime};\n");
        if (name.Length > 0)
            writer.Line($"namespace {name};\n");

        foreach (string line in usings)
            writer.Line(line);
        writer.Line($"using Services = {runtime}::AttentionGen.CompilerServices;");
        writer.Line();
    }

    private sealed class Nesting(Stack<CodeWriter.BlockScope> scopes) : IDisposable
    {
        public void Dispose()
        {
            while (scopes.Count > 0)
                scopes.Pop().Dispose();
        }
    }
}
