namespace AttentionGen;

/// <summary>The members of every generated class of one product, for generic code such as tests, benchmarks and dependency injection.</summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface ILinear<TSelf>
    where TSelf : class, ILinear<TSelf>
{
    /// <summary>The configuration, with every default resolved.</summary>
    static abstract LinearShape Shape { get; }

    /// <summary>Whether kernels with this processor's vector and FMA instructions run here.</summary>
    static abstract bool IsAccelerated { get; }

    /// <summary>Says in a few lines how the product is computed on this processor.</summary>
    static abstract string Plan { get; }

    /// <summary>Creates an object that computes the product, and packs the weights.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or the bias is missing or superfluous.</exception>
    static abstract TSelf Create(LinearWeights weights);

    /// <summary>Returns the bytes of scratch that a call on one thread leases from the shared pool.</summary>
    /// <param name="rows">The number of input rows.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is negative.</exception>
    static abstract long GetScratchBytes(int rows);

    /// <summary>
    /// Computes the product. This form of <c>Forward</c> serves every class: set the arguments that the configuration declares, and no others.
    /// </summary>
    /// <param name="arguments">Input, output, what is declared, and options.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared or of the wrong length, or overlaps the output. Nothing is written then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The output is undefined.</exception>
    void Forward(in LinearArguments arguments);
}
