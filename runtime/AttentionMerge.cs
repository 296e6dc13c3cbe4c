using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>
/// Merges two attention results of the same queries over different keys into the result over all keys, by their log-sum-exp. The two sets of keys may be
/// a shared prompt and an answer, or parts of a memory that is too long for one call.
/// </summary>
/// <remarks>
/// Both results come from a kernel without projections that declares <see cref="AttentionOutputs.LogSumExp"/>. For each row and head,
/// with <c>l = ln(e^l₁ + e^l₂)</c>, the merged output is <c>e^(l₁ − l) · o₁ + e^(l₂ − l) · o₂</c> (Dao et al. 2022, section 3.1).
/// </remarks>
public static class AttentionMerge
{
    /// <summary>Merges two results. The merged result may overwrite either of them.</summary>
    /// <param name="output">
    /// The first result: [batch, rows, Heads, ValueHeadDim], or [batch, Heads, rows, ValueHeadDim] with <see cref="HeadLayout.HeadsRows"/>.
    /// </param>
    /// <param name="logSumExp">
    /// Its log-sum-exp: [batch, rows, Heads], or [batch, Heads, rows]; −∞ for a row that saw no key; the output of that row is not used.
    /// </param>
    /// <param name="otherOutput">The second result, in the same layout.</param>
    /// <param name="otherLogSumExp">Its log-sum-exp, in the same layout.</param>
    /// <param name="mergedOutput">
    /// The merged result, in the same layout. For a row that saw keys in one result only, it is that result, bit for bit. For a row that saw no key,
    /// it is zero.
    /// </param>
    /// <param name="mergedLogSumExp">Its log-sum-exp, in the same layout.</param>
    /// <exception cref="ArgumentException">
    /// The length of an output is not a multiple of that of <paramref name="logSumExp"/>, a length differs from the first result's, or a merged span
    /// overlaps another span without being the same.
    /// </exception>
    public static void Merge(
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> logSumExp,
        ReadOnlySpan<float> otherOutput,
        ReadOnlySpan<float> otherLogSumExp,
        Span<float> mergedOutput,
        Span<float> mergedLogSumExp)
    {
        int width = Width(output.Length, logSumExp.Length);
        CheckLength(nameof(otherOutput), otherOutput.Length, nameof(output), output.Length);
        CheckLength(nameof(otherLogSumExp), otherLogSumExp.Length, nameof(logSumExp), logSumExp.Length);
        CheckLength(nameof(mergedOutput), mergedOutput.Length, nameof(output), output.Length);
        CheckLength(nameof(mergedLogSumExp), mergedLogSumExp.Length, nameof(logSumExp), logSumExp.Length);
        CheckPlace(nameof(mergedOutput), mergedOutput, nameof(output), output, mayBeSame: true);
        CheckPlace(nameof(mergedOutput), mergedOutput, nameof(otherOutput), otherOutput, mayBeSame: true);
        CheckPlace(nameof(mergedOutput), mergedOutput, nameof(logSumExp), logSumExp, mayBeSame: false);
        CheckPlace(nameof(mergedOutput), mergedOutput, nameof(otherLogSumExp), otherLogSumExp, mayBeSame: false);
        CheckPlace(nameof(mergedLogSumExp), mergedLogSumExp, nameof(logSumExp), logSumExp, mayBeSame: true);
        CheckPlace(nameof(mergedLogSumExp), mergedLogSumExp, nameof(otherLogSumExp), otherLogSumExp, mayBeSame: true);
        CheckPlace(nameof(mergedLogSumExp), mergedLogSumExp, nameof(output), output, mayBeSame: false);
        CheckPlace(nameof(mergedLogSumExp), mergedLogSumExp, nameof(otherOutput), otherOutput, mayBeSame: false);
        CheckPlace(nameof(mergedOutput), mergedOutput, nameof(mergedLogSumExp), mergedLogSumExp, mayBeSame: false);

        for (int row = 0; row < logSumExp.Length; row++)
        {
            ReadOnlySpan<float> first = output.Slice(row * width, width), second = otherOutput.Slice(row * width, width);
            Span<float> merged = mergedOutput.Slice(row * width, width);
            float firstLog = logSumExp[row], secondLog = otherLogSumExp[row];
            if (float.IsNegativeInfinity(secondLog))
            {
                if (float.IsNegativeInfinity(firstLog))
                    merged.Clear();
                else
                    first.CopyTo(merged);
                mergedLogSumExp[row] = firstLog;
                continue;
            }

            if (float.IsNegativeInfinity(firstLog))
            {
                second.CopyTo(merged);
                mergedLogSumExp[row] = secondLog;
                continue;
            }

            // In double precision: the factors of a row cost little beside its elements.
            double maximum = Math.Max(firstLog, secondLog);
            double firstPower = Math.Exp(firstLog - maximum), secondPower = Math.Exp(secondLog - maximum);
            double sum = firstPower + secondPower;
            Blend(first, (float)(firstPower / sum), second, (float)(secondPower / sum), merged);
            mergedLogSumExp[row] = (float)(maximum + Math.Log(sum));
        }
    }

    /// <summary>Products are rounded before they are added, at every vector width, so that the bits are the same everywhere.</summary>
    private static void Blend(ReadOnlySpan<float> first, float firstFactor, ReadOnlySpan<float> second, float secondFactor, Span<float> merged)
    {
        ref float a = ref MemoryMarshal.GetReference(first), b = ref MemoryMarshal.GetReference(second), target = ref MemoryMarshal.GetReference(merged);
        nuint column = 0, width = (nuint)merged.Length;
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> factorA = Vector256.Create(firstFactor), factorB = Vector256.Create(secondFactor);
            for (; column + 8 <= width; column += 8)
                (Vector256.LoadUnsafe(ref a, column) * factorA + Vector256.LoadUnsafe(ref b, column) * factorB).StoreUnsafe(ref target, column);
        }

        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<float> factorA = Vector128.Create(firstFactor), factorB = Vector128.Create(secondFactor);
            for (; column + 4 <= width; column += 4)
                (Vector128.LoadUnsafe(ref a, column) * factorA + Vector128.LoadUnsafe(ref b, column) * factorB).StoreUnsafe(ref target, column);
        }

        for (; column < width; column++)
            Unsafe.Add(ref target, column) = Unsafe.Add(ref a, column) * firstFactor + Unsafe.Add(ref b, column) * secondFactor;
    }

    private static int Width(int output, int logSumExp)
    {
        if (logSumExp == 0 ? output != 0 : output % logSumExp != 0)
            throw new ArgumentException(
                $"output.Length is {output}; expected a multiple of logSumExp.Length, {logSumExp}: ValueHeadDim floats for each row and head.", nameof(output));
        return logSumExp == 0 ? 0 : output / logSumExp;
    }

    private static void CheckLength(string argument, int length, string other, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"{argument}.Length is {length}; expected {other}.Length = {expected}.", argument);
    }

    private static void CheckPlace(string argument, ReadOnlySpan<float> span, string other, ReadOnlySpan<float> otherSpan, bool mayBeSame)
    {
        if (span.Overlaps(otherSpan, out int offset) && !(mayBeSame && offset == 0))
            throw new ArgumentException($"{argument} overlaps {other}; expected memory of its own{(mayBeSame ? ", or the same memory" : "")}.", argument);
    }
}
