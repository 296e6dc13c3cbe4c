using System;
using System.Collections.Generic;
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
    private static readonly string[] Usings =
    [
        "using global::System;",
        "using global::System.Runtime.CompilerServices;",
        "using global::System.Runtime.InteropServices;",
        "using global::System.Runtime.Intrinsics;",
    ];

    /// <summary>Ends the header.</summary>
    public static void Open(CodeWriter writer)
    {
        writer.Line();
        writer.Line("#nullable enable");
        writer.Line("#pragma warning disable CS1573, CS1591 // Private members and their parameters need no documentation.");
        writer.Line();
    }

    public static void GeneratedCode(CodeWriter writer) =>
        writer.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"AttentionGen\", \"{Version}\")]");

    /// <summary>Opens the namespace and every type down to the user's class, which gets a base list and, where given, remarks.</summary>
    public static IDisposable Nest(CodeWriter writer, KernelClass kernelClass, string baseList, Action<CodeWriter>? writeRemarks = null)
    {
        var scopes = new Stack<CodeWriter.BlockScope>();
        string runtime = kernelClass.RuntimeAlias;
        if (runtime != RuntimeAlias.Global)
            writer.Line($"extern alias {runtime};\n");
        if (kernelClass.Namespace.Length > 0)
            writer.Line($"namespace {kernelClass.Namespace};\n");

        foreach (string line in Usings)
            writer.Line(line);
        writer.Line($"using Library = {runtime}::AttentionGen;");
        writer.Line($"using Services = {runtime}::AttentionGen.CompilerServices;");
        writer.Line();
        for (int i = 0; i < kernelClass.Declarations.Count; i++)
        {
            bool last = i == kernelClass.Declarations.Count - 1;
            if (last)
                writeRemarks?.Invoke(writer);
            scopes.Push(writer.Block(kernelClass.Declarations[i] + (last ? baseList : "")));
        }

        return new Nesting(scopes);
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
