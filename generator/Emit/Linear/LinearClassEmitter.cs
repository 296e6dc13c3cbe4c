using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file with the members that a user of a product sees.</summary>
internal static class LinearClassEmitter
{
    /// <summary>What <c>Forward</c> does.</summary>
    public const string Summary = "Computes the product of each row and the weights, and what the configuration declares to follow.";

    public static GeneratedFile Write(IReadOnlyList<LinearPlan> plans)
    {
        LinearPlan plan = plans[0];
        return SupportEmitter.WriteClass(
            [.. plans.Select(LinearProse.Of)],
            $" : Library::ILinear<{plan.Class.Name}>{(plan.Shape.Gradients ? ", Library::ITrainableLinear" : "")}",
            writer => WriteShape(writer, plan.Shape),
            writer => WriteMembers(writer, plans));
    }

    private static void WriteMembers(CodeWriter writer, IReadOnlyList<LinearPlan> plans)
    {
        LinearPlan plan = plans[0];
        WriteConstruction(writer, plans);
        WriteForward(writer, plan.Shape);
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"void Library::ILinear<{plan.Class.Name}>.Forward(in Library::LinearArguments arguments) => Run(in arguments);");
        writer.Line();
        if (plan.Shape.Gradients)
            LinearBackwardEmitter.Write(writer, plan.Shape);
        using (writer.Block("private void Run(in Library::LinearArguments arguments)"))
        {
            SupportEmitter.WriteChoice(
                writer, plans.Select(each => each.Target), target => $"{LinearConstantsEmitter.Path(target)}.Forward(packedWeights, in arguments);");
        }
    }

    private static void WriteShape(CodeWriter writer, LinearShape shape)
    {
        writer.Line("/// <summary>Width of the input rows.</summary>");
        FileEmitter.GeneratedCode(writer);
        writer.Line(CodeWriter.Invariant($"public const int Inputs = {shape.Inputs};"));
        writer.Line();
        writer.Line("/// <summary>Width of the output rows.</summary>");
        FileEmitter.GeneratedCode(writer);
        writer.Line(CodeWriter.Invariant($"public const int Outputs = {shape.Outputs};"));
        writer.Line();
        writer.Line("private readonly Services::PackedLinear packedWeights;");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public static Library::LinearShape Shape { get; } = new()");
        writer.Line("{");
        foreach (string assignment in ShapeEmitter.Assignments(shape, new LinearShape { Inputs = shape.Inputs, Outputs = shape.Outputs }))
            writer.Line($"    {assignment},");
        writer.Line("};");
        writer.Line();
    }

    private static void WriteConstruction(CodeWriter writer, IReadOnlyList<LinearPlan> plans)
    {
        LinearPlan plan = plans[0];
        string name = plan.Class.Name;
        string bias = plan.Shape.Bias ? CodeWriter.Invariant($", and a bias [{plan.Shape.Outputs}]") : "";
        string shared = plan.Shape.Gradients
            ? "Threads may share the object, but for calls of <c>Pack</c>"
            : "The object is immutable, so threads may share it";
        writer.Line($"/// <summary>Creates an object that computes the product, and packs the weights. {shared}.</summary>");
        writer.Line(CodeWriter.Invariant($"/// <param name=\"weights\">A matrix [{plan.Shape.Outputs}, {plan.Shape.Inputs}]{bias}.</param>"));
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A tensor has another shape, or the bias is missing or superfluous.</exception>");
        SupportEmitter.DescribeRefusal(writer, plans.Select(each => each.Target));
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public {name}(Library::LinearWeights weights)"))
        {
            SupportEmitter.WriteRefusal(writer, name, plans.Select(each => each.Target));
            writer.Line($"packedWeights = Services::PackedLinear.Pack<{ConstantsEmitter.TypeName}>(Shape, weights);");
        }

        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static {name} Create(Library::LinearWeights weights) => new(weights);");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static long GetScratchBytes(int rows) => Services::LinearCall.GetScratchBytes<{ConstantsEmitter.TypeName}>(rows);");
        writer.Line();
    }

    private static void WriteForward(CodeWriter writer, LinearShape shape)
    {
        List<ForwardParameter> parameters = [.. Parameters(shape)];
        writer.Line($"/// <summary>{Summary}</summary>");
        foreach (ForwardParameter parameter in parameters)
            writer.Line($"/// <param name=\"{parameter.Name}\">{parameter.Text}.</param>");
        WriteExceptions(writer, "A length is wrong");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public void Forward({string.Join(", ", parameters.Select(parameter => parameter.Declaration))})"))
        {
            IEnumerable<string> assignments = parameters.Select(parameter => $"{parameter.Property} = {parameter.Name}");
            writer.Line($"Run(new Library::LinearArguments {{ {string.Join(", ", assignments)} }});");
        }
    }

    /// <summary>What <c>Forward</c> refuses.</summary>
    /// <param name="wrong">What is refused beside an overlap, as the beginning of a sentence.</param>
    public static void WriteExceptions(CodeWriter writer, string wrong)
    {
        writer.Line($"/// <exception cref=\"global::System.ArgumentException\">{wrong}, or the output overlaps an input. Nothing is written then.</exception>");
        writer.Line("/// <exception cref=\"global::System.OperationCanceledException\">The call was cancelled. The output is undefined.</exception>");
    }

    /// <summary>The parameters of <c>Forward</c>.</summary>
    public static IEnumerable<ForwardParameter> Parameters(LinearShape shape)
    {
        yield return new("ReadOnlySpan<float> input", "input", "Input", CodeWriter.Invariant($"[rows, {shape.Inputs}]; the length gives the number of rows"));
        yield return new("Span<float> output", "output", "Output", CodeWriter.Invariant($"[rows, {shape.Outputs}]; must not overlap an input"));
        if (shape.Gate)
            yield return new("ReadOnlySpan<float> gate", "gate", "Gate", CodeWriter.Invariant($"[rows, {shape.Outputs}]: what each output is multiplied by"));
        if (shape.Residual)
            yield return new(
                "ReadOnlySpan<float> residual", "residual", "Residual", CodeWriter.Invariant($"[rows, {shape.Outputs}]: what is added to each output"));
        yield return new("in Library::ForwardOptions options = default", "options", "Options", "Threads and cancellation");
    }
}
