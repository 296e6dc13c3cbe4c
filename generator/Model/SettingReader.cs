using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>Reads the settings of one attribute with their defaults, and reports what is wrong with one.</summary>
internal sealed class SettingReader(AttributeArguments arguments, ProblemReporter problems)
{
    /// <summary>Whether anything was reported for the class.</summary>
    public bool AnyProblem => problems.Any;

    public bool Has(string name) => arguments.Has(name);

    public bool Bool(string name, bool fallback = false) => arguments.Get(name, fallback);

    public int Int(string name, int fallback = 0) => arguments.Get(name, fallback);

    public float Float(string name, float fallback = 0) => arguments.Get(name, fallback);

    public double Double(string name, double fallback = 0) => arguments.Get(name, fallback);

    public TEnum Enumeration<TEnum>(string name)
        where TEnum : struct, Enum
    {
        int value = Int(name);
        if (Enum.IsDefined(typeof(TEnum), value))
            return (TEnum)(object)value;
        Report(DiagnosticDescriptors.UndefinedEnumValue, name, name, Text(value), Names<TEnum>(Enum.GetNames(typeof(TEnum)), " or "));
        return default;
    }

    /// <summary>Any combination of the enum's bits.</summary>
    public TEnum Flags<TEnum>(string name)
        where TEnum : struct, Enum
    {
        int value = Int(name);
        int all = Enum.GetValues(typeof(TEnum)).Cast<int>().Aggregate((bits, bit) => bits | bit);
        if ((value & ~all) == 0)
            return (TEnum)(object)value;
        Report(DiagnosticDescriptors.UndefinedEnumValue, name, name, Text(value), $"a combination of {Names<TEnum>(Enum.GetNames(typeof(TEnum)).Skip(1), ", ")}");
        return default;
    }

    /// <summary>Reports on a setting, or on the whole attribute where it is not given.</summary>
    public void Report(DiagnosticDescriptor descriptor, string name, params string[] messageArguments) =>
        problems.ReportOn(descriptor, name, null, messageArguments);

    /// <summary>Reports a setting that is given but means nothing without another.</summary>
    public void WithoutEffect(string name, string needed, string add) =>
        Report(DiagnosticDescriptors.WithoutEffect, name, name, needed, add);

    public static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>The closest legal values below and above, such as <c>4 or 8</c>.</summary>
    public static string Nearest(int value, int min, int max, Func<int, bool> isLegal)
    {
        var found = new List<string>();
        for (int below = Math.Min(value, max); below >= min && found.Count == 0; below--)
        {
            if (isLegal(below))
                found.Add(Text(below));
        }

        int foundBelow = found.Count;
        for (int above = Math.Max(value, min); above <= max && found.Count == foundBelow; above++)
        {
            if (isLegal(above))
                found.Add(Text(above));
        }

        return string.Join(" or ", found.Distinct());
    }

    private static string Names<TEnum>(IEnumerable<string> members, string separator) =>
        string.Join(separator, members.Select(member => $"{typeof(TEnum).Name}.{member}"));
}
