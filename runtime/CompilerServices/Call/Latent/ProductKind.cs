using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>Computes one product, whatever class it is of.</summary>
internal delegate void LinearForward(in LinearArguments arguments);

/// <summary>Computes one attention, whatever class it is of.</summary>
internal delegate void AttentionForward(in AttentionArguments arguments);

/// <summary>The generated class of one product inside a larger block.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class ProductKind
{
    private protected ProductKind()
    {
    }

    /// <summary>What is computed.</summary>
    internal abstract LinearShape Shape { get; }

    /// <summary>A class.</summary>
    /// <typeparam name="TLinear">The class.</typeparam>
    public static ProductKind Of<TLinear>()
        where TLinear : class, ILinear<TLinear> => new Known<TLinear>();

    internal abstract LinearForward Create(WeightTensor weight, WeightTensor bias);

    internal abstract long GetScratchBytes(int rows);

    private sealed class Known<TLinear> : ProductKind
        where TLinear : class, ILinear<TLinear>
    {
        internal override LinearShape Shape => TLinear.Shape;

        internal override LinearForward Create(WeightTensor weight, WeightTensor bias) => TLinear.Create(new LinearWeights(weight, bias)).Forward;

        internal override long GetScratchBytes(int rows) => TLinear.GetScratchBytes(rows);
    }
}

/// <summary>The generated class of an attention without weights inside a larger block.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class CoreKind
{
    private protected CoreKind()
    {
    }

    /// <summary>What is computed.</summary>
    internal abstract AttentionShape Shape { get; }

    /// <summary>A class.</summary>
    /// <typeparam name="TKernel">The class.</typeparam>
    public static CoreKind Of<TKernel>()
        where TKernel : class, IAttentionKernel<TKernel> => new Known<TKernel>();

    internal abstract (AttentionForward Forward, Func<int, int, AttentionCache> CreateCache) Create();

    internal abstract long GetScratchBytes(int batch, int rows, int keys);

    private sealed class Known<TKernel> : CoreKind
        where TKernel : class, IAttentionKernel<TKernel>
    {
        internal override AttentionShape Shape => TKernel.Shape;

        internal override (AttentionForward Forward, Func<int, int, AttentionCache> CreateCache) Create()
        {
            TKernel kernel = TKernel.Create(AttentionWeights.Empty);
            return (kernel.Forward, kernel.CreateCache);
        }

        internal override long GetScratchBytes(int batch, int rows, int keys) => TKernel.GetScratchBytes(batch, rows, keys);
    }
}
