using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace AttentionGen.Generator.Model;

/// <summary>The settings of a shape by name. A setting that the attribute and the shape have under one name is read and written without a line of its own.</summary>
internal static class ShapeSettings
{
    /// <summary>All settings, in ordinal order: generated text must not depend on the order in which a compiler lists members.</summary>
    public static IReadOnlyList<PropertyInfo> All { get; } =
        [.. typeof(AttentionShape).GetProperties().Where(property => property.CanWrite).OrderBy(property => property.Name, StringComparer.Ordinal)];

    /// <summary>A shape with the settings as the user gave them; parsers judge them and resolve defaults.</summary>
    public static AttentionShape Read(SettingReader settings)
    {
        AttentionShape shape = new() { Heads = 0, KvHeads = 0, HeadDim = 0, DModel = 0, MemoryDim = 0, Scale = 0 };
        foreach (PropertyInfo setting in All.Where(setting => settings.Has(setting.Name)))
            setting.SetValue(shape, settings.Value(setting.Name, setting.PropertyType));
        return shape;
    }

    /// <summary>The settings that differ from their defaults, with their values; the sizes that every kernel has come with any value.</summary>
    public static IEnumerable<(string Name, object Value)> Declared(AttentionShape shape)
    {
        AttentionShape standard = new()
        {
            Heads = shape.Heads, KvHeads = shape.KvHeads, HeadDim = shape.HeadDim, DModel = shape.DModel, MemoryDim = shape.MemoryDim, Scale = shape.Scale,
        };
        return All.Where(setting => IsRequired(setting) || !Equals(setting.GetValue(shape), setting.GetValue(standard)))
            .Select(setting => (setting.Name, setting.GetValue(shape)!));
    }

    private static bool IsRequired(PropertyInfo setting) => setting.IsDefined(typeof(System.Runtime.CompilerServices.RequiredMemberAttribute));
}
