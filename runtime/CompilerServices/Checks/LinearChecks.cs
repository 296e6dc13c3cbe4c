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
        if (arguments.Options.MaxDegreeOfParallelism < 0)
            ThrowOptions(arguments.Options.MaxDegreeOfParallelism);
        (int rows, int rest) = Math.DivRem(arguments.Input.Length, shape.Inputs);
        if (rest != 0)
            ThrowInput(arguments.Input.Length, shape.Inputs);
        CheckRows("output", arguments.Output.Length, rows, shape.Outputs);
        CheckDeclared("gate", arguments.Gate.Length, shape.Gate, nameof(LinearShape.Gate), rows, shape.Outputs);
        CheckDeclared("residual", arguments.Residual.Length, shape.Residual, nameof(LinearShape.Residual), rows, shape.Outputs);
        CheckApart(arguments.Output, "input", arguments.Input);
        CheckApart(arguments.Output, "gate", arguments.Gate);
        CheckApart(arguments.Output, "residual", arguments.Residual);
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

    private static void CheckDeclared(string argument, int length, bool isDeclared, string setting, int rows, int outputs)
    {
        if (isDeclared)
            CheckRows(argument, length, rows, outputs);
        else if (length != 0)
            ThrowUndeclared(argument, length, setting);
    }

    private static void CheckRows(string argument, int length, int rows, int outputs)
    {
        if (length != (long)rows * outputs)
            ThrowRows(argument, length, rows, outputs);
    }

    private static void CheckApart(ReadOnlySpan<float> output, string name, ReadOnlySpan<float> input)
    {
        if (output.Overlaps(input))
            ThrowOverlap(name);
    }

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOptions(int threads) =>
        throw new ArgumentOutOfRangeException("options", threads, $"MaxDegreeOfParallelism is {threads}; expected 0 or more.");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowInput(int length, int inputs) =>
        throw new ArgumentException($"input.Length is {length}; expected a multiple of Inputs = {inputs}.", "input");

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowRows(string argument, int length, int rows, int outputs) =>
        throw new ArgumentException(
            $"{argument}.Length is {length}; expected rows · Outputs = {rows} · {outputs} = {(long)rows * outputs}, for as many rows as input has.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowUndeclared(string argument, int length, string setting) =>
        throw new ArgumentException($"{argument}.Length is {length}; expected 0, because the configuration does not declare {setting}.", argument);

    [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowOverlap(string input) =>
        throw new ArgumentException($"output overlaps {input}; expected memory of its own, because {input} is still read while output is written.", "output");
}
