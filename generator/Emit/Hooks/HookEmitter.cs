using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes how a kernel applies the user's modifiers and mask predicate: their expression where vectors compute it, a call for every
/// eight keys of a vector method, and otherwise a call for one key. Calls go by the full name of the class, so that nothing of the kernel
/// can stand in between.
/// </summary>
internal static class HookEmitter
{
    private const int HookLanes = 8;

    /// <summary>The call of a scalar hook for one key.</summary>
    /// <param name="arguments">The score or the probability, where it is a modifier, the query head, and the positions of query and key.</param>
    public static string Call(KernelClass kernelClass, HookSpec hook, params string[] arguments) =>
        $"{kernelClass.FullName}.{hook.Name}({string.Join(", ", arguments)})";

    /// <summary>The call that gives the first key and the one after the last that a mask predicate may let be seen.</summary>
    /// <param name="range">The method that the predicate names.</param>
    /// <param name="head">The query head, an int.</param>
    /// <param name="query">Position of the query, an int.</param>
    /// <param name="keys">How many keys there are, an int.</param>
    public static string Range(KernelClass kernelClass, string range, string head, string query, string keys) =>
        $"{kernelClass.FullName}.{range}({head}, {query}, {keys})";

    /// <summary>Statements that replace a vector of scores, or of probabilities, by the modified ones. The modifier is not scalar.</summary>
    /// <param name="scores">A local of the target's vector of float.</param>
    /// <param name="head">The query head, an int.</param>
    /// <param name="query">Position of the query, an int.</param>
    /// <param name="firstKey">Position of the first lane's key, an int; the others follow it.</param>
    public static void Modify(
        CodeWriter writer, VectorTarget target, KernelClass kernelClass, HookSpec hook, string scores, string head, string query, string firstKey) =>
        Modify(writer, target, kernelClass, hook, [scores], head, query, firstKey);

    /// <summary>The same for several vectors whose keys follow each other.</summary>
    public static void Modify(
        CodeWriter writer,
        VectorTarget target,
        KernelClass kernelClass,
        HookSpec hook,
        IReadOnlyList<string> scores,
        string head,
        string query,
        string firstKey) =>
        new Hook(writer, target, kernelClass, hook, head, query, firstKey).Write(scores, isMask: false);

    /// <summary>Statements that replace scores by −∞ where the mask predicate hides the key. The predicate is not scalar.</summary>
    /// <param name="scores">A local of the target's vector of float.</param>
    /// <param name="head">The query head, an int.</param>
    /// <param name="query">Position of the query, an int.</param>
    /// <param name="firstKey">Position of the first lane's key, an int; the others follow it.</param>
    public static void Predicate(
        CodeWriter writer, VectorTarget target, KernelClass kernelClass, HookSpec hook, string scores, string head, string query, string firstKey) =>
        Predicate(writer, target, kernelClass, hook, [scores], head, query, firstKey);

    /// <summary>The same for several vectors whose keys follow each other.</summary>
    public static void Predicate(
        CodeWriter writer,
        VectorTarget target,
        KernelClass kernelClass,
        HookSpec hook,
        IReadOnlyList<string> scores,
        string head,
        string query,
        string firstKey) =>
        new Hook(writer, target, kernelClass, hook, head, query, firstKey).Write(scores, isMask: true);

    /// <summary>One hook at one place.</summary>
    private sealed class Hook(CodeWriter writer, VectorTarget target, KernelClass kernelClass, HookSpec hook, string head, string query, string firstKey)
    {
        public void Write(IReadOnlyList<string> scores, bool isMask)
        {
            using (writer.Block("unchecked"))
            {
                // Each is evaluated once, whatever expression it is.
                head = Local("hookHead", head);
                query = Local("hookQuery", query);
                firstKey = Local("hookKey", firstKey);
                if (hook.IsVector)
                    WriteCalls(scores, isMask);
                else
                    WriteExpression(scores, isMask);
            }
        }

        private void WriteExpression(IReadOnlyList<string> scores, bool isMask)
        {
            for (int i = 0; i < scores.Count; i++)
            {
                string key = i == 0 ? firstKey : CodeWriter.Invariant($"{firstKey} + {i * target.Lanes}");
                var expression = new VectorExpressionEmitter(writer, target, kernelClass.FullName, scores[i], head, query, key, $"hook{i}");
                Assign(scores[i], expression.Write(hook.VectorBody!, nested: isMask), isMask);
            }
        }

        /// <summary>A wide vector takes two calls; two narrow ones share one, and a last narrow one wastes half of it.</summary>
        private void WriteCalls(IReadOnlyList<string> scores, bool isMask)
        {
            writer.Line($"Vector256<int> hookKeys = Vector256.Create({firstKey}) + Vector256<int>.Indices;");
            string Eight(string vector, int offset)
            {
                string keys = offset == 0 ? "hookKeys" : $"hookKeys + Vector256.Create({offset})";
                return isMask ? Call(kernelClass, hook, head, query, keys) : Call(kernelClass, hook, vector, head, query, keys);
            }

            for (int i = 0; i < scores.Count; i++)
            {
                int offset = i * target.Lanes;
                if (target.Lanes == HookLanes)
                    Assign(scores[i], Eight(scores[i], offset), isMask);
                else if (target.Lanes > HookLanes)
                    Assign(
                        scores[i],
                        $"{target.VectorType}.Create({Eight($"{scores[i]}.GetLower()", offset)}, {Eight($"{scores[i]}.GetUpper()", offset + HookLanes)})",
                        isMask);
                else if (i % 2 == 0)
                    writer.Line(
                        $"Vector256<{(isMask ? "int" : "float")}> hook{i} = "
                            + $"{Eight($"Vector256.Create({scores[i]}, {scores[Math.Min(i + 1, scores.Count - 1)]})", offset)};");
                if (target.Lanes < HookLanes)
                    Assign(scores[i], i % 2 == 0 ? $"hook{i}.GetLower()" : $"hook{i - 1}.GetUpper()", isMask);
            }
        }

        private void Assign(string scores, string value, bool isMask) => writer.Line(isMask
            ? $"{scores} = {target.VectorType}.ConditionalSelect({value}.AsSingle(), {scores}, {target.VectorType}.Create(float.NegativeInfinity));"
            : $"{scores} = {value};");

        private string Local(string name, string expression)
        {
            if (expression.All(letter => char.IsLetterOrDigit(letter) || letter == '_'))
                return expression;
            writer.Line($"int {name} = {expression};");
            return name;
        }
    }
}
