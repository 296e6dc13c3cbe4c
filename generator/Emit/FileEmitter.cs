using System;
using System.Collections.Generic;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what every generated file begins with, and re-opens the user's types.</summary>
internal static class FileEmitter
{
    private const string Version = "0.1.0";

    /// <summary>Aliases stand inside the namespace, where they win over types of the namespaces around it.</summary>
    private static readonly string[] Usings =
    [
        "using System;",
        "using System.Runtime.CompilerServices;",
        "using System.Runtime.InteropServices;",
        "using System.Runtime.Intrinsics;",
        "using AttentionGen;",
        "using AttentionGen.CompilerServices;",
    ];

    /// <summary>Ends the header.</summary>
    public static void Open(CodeWriter writer)
    {
        writer.Line();
        writer.Line("#nullable enable");
        writer.Line("#pragma warning disable CS1591 // Private members need no documentation.");
        writer.Line();
    }

    public static void GeneratedCode(CodeWriter writer) =>
        writer.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"AttentionGen\", \"{Version}\")]");

    /// <summary>Opens the namespace and every type down to the user's class, which gets a base list.</summary>
    public static IDisposable Nest(CodeWriter writer, AttentionSpec spec, string baseList)
    {
        var scopes = new Stack<CodeWriter.BlockScope>();
        if (spec.Target.Namespace.Length > 0)
            writer.Line($"namespace {spec.Target.Namespace};\n");

        foreach (string line in Usings)
            writer.Line(line.Replace("using ", "using global::"));
        writer.Line();
        for (int i = 0; i < spec.Target.Declarations.Count; i++)
        {
            bool last = i == spec.Target.Declarations.Count - 1;
            scopes.Push(writer.Block(spec.Target.Declarations[i] + (last ? baseList : "")));
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
