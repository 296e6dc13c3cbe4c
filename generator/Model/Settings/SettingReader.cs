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
        where TEnum : struct, Enum => (TEnum)Enumeration(name, typeof(TEnum));

    /// <summary>A value that is given, in the type of its setting.</summary>
    public object Value(string name, Type type) => type.IsEnum ? Enumeration(name, type)
        : type == typeof(EquatableArray<double>) ? arguments.List<double>(name)
        : type == typeof(EquatableArray<int>) ? arguments.List<int>(name)
        : arguments.Get<object>(name, Activator.CreateInstance(type)!);

    /// <summary>A value of an enumeration or, of one with flags, any combination of its bits; the first value where it is neither.</summary>
    private object Enumeration(string name, Type type)
    {
        int value = Int(name);
        bool flags = type.IsDefined(typeof(FlagsAttribute), inherit: false);
        int[] values = [.. Enum.GetValues(type).Cast<int>()];
        if (flags ? (value & ~values.Aggregate((bits, bit) => bits | bit)) == 0 : values.Contains(value))
            return Enum.ToObject(type, value);
        IEnumerable<string> members = values.Where(
            bits => !flags || (bits != 0 && (bits & (bits - 1)) == 0)).Select(member => $"{type.Name}.{Enum.GetName(type, member)}");
        Report(
            DiagnosticDescriptors.UndefinedEnumValue,
            name,
            name,
            Text(value),
            flags ? $"a combination of {string.Join(", ", members)}" : string.Join(" or ", members));
        return Enum.ToObject(type, 0);
    }

    /// <summary>A setting without a default. The result is 0 where it is missing or illegal.</summary>
    public int Required(DiagnosticDescriptor descriptor, string name, int max, int example)
    {
        int value = Int(name);
        if (!Has(name))
            Report(descriptor, name, "is missing", $"for example {name} = {Text(example)}");
        else if (value < 1 || value > max)
            Report(descriptor, name, $"is {Text(value)}", Text(value < 1 ? 1 : max));
        else
            return value;
        return 0;
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
}
