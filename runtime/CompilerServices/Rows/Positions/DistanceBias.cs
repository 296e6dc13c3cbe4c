using System.ComponentModel;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Biases that depend on the distance of key and query position and on the head: linear biases (Press et al. 2022) and relative position
/// buckets (Raffel et al. 2020), added up in double precision and rounded once. Grows on demand, and may be read by many threads meanwhile.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DistanceBias
{
    private const int SmallestReach = 256;

    /// <summary>A table reaches a line more than was asked for, since whole lines are read, and to the end of its line.</summary>
    private const int RoundedUp = 31;

    /// <summary>
    /// A row of a query block reads whole lines of the keys that any row of its block sees: 31 positions farther for the other rows, and 31 keys for
    /// the lines.
    /// </summary>
    private const int BlockMargin = 64;

    private readonly GrowingTable<DistanceTable> table;
    private readonly AttentionShape shape;
    private readonly float[] buckets;
    private readonly nint mostReach;

    /// <summary>An empty table.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="buckets">[RelativePositionBuckets, Heads], or empty.</param>
    public DistanceBias(AttentionShape shape, ReadOnlySpan<float> buckets)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (buckets.Length != shape.RelativePositionBuckets * shape.Heads)
            throw new ArgumentException(
                $"buckets.Length is {buckets.Length}; expected RelativePositionBuckets · Heads = {shape.RelativePositionBuckets * shape.Heads}.",
                nameof(buckets));
        this.shape = shape;
        this.buckets = buckets.ToArray();
        mostReach = FarthestSeen(shape) + BlockMargin;
        table = new(SmallestReach, nint.Min(mostReach, (AlignedMemory.MaxLength / (2 * shape.Heads)) - RoundedUp), Grow);
    }

    /// <summary>Its size as far as it is computed.</summary>
    internal long Bytes => table.Present is { } present ? 2 * present.Reach * shape.Heads * (long)sizeof(float) : 0;

    /// <summary>
    /// The table for distances of less than <paramref name="reach"/> in both directions, or for those that a call reads where a window or chunks
    /// let a row see less. Allocates only where it must grow.
    /// </summary>
    /// <param name="reach">Keys and rows of a sequence together are enough.</param>
    /// <exception cref="OutOfMemoryException">The table would be too large.</exception>
    public DistanceTable Ensure(nint reach) => table.Ensure(nint.Min(reach, mostReach));

    /// <summary>Takes over other biases of the buckets, also into the table as far as it is computed.</summary>
    internal void Set(ReadOnlySpan<float> newBuckets)
    {
        newBuckets.CopyTo(buckets);
        if (buckets.Length > 0 && table.Present is { } present)
            Fill(present.Memory, present.Reach);
    }

    /// <summary>
    /// The slope of a head: 2^(−8(h+1)/n) for n heads, a power of two; for other n the slopes of the next lower power of two, then every second one of
    /// twice as many.
    /// </summary>
    /// <param name="head">0 to <paramref name="heads"/> − 1.</param>
    /// <param name="heads">Query heads.</param>
    internal static double Slope(int head, int heads)
    {
        int power = (int)BitOperations.RoundUpToPowerOf2((uint)heads);
        if (power != heads)
            power /= 2;
        return head < power
            ? Math.Pow(2, -8.0 * (head + 1) / power)
            : Math.Pow(2, -8.0 * ((2 * (head - power)) + 1) / (2 * power));
    }

    /// <summary>The bucket of a distance, with the roundings of float32 that trained tables have seen.</summary>
    /// <param name="distance">Key minus query position.</param>
    /// <param name="buckets">Buckets in all.</param>
    /// <param name="maxDistance">Distance from which all share the last bucket.</param>
    /// <param name="isCausal">Whether all buckets are for the past; otherwise half of them are for the future.</param>
    internal static int Bucket(long distance, int buckets, int maxDistance, bool isCausal)
    {
        int first = 0;
        if (!isCausal)
        {
            buckets /= 2;
            first = distance > 0 ? buckets : 0;
        }

        long steps = isCausal ? Math.Max(-distance, 0) : Math.Abs(distance);
        int exact = buckets / 2;
        if (steps < exact)
            return first + (int)steps;
        float part = (float)Math.Log((float)steps / exact) / (float)Math.Log((double)maxDistance / exact);
        return first + (int)Math.Min(exact + (long)(part * (buckets - exact)), buckets - 1);
    }

    /// <summary>The largest distance of a key that a row can see, or more than there are where nothing bounds it.</summary>
    private static nint FarthestSeen(AttentionShape shape)
    {
        const AttentionOutputs OfAllKeys = AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities | AttentionOutputs.MaskedScores;
        nint farthest = int.MaxValue;
        // A prefix is seen from everywhere, and probabilities and final scores are computed for all keys.
        if (shape.PrefixLengths || (shape.Outputs & OfAllKeys) != 0)
            return farthest;
        if (shape.WindowLeft >= 0 && (shape.Causal || shape.WindowRight >= 0))
            farthest = Math.Max(shape.WindowLeft, shape.Causal ? 0 : shape.WindowRight);
        return shape.ChunkSize > 0 ? nint.Min(farthest, shape.ChunkSize) : farthest;
    }

    private (DistanceTable Table, nint Reach) Grow(DistanceTable? old, nint reach)
    {
        reach = (reach + RoundedUp) & ~(nint)15;
        AlignedMemory memory = AlignedMemory.Allocate(checked(2 * reach * shape.Heads));
        Fill(memory, reach);
        return (new DistanceTable(memory, reach), reach);
    }

    private void Fill(AlignedMemory memory, nint reach)
    {
        for (int head = 0; head < shape.Heads; head++)
        {
            double slope = !shape.Alibi ? 0 : shape.AlibiScale * (shape.AlibiSlopes.Count > 0 ? shape.AlibiSlopes[head] : Slope(head, shape.Heads));
            ref float centre = ref Unsafe.Add(ref memory.Reference, ((2 * head) + 1) * reach);
            for (nint distance = -reach; distance < reach; distance++)
            {
                double bias = -slope * Math.Abs((double)distance);
                if (buckets.Length > 0)
                    bias += buckets[(Bucket(distance, shape.RelativePositionBuckets, shape.RelativePositionMaxDistance, shape.Causal) * shape.Heads) + head];
                Unsafe.Add(ref centre, distance) = (float)bias;
            }
        }
    }
}

/// <summary>The biases of all heads for distances within a reach.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DistanceTable
{
    internal DistanceTable(AlignedMemory memory, nint reach)
    {
        Memory = memory;
        Reach = reach;
    }

    /// <summary>Distances on each side of 0; a head has twice as many floats.</summary>
    public nint Reach { get; }

    /// <summary>The bias of distance 0 of the first head; that of head h lies <c>2 · Reach · h</c> floats behind.</summary>
    public ref float Centre => ref Unsafe.Add(ref Memory.Reference, Reach);

    internal AlignedMemory Memory { get; }
}
