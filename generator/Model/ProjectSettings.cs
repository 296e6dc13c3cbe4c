namespace AttentionGen.Generator.Model;

/// <summary>What the project says of all its classes.</summary>
/// <param name="VectorTargets">Names of the vector targets that it wants kernels for; empty for all.</param>
/// <param name="TakesTensors">Whether it references the types of tensors, see <see cref="TensorSupport"/>.</param>
internal sealed record ProjectSettings(EquatableArray<string> VectorTargets, bool TakesTensors);
