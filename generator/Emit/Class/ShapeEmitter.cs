using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes a shape as the initialiser of the runtime's. What a configuration does not declare is left at its default.</summary>
internal static class ShapeEmitter
{
    public static IEnumerable<string> Assignments<TShape>(TShape shape, TShape standard)
        where TShape : class =>
        ShapeSettings.Declared(shape, standard).Select(setting => $"{setting.Name} = {Literal(setting.Value)}");

    /// <summary>What a layer has beside its attention.</summary>
    public static IEnumerable<string> Assignments(TransformerLayerShape layer) =>
        ShapeSettings.Declared(layer, new() { Attention = layer.Attention, FeedForwardDim = 0 })
            .Where(setting => setting.Value is not AttentionShape)
            .Select(setting => $"{setting.Name} = {Literal(setting.Value)}");

    /// <summary>A value of a setting as C#.</summary>
    public static string Literal(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        float number => CodeWriter.Invariant($"{number:G9}f"),
        double number => CodeWriter.Invariant($"{number:R}d"),
        IEnumerable<double> numbers => $"new double[] {{ {string.Join(", ", numbers.Select(number => Literal(number)))} }}",
        IEnumerable<int> numbers => $"new int[] {{ {string.Join(", ", numbers.Select(number => Literal(number)))} }}",
        Enum several when several.GetType().IsDefined(typeof(FlagsAttribute), inherit: false) =>
            CodeWriter.Invariant($"(Library::{several.GetType().Name}){several:D}"),
        Enum one => $"Library::{one.GetType().Name}.{one}",
        _ => CodeWriter.Invariant($"{value}"),
    };
}
