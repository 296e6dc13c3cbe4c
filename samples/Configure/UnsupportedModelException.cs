namespace AttentionGen.Samples.Configure;

/// <summary>The model has a part that no kernel computes, or its file says something that the sample does not understand.</summary>
internal sealed class UnsupportedModelException(string message) : Exception(message);
