using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

// Outputs are written while inputs are still read.
public static partial class KernelChecks
{
    private static void CheckOverlaps(AttentionShape shape, in AttentionArguments arguments)
    {
        CheckInputs("output", arguments.Output, shape, in arguments);
        if (shape.Outputs == AttentionOutputs.None)
            return;
        CheckInputs("probabilities", arguments.Probabilities, shape, in arguments);
        CheckInputs("scores", arguments.Scores, shape, in arguments);
        CheckInputs("logSumExp", arguments.LogSumExp, shape, in arguments);
        CheckApart("probabilities", arguments.Probabilities, "output", arguments.Output);
        CheckApart("scores", arguments.Scores, "output", arguments.Output);
        CheckApart("scores", arguments.Scores, "probabilities", arguments.Probabilities);
        CheckApart("logSumExp", arguments.LogSumExp, "output", arguments.Output);
        CheckApart("logSumExp", arguments.LogSumExp, "probabilities", arguments.Probabilities);
        CheckApart("logSumExp", arguments.LogSumExp, "scores", arguments.Scores);
    }

    private static void CheckInputs(string argument, ReadOnlySpan<float> output, AttentionShape shape, in AttentionArguments arguments)
    {
        CheckInput(argument, output, InputName(shape), arguments.Input);
        CheckInput(argument, output, "key", arguments.Key);
        CheckInput(argument, output, "value", arguments.Value);
        CheckInput(argument, output, "memory", arguments.Memory);
        CheckInput(argument, output, "valueInput", arguments.ValueInput);
        CheckInput(argument, output, "rowOffsets", arguments.RowOffsets);
        CheckInput(argument, output, shape.IsCrossAttention ? "memoryOffsets" : "keyOffsets", arguments.KeyOffsets);
        CheckInput(argument, output, "keyStarts", arguments.KeyStarts);
        CheckInput(argument, output, "keyLengths", arguments.KeyLengths);
        CheckInput(argument, output, "prefixLengths", arguments.PrefixLengths);
        CheckInput(argument, output, "memoryLengths", arguments.MemoryLengths);
        CheckInput(argument, output, "documents", arguments.Documents);
        CheckInput(argument, output, "positions", arguments.Positions);
        CheckInput(argument, output, "cosines", arguments.Cosines);
        CheckInput(argument, output, "sines", arguments.Sines);
        CheckInput(argument, output, "booleanMask", arguments.BooleanMask);
        CheckInput(argument, output, "additiveMask", arguments.AdditiveMask);
        CheckInput(argument, output, "headMask", arguments.HeadMask);
        CheckInput(argument, output, "memoryHeadMask", arguments.MemoryHeadMask);
    }

    private static void CheckInput<T>(string argument, ReadOnlySpan<float> output, string inputName, ReadOnlySpan<T> input)
        where T : unmanaged
    {
        if (Overlap(output, input))
            ThrowOverlap(argument, inputName);
    }

    private static void CheckApart(string argument, ReadOnlySpan<float> output, string otherName, ReadOnlySpan<float> other)
    {
        if (Overlap(output, other))
            ThrowOutputsOverlap(argument, otherName);
    }

    /// <summary>As <c>Span.Overlaps</c>, but for spans of different elements.</summary>
    private static bool Overlap<T>(ReadOnlySpan<float> output, ReadOnlySpan<T> input)
        where T : unmanaged
    {
        if (output.IsEmpty || input.IsEmpty)
            return false;
        nint distance = Unsafe.ByteOffset(
            ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(output)), ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(input)));
        return (nuint)distance < (nuint)output.Length * sizeof(float) || (nuint)(-distance) < (nuint)input.Length * (nuint)Unsafe.SizeOf<T>();
    }
}
