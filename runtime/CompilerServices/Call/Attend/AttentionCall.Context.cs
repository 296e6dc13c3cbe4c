using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The declared inputs of a sequence, for classes whose rows have their own ranges of keys.
public static partial class AttentionCall<TKernels, TConstants>
{
    [MethodImpl(Step)]
    private static void SetContext(ref SequenceCall call)
    {
        ref AttendContext context = ref call.Context;
        AttentionArguments arguments = call.Arguments;
        nint sequence = call.Index, rows = Rows(in call.Dimensions), keys = call.Dimensions.Keys;
        context.Visible = Visible(in call);
        context.Rows = rows;
        context.Keys = keys;
        if (Has(ComparesPositions))
            context.Offset = Offset(in call, context.Visible);
        if (Has(MaskLength))
        {
            // No alignment depends on it, so it comes after the offset.
            context.MaskLength = arguments.MaskLength;
            context.Visible = Math.Min(context.Visible, arguments.MaskLength);
        }

        if (Has(KeyStarts))
            context.Start = arguments.KeyStarts[(int)sequence];
        if (Has(PrefixLengths))
            context.Prefix = arguments.PrefixLengths[(int)sequence];
        if (Has(Documents))
            context.Documents = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Documents), sequence * keys);
        if (Has(BooleanMask))
            context.BooleanMask = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.BooleanMask), MaskStart(in call, TConstants.BooleanMask));
        if (Has(AdditiveMask))
            context.AdditiveMask = ref At(arguments.AdditiveMask, MaskStart(in call, TConstants.AdditiveMask));
        if (Has(DistanceBiases))
        {
            DistanceTable distances = call.Weights.DistanceBias.Ensure(rows + keys);
            context.DistanceReach = distances.Reach;
            context.DistanceBias = ref distances.Centre;
        }

        if (Has(Sinks))
            context.Sinks = ref call.Weights.Sinks.Reference;
        if (Has(AppendsKeys))
        {
            context.AppendedKeys = ref call.Weights.AppendedKeys.Keys;
            context.AppendedValues = ref call.Weights.AppendedKeys.Values;
        }

        // A result that the caller leaves out stays a null reference, and nothing is computed for it.
        if (Has(LogSumExp) && !arguments.LogSumExp.IsEmpty)
            context.LogSumExp = ref At(arguments.LogSumExp, sequence * rows * TConstants.Heads);
        if (Has(Probabilities) && !arguments.Probabilities.IsEmpty)
            context.Probabilities = ref At(arguments.Probabilities, sequence * (Has(AveragedProbabilities) ? 1 : TConstants.Heads) * rows * keys);
        if ((Has(ScaledScores) || Has(CappedScores) || Has(MaskedScores)) && !arguments.Scores.IsEmpty)
            context.Scores = ref At(arguments.Scores, sequence * TConstants.Heads * rows * keys);
    }

    /// <summary>The first element of the mask of a sequence: the first of all if the mask has no batch axis.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint MaskStart(in SequenceCall call, MaskAxes axes)
    {
        if ((axes & MaskAxes.Batch) == 0)
            return 0;
        nint heads = (axes & MaskAxes.Head) != 0 ? TConstants.Heads : 1;
        nint rows = (axes & MaskAxes.Query) != 0 ? Rows(in call.Dimensions) : 1;
        return call.Index * heads * rows * (Has(MaskLength) ? call.Arguments.MaskLength : call.Dimensions.Keys);
    }
}
