using System;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>A parameter of a form that takes tensors: a tensor, or as in the form that takes spans.</summary>
/// <param name="Span">The parameter of the form that takes spans.</param>
/// <param name="Axes">The axes of the tensor, or null where it is none.</param>
internal sealed record TensorParameter(ForwardParameter Span, TensorAxes? Axes)
{
    private const string ReadOnly = "ReadOnlySpan<", Writable = "Span<";

    public static string TypePrefix { get; } = $"global::{TensorSupport.Namespace}.";

    public string Name => Span.Name;

    public string Property => Span.Property;

    /// <summary>What the form of spans calls empty if it is not wanted.</summary>
    public bool MayBeEmpty => Property is "Probabilities" or "Scores" or "LogSumExp";

    private bool IsReadOnly => Span.Declaration.StartsWith(ReadOnly, StringComparison.Ordinal);

    private string Element => Span.Declaration.Substring((IsReadOnly ? ReadOnly : Writable).Length).Split('>')[0];

    public string Declaration => Axes is null ? Span.Declaration : $"in {TypePrefix}{(IsReadOnly ? "ReadOnly" : "")}TensorSpan<{Element}> {Name}";

    /// <summary>What it is, for the XML documentation: the lengths of a tensor tell what that of a span tells in the other form.</summary>
    public string Text
    {
        get
        {
            int open = Span.Text.IndexOf('['), close = Span.Text.IndexOf(']');
            if (Axes is null || open < 0)
                return Span.Text;
            string rest = Span.Text.Substring(close + 1);
            int follows = rest.IndexOf("; the length gives", StringComparison.Ordinal);
            if (follows >= 0)
                rest = rest.Substring(0, follows);
            return $"{Span.Text.Substring(0, open)}{Axes.Text}{rest}{(Axes.Has(TensorAxis.MaskLength) ? "; keys from there on are masked" : "")}";
        }
    }

    /// <summary>Where the number of elements is kept.</summary>
    public string Elements => $"{Name}Elements";

    /// <summary>What the arguments get: the memory of a tensor that was found to be dense.</summary>
    public string Value => Axes is null ? Name : Memory(Name, Elements, IsReadOnly);

    /// <summary>The memory of a dense tensor as a span.</summary>
    public static string Memory(string name, string elements, bool isReadOnly) => isReadOnly
        ? $"MemoryMarshal.CreateReadOnlySpan(in {name}.GetPinnableReference(), {elements})"
        : $"MemoryMarshal.CreateSpan(ref {name}.GetPinnableReference(), {elements})";

    /// <summary>The statement that checks the tensor.</summary>
    public string Check
    {
        get
        {
            string method = Axes!.Heads > 0 ? "CheckHeads" : MayBeEmpty ? "CheckResult" : "Check";
            string heads = Axes.Heads > 0 ? CodeWriter.Invariant($"{Axes.Heads}, ") : "";
            string axes = string.Join(", ", System.Linq.Enumerable.Select(Axes.Axes, axis => axis.Expression));
            return $"int {Elements} = sizes.{method}(\"{Name}\", {Name}.Lengths, {Name}.Strides, {heads}[{axes}]);";
        }
    }
}
