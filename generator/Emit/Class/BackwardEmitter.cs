using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what a class that can be trained has beside <c>Forward</c>.</summary>
internal static class BackwardEmitter
{
    /// <summary>The interface of such a class.</summary>
    public static string Interface(AttentionPlan plan) => $"Library::ITrainable<{ClassEmitter.WeightsType(plan)}>";

    public static void Write(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        WriteActivations(writer, plans[0]);
        WriteBackward(writer, plans[0]);
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block("public void Backward(in Library::AttentionArguments arguments, in Library::BackwardArguments backward)"))
            SupportEmitter.WriteChoice(
                writer, plans.Select(plan => plan.Target), target => $"{ConstantsEmitter.Path(target)}.Backward(packedWeights, in arguments, in backward);");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public void Pack({ClassEmitter.WeightsType(plans[0])} weights) => packedWeights.Repack(weights);");
        writer.Line();
    }

    private static void WriteActivations(CodeWriter writer, AttentionPlan plan)
    {
        if (KeysName(plan) is not { } keys)
        {
            writer.Line("/// <summary>Makes room for what a forward keeps. It is reused from step to step.</summary>");
            writer.Line("/// <param name=\"batch\">The largest number of sequences.</param>");
            writer.Line("/// <param name=\"rows\">Rows of each sequence; only their product with the batch counts.</param>");
            FileEmitter.GeneratedCode(writer);
            writer.Line("public Library::SavedActivations CreateActivations(int batch, int rows) => packedWeights.CreateActivations(batch, rows, 0);");
            writer.Line();
            writer.Line("/// <inheritdoc/>");
            FileEmitter.GeneratedCode(writer);
            writer.Line(
                $"Library::SavedActivations {Interface(plan)}.CreateActivations(int batch, int rows, int keys) => "
                    + "packedWeights.CreateActivations(batch, rows, 0);");
        }
        else
        {
            writer.Line("/// <summary>Makes room for what a forward keeps. It is reused from step to step.</summary>");
            writer.Line("/// <param name=\"batch\">The largest number of sequences.</param>");
            writer.Line("/// <param name=\"rows\">Query rows of each sequence; only their product with the batch counts.</param>");
            writer.Line($"/// <param name=\"{keys}\">{(keys == "keys" ? "Keys" : "Memory rows")} of each sequence; the same.</param>");
            FileEmitter.GeneratedCode(writer);
            writer.Line(
                $"public Library::SavedActivations CreateActivations(int batch, int rows, int {keys}) => "
                    + $"packedWeights.CreateActivations(batch, rows, {keys});");
        }

        writer.Line();
    }

    /// <summary>What the keys of a call are counted by where they do not come from its rows; otherwise null.</summary>
    private static string? KeysName(AttentionPlan plan) =>
        !plan.Shape.HasProjections ? "keys" : plan.Shape.IsCrossAttention || plan.Memory is not null ? "memoryRows" : null;

    private static void WriteBackward(CodeWriter writer, AttentionPlan plan)
    {
        List<ForwardParameter> inputs = ForwardParameters.OfBackward(plan.Shape, plan.Layer).ToList();
        List<ForwardParameter> gradients = ForwardParameters.OfGradients(plan.Shape, plan.Layer, GradientsType(plan)).ToList();
        ForwardParameter options = ForwardParameters.Options;
        List<ForwardParameter> all = [gradients[0], .. inputs, .. gradients.Skip(1), options];
        WriteSummary(writer, plan);
        foreach (ForwardParameter parameter in all)
            writer.Line($"/// <param name=\"{parameter.Name}\">{parameter.Text}.</param>");
        WriteExceptions(writer, "A length is wrong");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public void Backward({string.Join(", ", all.Select(parameter => parameter.Declaration))})"))
        {
            writer.Line("ArgumentNullException.ThrowIfNull(activations);");
            IEnumerable<string> forward = inputs.Append(options).Select(Assignment).Append(
                plan.Shape.Ragged ? "Batch = rowOffsets.Length - 1" : "Batch = activations.Sequences");
            writer.Line("Backward(");
            writer.Line($"    new Library::AttentionArguments {{ {string.Join(", ", forward)} }},");
            writer.Line($"    new Library::BackwardArguments {{ {string.Join(", ", gradients.Select(Assignment))} }});");
        }

        writer.Line();
    }

    /// <summary>What a backward does.</summary>
    public static void WriteSummary(CodeWriter writer, AttentionPlan plan)
    {
        string learned = plan.Shape.Learns ? " Those of the weights are added to what is there, the others are written." : "";
        writer.Line($"/// <summary>Computes the gradients of a loss from its gradient at the output.{learned} Inputs are those of the forward.</summary>");
    }

    /// <summary>What a backward refuses.</summary>
    /// <param name="wrong">What is refused beside an overlap and wrong activations, as the beginning of a sentence.</param>
    public static void WriteExceptions(CodeWriter writer, string wrong)
    {
        writer.Line(
            $"/// <exception cref=\"global::System.ArgumentException\">{wrong}, a gradient overlaps an input, or the activations are not those "
                + "of such a forward. Nothing is written then.</exception>");
        writer.Line("/// <exception cref=\"global::System.OperationCanceledException\">The call was cancelled. All gradients are undefined.</exception>");
    }

    /// <summary>The type of the gradients of all weights.</summary>
    public static string GradientsType(AttentionPlan plan) => plan.FeedForward is null ? "Library::AttentionGradients" : "Library::TransformerLayerGradients";

    private static string Assignment(ForwardParameter parameter) => $"{parameter.Property} = {parameter.Name}";
}
