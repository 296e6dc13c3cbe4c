using System.Numerics.Tensors;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Tensors;

/// <summary>A form of <c>Forward</c> that takes tensors, called with what the arguments have.</summary>
internal delegate void TensorCall<T>(T kernel, in AttentionArguments arguments);

/// <summary>A kernel whose calls go through the forms that take tensors.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="forward">Calls the form without a cache.</param>
/// <param name="cached">Calls the form with one.</param>
internal sealed class TensorKernel<T>(T kernel, TensorCall<T> forward, TensorCall<T>? cached = null) : IRunnable
    where T : class, IAttentionKernel<T>
{
    public AttentionCache CreateCache(int capacity, int batch) => kernel.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments)
    {
        if (arguments.Cache is null)
            forward(kernel, in arguments);
        else
            cached!(kernel, in arguments);
    }
}

/// <summary>Spans as tensors.</summary>
internal static class Tensors
{
    /// <summary>A span under some lengths; an axis of −1 takes what remains.</summary>
    public static ReadOnlyTensorSpan<T> As<T>(ReadOnlySpan<T> values, params ReadOnlySpan<nint> lengths) => new(values, Fill(values.Length, lengths));

    /// <summary>The same for an output.</summary>
    public static TensorSpan<float> Into(Span<float> values, params ReadOnlySpan<nint> lengths) => new(values, Fill(values.Length, lengths));

    private static nint[] Fill(int length, ReadOnlySpan<nint> lengths)
    {
        nint[] all = lengths.ToArray();
        nint known = 1;
        foreach (nint axis in lengths)
            known *= axis < 0 ? 1 : axis;
        int open = lengths.IndexOf(-1);
        if (open >= 0)
            all[open] = known == 0 ? 0 : length / known;
        return all;
    }
}
