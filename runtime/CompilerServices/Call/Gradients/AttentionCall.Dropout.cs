using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Dropout on probabilities, in the forward and once more in the gradients.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Whether a forward with activations drops probabilities.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Drops(in SequenceCall call) => Has(Gradients) && call.Saved.Dropout.Rate != 0;

    /// <summary>Drops some probabilities of some rows of a KV head.</summary>
    /// <param name="call">The sequence.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="firstRow">Which row of the sequence the first row of the KV head is.</param>
    /// <param name="first">Which row of the KV head the first one is.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="key">The key of column 0: a multiple of 32, or <see cref="DropoutMask.AppendedKeys"/>.</param>
    /// <param name="from">The first column: a multiple of 32.</param>
    /// <param name="columns">The end of the columns.</param>
    /// <param name="probabilities">[rows][score stride]: column 0 of the first row.</param>
    [MethodImpl(Step)]
    private static void DropOut(
        in SequenceCall call, nint head, nint firstRow, nint first, nint rows, nint key, nint from, nint columns, ref float probabilities)
    {
        Dropout dropout = call.Saved.Dropout;
        uint kept = dropout.KeptNumbers;
        float factor = dropout.Factor;
        int last = -1;
        (uint, uint) stream = default;
        for (nint index = 0; index < rows; index++)
        {
            int query = (int)QueryHead(head, first + index);
            if (query != last)
                stream = dropout.Stream(call.Saved.Sequence, last = query);
            DropoutMask.Apply(
                ref Unsafe.Add(ref probabilities, (index * TConstants.ScoreStride) + from), columns - from, (uint)(key + from),
                (uint)(firstRow + InputRow(first + index)), stream, kept, factor);
        }
    }
}
