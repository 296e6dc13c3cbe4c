namespace System.Runtime.CompilerServices;

/// <summary>Lets records and init accessors compile for netstandard2.0.</summary>
internal static class IsExternalInit;

/// <summary>Lets required members compile for netstandard2.0.</summary>
[System.AttributeUsage(System.AttributeTargets.All)]
internal sealed class RequiredMemberAttribute : System.Attribute;

/// <summary>Lets required members compile for netstandard2.0.</summary>
[System.AttributeUsage(System.AttributeTargets.All, AllowMultiple = true)]
internal sealed class CompilerFeatureRequiredAttribute(string featureName) : System.Attribute
{
    public string FeatureName { get; } = featureName;
}
