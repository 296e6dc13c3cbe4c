using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what a product that can be trained has beside <c>Forward</c>.</summary>
internal static class LinearBackwardEmitter
{
    /// <summary>What a backward does.</summary>
    public const string Summary =
        "Computes the gradients of a loss from its gradient at the output. Those of the weights are added to what is there, the others are written.";

    public static void Write(CodeWriter writer, LinearShape shape)
    {
        List<ForwardParameter> forward = [.. Inputs(shape)];
        List<ForwardParameter> backward = [.. Gradients(shape)];
        ForwardParameter options = forward[forward.Count - 1];
        forward.RemoveAt(forward.Count - 1);
        List<ForwardParameter> all = [backward[0], .. forward, .. backward.Skip(1), options];
        writer.Line($"/// <summary>{Summary}</summary>");
        foreach (ForwardParameter parameter in all)
            writer.Line($"/// <param name=\"{parameter.Name}\">{parameter.Text}.</param>");
        WriteExceptions(writer, "A length is wrong");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public void Backward({string.Join(", ", all.Select(parameter => parameter.Declaration))})"))
        {
            writer.Line("Backward(");
            writer.Line($"    new Library::LinearArguments {{ {Assignments(forward.Append(options))} }},");
            writer.Line($"    new Library::BackwardArguments {{ {Assignments(backward)} }});");
        }

        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public void Backward(in Library::LinearArguments arguments, in Library::BackwardArguments backward) =>");
        writer.Line("    Services::LinearBackward.Run(packedWeights, in arguments, in backward);");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public void Pack(Library::LinearWeights weights) => packedWeights.Repack(weights);");
        writer.Line();
    }

    /// <summary>What a backward gets of the forward, options included.</summary>
    public static IEnumerable<ForwardParameter> Inputs(LinearShape shape) =>
        LinearClassEmitter.Parameters(shape).Where(parameter => parameter.Property is not ("Output" or "Residual"));

    /// <summary>What a backward refuses.</summary>
    /// <param name="wrong">What is refused beside an overlap, as the beginning of a sentence.</param>
    public static void WriteExceptions(CodeWriter writer, string wrong)
    {
        writer.Line(
            $"/// <exception cref=\"global::System.ArgumentException\">{wrong}, or a gradient overlaps an input. Nothing is written then.</exception>");
        writer.Line("/// <exception cref=\"global::System.OperationCanceledException\">The call was cancelled. All gradients are undefined.</exception>");
    }

    private static string Assignments(IEnumerable<ForwardParameter> parameters) =>
        string.Join(", ", parameters.Select(parameter => $"{parameter.Property} = {parameter.Name}"));

    /// <summary>The gradients that a backward gets and gives; that of the output comes first.</summary>
    public static IEnumerable<ForwardParameter> Gradients(LinearShape shape)
    {
        yield return new(
            "ReadOnlySpan<float> outputGradient", "outputGradient", "OutputGradient", "The gradient of the loss at the output, laid out as the output");
        yield return new("Span<float> inputGradient", "inputGradient", "InputGradient", "Where the gradient of the input goes");
        if (shape.Gate)
            yield return new("Span<float> gateGradient", "gateGradient", "GateGradient", "Where the gradient of the gate goes");
        yield return new("Library::LinearGradients gradients", "gradients", "Gradients", "What the gradients of the weights are added to");
    }
}
