using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// What a call of one product refuses, before it writes anything. Messages name the argument of <c>Forward</c>, its value and what was expected. Checks
/// allocate nothing, and what throws is kept out of line.
/// </summary>
internal static class LinearChecks
{
    /// <summary>Checks the arguments of a call.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="arguments">What the caller gave.</param>
    /// <returns>Rows.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, of the wrong length, or overlaps the output.</exception>
    public static int Validate(LinearShape shape, in LinearArguments arguments)
    {
        int rows = CheckInput(shape, in arguments);
        CheckRows("output", arguments.Output.Length, rows, shape.Outputs);
        CheckDeclared("gate", arguments.Gate.Length, shape.Gate, nameof(LinearShape.Gate), rows, shape.Outputs);
        CheckDeclared("residual", arguments.Residual.Length, shape.Residual, nameof(LinearShape.Residual), rows, shape.Outputs);
        CheckApart(arguments.Output, "input", arguments.Input);
        CheckApart(arguments.Output, "gate", arguments.Gate);
        CheckApart(arguments.Output, "residual", arguments.Residual);
        return rows;
    }

    /// <summary>Checks the arguments of a backward.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="arguments">The arguments of the forward.</param>
    /// <param name="backward">Where gradients come from and go to.</param>
    /// <returns>Rows.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, of the wrong length, or overlaps a gradient.</exception>
    public static int ValidateBackward(LinearShape shape, in LinearArguments arguments, in BackwardArguments backward)
    {
        int rows = CheckInput(shape, in arguments);
        CheckRows("outputGradient", backward.OutputGradient.Length, rows, shape.Outputs);
        CheckRows("inputGradient", backward.InputGradient.Length, rows, shape.Inputs, "Inputs");
        CheckDeclared("gate", arguments.Gate.Length, shape.Gate, nameof(LinearShape.Gate), rows, shape.Outputs);
        CheckDeclared("gateGradient", backward.GateGradient.Length, shape.Gate, nameof(LinearShape.Gate), rows, shape.Outputs);
        ArgumentNullException.ThrowIfNull(backward.Gradients, "gradients");
        if (backward.Gradients is not LinearGradients own)
            throw new ArgumentException($"gradients are {backward.Gradients.GetType().Name}; expected LinearGradients.", "gradients");
        CheckGradient("Weight", own.Weight.Length, (long)shape.Outputs * shape.Inputs);
        CheckGradient("Bias", own.Bias.Length, shape.Bias ? shape.Outputs : 0);
        CheckApart(backward.InputGradient, "input", arguments.Input, "inputGradient");
        CheckApart(backward.InputGradient, "gate", arguments.Gate, "inputGradient");
        CheckApart(backward.InputGradient, "outputGradient", backward.OutputGradient, "inputGradient");
        CheckApart(backward.InputGradient, "gateGradient", backward.GateGradient, "inputGradient");
        CheckApart(backward.GateGradient, "input", arguments.Input, "gateGradient");
        CheckApart(backward.GateGradient, "gate", arguments.Gate, "gateGradient");
        CheckApart(backward.GateGradient, "outputGradient", backward.OutputGradient, "gateGradient");
        return rows;
    }

    /// <summary>Checks that weights are of exactly the product's shape.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="weights">What the caller gave.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or the bias is missing or superfluous.</exception>
    public static void ValidateWeights(LinearShape shape, LinearWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        KernelChecks.CheckProjection("linear", weights.Projection, shape.Outputs, "Outputs", shape.Inputs, "Inputs", shape.Bias, nameof(LinearShape.Bias));
    }

    private static int CheckInput(LinearShape shape, in LinearArguments arguments)
    {
        if (arguments.Options.MaxDegreeOfParallelism < 0)
            ThrowOptions(arguments.Options.MaxDegreeOfParallelism);
        (int rows, int rest) = Math.DivRem(arguments.Input.Length, shape.Inputs);
        if (rest != 0)
            ThrowInput(arguments.Input.Length, shape.Inputs);
        return rows;
    }

    private static void CheckGradient(string name, int length, long expected)
    {
        if (length != expected)
            throw new ArgumentException($"gradients.{name} has {length} elements; expected {expected}, as the weights of this product have.", "gradients");
    }

    private static void CheckDeclared(string argument, int length, bool isDeclared, string setting, int rows, int outputs)
    {
        if (isDeclared)
            CheckRows(argument, length, rows, outputs);
        else if (length != 0)
            ThrowUndeclared(argument, length, setting);
    }

    private static void CheckRows(string argument, int length, int rows, int width, string name = nameof(LinearShape.Outputs))
    {
        if (length != (long)rows * width)
            ThrowRows(argument, length, rows, width, name);
    }

    private static void CheckApart(ReadOnlySpan<float> output, string name, ReadOnlySpan<float> input, string result = "output")
    {
        if (output.Overlaps(input))
            ThrowOverlap(name, result);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOptions(int threads) =>
        throw new ArgumentOutOfRangeException("options", threads, $"MaxDegreeOfParallelism is {threads}; expected 0 or more.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowInput(int length, int inputs) =>
        throw new ArgumentException($"input.Length is {length}; expected a multiple of Inputs = {inputs}.", "input");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowRows(string argument, int length, int rows, int width, string name) =>
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected rows · {name} = {rows} · {width} = {(long)rows * width}, for as many rows as input has.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowUndeclared(string argument, int length, string setting) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected 0, because the configuration does not declare {setting}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOverlap(string input, string output) =>
        throw new ArgumentException($"{output} overlaps {input}; expected memory of its own, because {input} is still read while {output} is written.", output);
}
