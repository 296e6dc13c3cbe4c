#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Plan;
#else
namespace AttentionGen.CompilerServices;
#endif

/// <summary>
/// The softmax state of a query block of up to 32 rows: rows of 32 floats, of which kernels and path read and write the same. Never changed, since
/// a class may be older than the runtime.
/// </summary>
internal static class SoftmaxState
{
    /// <summary>Floats of one row of the state.</summary>
    public const int Stride = 32;

    /// <summary>Where the maxima lie, of the running state or of a block's.</summary>
    public const int Maximum = 0;

    /// <summary>Where the sums lie, of the running state or of a block's.</summary>
    public const int Sum = Stride;

    /// <summary>Where a block's maxima and sums lie.</summary>
    public const int Block = 2 * Stride;

    /// <summary>Where the factor of what was merged before lies.</summary>
    public const int OldFactor = 4 * Stride;

    /// <summary>Where the factor of the present block lies.</summary>
    public const int BlockFactor = 5 * Stride;

    /// <summary>Floats in all.</summary>
    public const int Floats = 6 * Stride;
}
