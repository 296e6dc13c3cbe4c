using System.ComponentModel;
using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The path of a call through an attention block: row blocks, key blocks, ranges, rings, raggedness, scratch and threads. The type parameters are the
/// kernels and the numbers of a class. Both are structs, so the JIT compiles the path for each class, with direct calls and literals.
/// </summary>
/// <typeparam name="TKernels">The kernels of the class for the vector target that runs.</typeparam>
/// <typeparam name="TConstants">The numbers of the class.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class AttentionCall<TKernels, TConstants>
    where TKernels : struct, IAttentionKernels
    where TConstants : struct, IAttentionConstants
{
    /// <summary>
    /// The JIT compiles each step as a method of its own, and optimises it once it has run for a while. To optimise each step of an attention block at its
    /// first call took 15 ms of 140 until the first result, and made no later call faster.
    /// </summary>
    private const MethodImplOptions Step = MethodImplOptions.NoInlining;

    /// <summary>Runs the block: checks the arguments, computes, and commits the new lengths of the cache.</summary>
    /// <param name="weights">The packed weights of the kernel object.</param>
    /// <param name="arguments">The caller's arguments, unchecked.</param>
    [MethodImpl(Step)]
    public static void Forward(PackedWeights weights, in AttentionArguments arguments)
    {
        using CacheUse use = !Has(Cache) ? default : Has(CrossAttention) ? CacheUse.Read(arguments.Cache) : CacheUse.Write(arguments.Cache);
        using CacheUse useOfMemory = Has(Cache) && Has(Memory) ? CacheUse.Read(arguments.Cache?.Memory) : default;
        if (!OwnLengths.Exist(TConstants.Features))
        {
            Run(weights, in arguments, in arguments);
            return;
        }

        LengthRoom room = default;
        using OwnLengths own = OwnLengths.Copy(in arguments, ref room);
        Run(weights, in own.Arguments, in arguments);
    }

    /// <summary>Checks arguments whose offsets and lengths nobody else can change, and computes.</summary>
    [MethodImpl(Step)]
    private static void Run(PackedWeights weights, in AttentionArguments arguments, in AttentionArguments given)
    {
        ForwardDimensions dimensions = Has(Memory)
            ? KernelChecks.Validate(weights.Shape, weights.Memory.Shape, Has(MemoryLengths), in arguments, in given)
            : KernelChecks.Validate(weights.Shape, in arguments, in given);
        if (Has(Ragged) && Has(Documents))
            RaggedBatch.FindDocuments(weights.Shape, in arguments);
        if (Has(Gradients) && Has(Layer))
            KernelChecks.CheckLayerActivations(weights.Layer.Shape, in arguments);
        if (Has(Gradients))
            arguments.Activations?.Empty();
        // The table may need memory: before anything is written.
        if (Has(Positions) && !Has(RotaryTables))
            weights.RotaryTable.Prepare(arguments.Positions);
        if (Has(Ring))
            ComputeOnRing(weights, in arguments, in dimensions);
        else if (Has(Cache) && !Has(CrossAttention) && arguments.Cache is { Pages: not null } cache)
            ComputeOnPages(weights, in arguments, in dimensions, cache);
        else
            Compute(weights, in arguments, in dimensions);
        if (Has(Gradients))
            Fill(weights.Shape, in arguments, in dimensions);
        if (!Has(Cache) || Has(CrossAttention))
            return;
        if (Has(Ragged))
            arguments.Cache?.CommitNewKeys(Has(Projections) ? arguments.RowOffsets : arguments.KeyOffsets);
        else
            arguments.Cache?.Commit(dimensions.Keys);
    }

    /// <summary>Whether the class has a feature. The JIT folds the answer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Has(AttentionFeatures feature) => (TConstants.Features & feature) != 0;

    /// <summary>Computes a call on a ring, and restores the ring if the call fails.</summary>
    [MethodImpl(Step)]
    private static void ComputeOnRing(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        using RingGuard guard = RingGuard.Begin(in arguments, in dimensions);
        try
        {
            Compute(weights, in arguments, in dimensions);
        }
        catch
        {
            guard.Undo();
            throw;
        }
    }

    /// <summary>Computes a call on pages of a pool, and gives back new ones if the call fails.</summary>
    [MethodImpl(Step)]
    private static void ComputeOnPages(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, AttentionCache cache)
    {
        // The pool makes caches without a kernel object.
        cache.KeepTables(weights.RotaryTable, weights.DistanceBias);
        cache.ReservePages(in arguments, in dimensions);
        try
        {
            Compute(weights, in arguments, in dimensions);
        }
        catch
        {
            cache.ReleaseUnusedPages();
            throw;
        }
    }

    /// <summary>Computes a checked call, on several threads if that is faster.</summary>
    [MethodImpl(Step)]
    private static unsafe void Compute(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        int threads = Threads(in arguments, in dimensions);
        if (threads > 1)
        {
            ComputeShared(weights, in arguments, in dimensions, threads);
            return;
        }

        using ScratchLease lease = ScratchLease.Rent(TConstants.ScratchFloats + KeyValueFloats(in arguments, in dimensions));
        ref float scratch = ref lease.Reference;
        fixed (float* input = TKernels.PinsRows ? arguments.Input : default, memory = TKernels.PinsRows ? arguments.Memory : default,
            values = Has(ValueInput) && TKernels.PinsRows ? arguments.ValueInput : default)
            RunSequences(weights, in arguments, in dimensions, 0, dimensions.Batch, ref scratch, ref Unsafe.Add(ref scratch, TConstants.ScratchFloats));
    }
}
