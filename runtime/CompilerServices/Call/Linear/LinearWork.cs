using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>A call of one product that threads share: what each of them needs to compute a part.</summary>
internal struct LinearWork : ISharedWork
{
    /// <summary>The path of the class.</summary>
    public required LinearParts Parts;

    public required PackedLinear Weights;

    public required ForwardOptions Options;

    public required int Rows;

    public required LinearSchedule Schedule;

    /// <inheritdoc/>
    public readonly void RunPart(in PinnedSpans spans, int phase, int part, ref float shared, ref float own)
    {
        LinearArguments arguments = LinearSpans.Restore(in spans, Options);
        Parts.Run(in this, in arguments, part, ref own);
    }
}

/// <summary>What computes a part of a call: the path of one class for one vector target.</summary>
internal abstract class LinearParts
{
    /// <summary>Computes a part.</summary>
    /// <param name="work">The call.</param>
    /// <param name="arguments">Its checked arguments.</param>
    /// <param name="part">The part.</param>
    /// <param name="own">Scratch of this thread.</param>
    public abstract void Run(in LinearWork work, in LinearArguments arguments, int part, ref float own);
}

/// <summary>The one object of a class's path.</summary>
internal sealed class LinearParts<TKernels, TConstants> : LinearParts
    where TKernels : struct, ILinearKernels
    where TConstants : struct, ILinearConstants
{
    public static readonly LinearParts<TKernels, TConstants> Instance = new();

    /// <inheritdoc/>
    public override void Run(in LinearWork work, in LinearArguments arguments, int part, ref float own) =>
        LinearCall<TKernels, TConstants>.RunPart(in work, in arguments, part, ref own);
}

/// <summary>The spans of a call's arguments as a list, by which threads share them.</summary>
internal readonly ref struct LinearSpans(LinearArguments arguments) : ISpanList
{
    private readonly LinearArguments arguments = arguments;

    /// <inheritdoc/>
    public int Count => 4;

    /// <summary>The arguments again, on any thread.</summary>
    public static LinearArguments Restore(in PinnedSpans spans, ForwardOptions options) => new()
    {
        Input = spans[0].As<float>(),
        Output = spans[1].As<float>(),
        Gate = spans[2].As<float>(),
        Residual = spans[3].As<float>(),
        Options = options,
    };

    /// <inheritdoc/>
    public ref byte Start(int index, out int length)
    {
        ReadOnlySpan<float> span = index switch
        {
            0 => arguments.Input,
            1 => arguments.Output,
            2 => arguments.Gate,
            _ => arguments.Residual,
        };
        length = span.Length;
        return ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(span));
    }
}
