using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file with the forms of a product that take tensors, for a project that references them.</summary>
internal static class LinearTensorEmitter
{
    private const string Wrong = "A tensor has other axes or is not dense";

    public static GeneratedFile Write(LinearPlan plan) => FileEmitter.Write(
        plan.Class, "Tensors", writer => TensorEmitter.WriteHeader(writer, plan.Class), writer => WriteMembers(writer, plan.Shape));

    private static void WriteMembers(CodeWriter writer, LinearShape shape)
    {
        WriteForward(writer, shape);
        if (!shape.Gradients)
            return;
        writer.Line();
        WriteBackward(writer, shape);
    }

    private static void WriteForward(CodeWriter writer, LinearShape shape)
    {
        List<TensorParameter> parameters = [.. LinearClassEmitter.Parameters(shape).Select(Tensor)];
        writer.Line($"/// <summary>{LinearClassEmitter.Summary}</summary>");
        WriteParameters(writer, parameters);
        LinearClassEmitter.WriteExceptions(writer, Wrong);
        TensorEmitter.WriteAttributes(writer);
        using (writer.Block($"public void Forward({Declarations(parameters)})"))
        {
            WriteChecks(writer, parameters, shape);
            WriteArguments(writer, "Run(new Library::LinearArguments", parameters, ");", "");
        }
    }

    private static void WriteBackward(CodeWriter writer, LinearShape shape)
    {
        List<TensorParameter> forward = [.. LinearBackwardEmitter.Inputs(shape).Select(Tensor)];
        List<TensorParameter> backward = [.. LinearBackwardEmitter.Gradients(shape).Select(Tensor)];
        TensorParameter options = forward[forward.Count - 1];
        List<TensorParameter> all = [backward[0], .. forward.Where(parameter => parameter != options), .. backward.Skip(1), options];
        writer.Line($"/// <summary>{LinearBackwardEmitter.Summary}</summary>");
        WriteParameters(writer, all);
        LinearBackwardEmitter.WriteExceptions(writer, Wrong);
        TensorEmitter.WriteAttributes(writer);
        using (writer.Block($"public void Backward({Declarations(all)})"))
        {
            // What belongs to the forward first, as the input tells of all rows.
            WriteChecks(writer, [.. forward, .. backward], shape);
            writer.Line("Backward(");
            WriteArguments(writer, "    new Library::LinearArguments", forward, ",", "    ");
            WriteArguments(writer, "    new Library::BackwardArguments", backward, ");", "    ");
        }
    }

    /// <summary>Rows have any axes before their own.</summary>
    private static TensorParameter Tensor(ForwardParameter parameter) =>
        new(parameter, parameter.Property is "Options" or "Gradients" ? null : new TensorAxes([]));

    private static string Declarations(IEnumerable<TensorParameter> parameters) => string.Join(", ", parameters.Select(parameter => parameter.Declaration));

    private static void WriteParameters(CodeWriter writer, IEnumerable<TensorParameter> parameters)
    {
        writer.Line(
            "/// <remarks>Tensors are dense, in row-major order, and others are refused. Before the axis of a row they have any axes, all the same.</remarks>");
        foreach (TensorParameter parameter in parameters)
            writer.Line($"/// <param name=\"{parameter.Name}\">{Text(parameter)}.</param>");
    }

    private static string Text(TensorParameter parameter)
    {
        string text = parameter.Span.Text.Replace("; the length gives the number of rows", "");
        return text.StartsWith("[rows", System.StringComparison.Ordinal) ? $"[...{text.Substring("[rows".Length)}" : text;
    }

    private static void WriteChecks(CodeWriter writer, IEnumerable<TensorParameter> parameters, LinearShape shape)
    {
        foreach (TensorParameter parameter in parameters.Where(parameter => parameter.Axes is not null))
        {
            string width = CodeWriter.Invariant($"{(parameter.Property is "Input" or "InputGradient" ? shape.Inputs : shape.Outputs)}");
            string rows = parameter.Property == "Input" ? "" : ", input.Lengths";
            writer.Line(
                $"int {parameter.Elements} = Services::TensorChecks.CheckRows(\"{parameter.Name}\", {parameter.Name}.Lengths, {parameter.Name}.Strides, "
                    + $"{width}{rows});");
        }
    }

    private static void WriteArguments(CodeWriter writer, string start, IEnumerable<TensorParameter> parameters, string end, string indentation)
    {
        writer.Line(start);
        writer.Line($"{indentation}{{");
        foreach (TensorParameter parameter in parameters)
            writer.Line($"{indentation}    {parameter.Property} = {parameter.Value},");
        writer.Line($"{indentation}}}{end}");
    }
}
