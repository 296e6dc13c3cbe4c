using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace AttentionGen.Generator.Model;

/// <summary>
/// The settings of a shape by name. A setting that an attribute and its shape have under one name is read and written without a line of its own.
/// </summary>
internal static class ShapeSettings
{
    /// <summary>All settings, in ordinal order: generated text must not depend on the order in which a compiler lists members.</summary>
    public static IReadOnlyList<PropertyInfo> All<TShape>() => SettingsOf<TShape>.All;

    /// <summary>Writes the settings that the user gave into a new shape; parsers judge them and resolve defaults.</summary>
    public static TShape Read<TShape>(SettingReader settings, TShape shape)
        where TShape : class
    {
        foreach (PropertyInfo setting in All<TShape>().Where(setting => settings.Has(setting.Name)))
            setting.SetValue(shape, settings.Value(setting.Name, setting.PropertyType));
        return shape;
    }

    /// <summary>The settings that differ from their defaults, with their values; the sizes that every kernel has come with any value.</summary>
    /// <param name="shape">A shape.</param>
    /// <param name="standard">A shape with the same sizes, and otherwise with defaults.</param>
    public static IEnumerable<(string Name, object Value)> Declared<TShape>(TShape shape, TShape standard)
        where TShape : class =>
        All<TShape>().Where(setting => IsRequired(setting) || !Equals(setting.GetValue(shape), setting.GetValue(standard)))
            .Select(setting => (setting.Name, setting.GetValue(shape)!));

    private static bool IsRequired(PropertyInfo setting) => setting.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));

    private static class SettingsOf<TShape>
    {
        public static readonly IReadOnlyList<PropertyInfo> All =
            [.. typeof(TShape).GetProperties().Where(property => property.CanWrite).OrderBy(property => property.Name, StringComparer.Ordinal)];
    }
}
