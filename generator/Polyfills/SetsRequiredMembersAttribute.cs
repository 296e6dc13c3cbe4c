namespace System.Diagnostics.CodeAnalysis;

/// <summary>Lets records with required members compile for netstandard2.0.</summary>
[System.AttributeUsage(System.AttributeTargets.Constructor)]
internal sealed class SetsRequiredMembersAttribute : System.Attribute;
