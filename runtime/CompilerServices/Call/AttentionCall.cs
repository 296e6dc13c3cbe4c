using System.ComponentModel;
using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The path of a call through an attention block: row blocks, key blocks, ranges, rings, raggedness, scratch and threads, over a class's kernels and its numbers.
/// Both are structs, so the JIT compiles the path for each class, with direct calls and literals.
/// </summary>
/// <typeparam name="TKernels">The kernels of the class for the vector target that runs.</typeparam>
/// <typeparam name="TConstants">The numbers of the class.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public static partial class AttentionCall<TKernels, TConstants>
    where TKernels : struct, IAttentionKernels
    where TConstants : struct, IAttentionConstants
{
    /// <summary>How each step is compiled: at once with all optimisations. Before them each literal would be a method to compile and to call.</summary>
    private const MethodImplOptions Step = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Runs the block: from the checks of the arguments to the new lengths of the cache.</summary>
    /// <param name="weights">What the kernel object keeps.</param>
    /// <param name="arguments">What the caller gave.</param>
    [MethodImpl(Step)]
    public static void Forward(PackedWeights weights, in AttentionArguments arguments)
    {
        using CacheUse use = !Has(Cache) ? default : Has(CrossAttention) ? CacheUse.Read(arguments.Cache) : CacheUse.Write(arguments.Cache);
        ForwardDimensions dimensions = KernelChecks.Validate(weights.Shape, in arguments);
        // A position that no table can reach is refused before anything is written.
        if (Has(Positions))
            weights.RotaryTable.Ensure(arguments.Positions);
        if (Has(Ring))
            ComputeOnRing(weights, in arguments, in dimensions);
        else
            Compute(weights, in arguments, in dimensions);
        if (!Has(Cache) || Has(CrossAttention))
            return;
        if (Has(Ragged))
            arguments.Cache?.CommitNewKeys(Has(Projections) ? arguments.RowOffsets : arguments.KeyOffsets);
        else
            arguments.Cache?.Commit(dimensions.Keys);
    }

    /// <summary>Projects a memory into a cache, in place of what it held.</summary>
    /// <param name="weights">What the kernel object keeps.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or where the batch is ragged [total memory rows, MemoryDim].</param>
    /// <param name="cache">Where keys and values go.</param>
    /// <param name="memoryOffsets">Where the batch is ragged: [batch of the cache + 1].</param>
    /// <param name="options">Threads and cancellation.</param>
    [MethodImpl(Step)]
    public static unsafe void ProjectMemory(PackedWeights weights, ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options)
    {
        using CacheUse use = CacheUse.Write(cache);
        ForwardDimensions dimensions = Has(Ragged)
            ? KernelChecks.ValidateMemory(weights.Shape, memory, cache, memoryOffsets, in options)
            : KernelChecks.ValidateMemory(weights.Shape, memory, cache, in options);
        var arguments = new AttentionArguments { Memory = memory, Cache = cache, KeyOffsets = memoryOffsets, Options = options };
        // What the cache held is overwritten: until all is written it holds nothing.
        cache.Commit(0);
        fixed (float* pinned = TKernels.PinsRows ? memory : default)
            ProjectSequences(weights, in arguments, in dimensions);
        if (Has(Ragged))
            cache.CommitNewKeys(memoryOffsets);
        else
            cache.Commit(dimensions.Keys);
    }

    /// <summary>Whether the class declares something; folded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Has(AttentionFeatures feature) => (TConstants.Features & feature) != 0;

    /// <summary>A call that fails leaves a ring as it was.</summary>
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

    /// <summary>Computes a checked call on as many threads as pay.</summary>
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
        fixed (float* input = TKernels.PinsRows ? arguments.Input : default, memory = TKernels.PinsRows ? arguments.Memory : default)
        {
            for (nint sequence = 0; sequence < dimensions.Batch; sequence++)
                RunSequence(weights, in arguments, in dimensions, sequence, ref scratch, ref Unsafe.Add(ref scratch, TConstants.ScratchFloats));
        }
    }

    [MethodImpl(Step)]
    private static void ProjectSequences(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        using ScratchLease lease = ScratchLease.Rent(TConstants.ScratchFloats);
        for (nint sequence = 0; sequence < dimensions.Batch; sequence++)
        {
            nint first = sequence * dimensions.Keys, keys = dimensions.Keys;
            if (Has(Ragged))
                (first, keys) = (arguments.KeyOffsets[(int)sequence], arguments.KeyOffsets[(int)sequence + 1] - arguments.KeyOffsets[(int)sequence]);
            SequenceCall call = default;
            call.Weights = weights;
            call.Arguments = arguments;
            call.Dimensions = dimensions;
            call.Panels = arguments.Cache!.Panels(sequence);
            ProjectKeysAndValues(in call, ref At(arguments.Memory, first * TConstants.MemoryDim), keys, 0, ref lease.Reference);
        }
    }
}
