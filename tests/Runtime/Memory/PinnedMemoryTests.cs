using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>The rows that a kernel reads through pointers stay where they are, whatever the garbage collector does meanwhile.</summary>
public sealed class PinnedMemoryTests
{
    private const int Tries = 20;

    private static readonly PackedWeights Weights = PackedWeights.Pack<TinyNumbers>(TinyNumbers.Shape, AttentionWeights.Random(TinyNumbers.Shape, seed: 1));

    [ThreadStatic]
    private static int moves;

    [Fact]
    public void Input_does_not_move_while_a_kernel_that_pins_it_runs() => Assert.Equal(0, Moves<Pinning>());

    /// <summary>Or the test above would show nothing.</summary>
    [Fact]
    public void Without_pinning_it_moves() => Assert.NotEqual(0, Moves<NotPinning>());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Memory_rows_do_not_move_while_a_kernel_that_pins_them_runs(bool projectsAlone)
    {
        Assert.Equal(0, MemoryMoves<Pinning>(projectsAlone));
        Assert.NotEqual(0, MemoryMoves<NotPinning>(projectsAlone));
    }

    /// <summary>How often memory rows moved in calls of cross-attention, or in those that project a memory into a cache.</summary>
    private static int MemoryMoves<TStep>(bool projectsAlone)
        where TStep : struct, IProjectionStep
    {
        PackedWeights weights = PackedWeights.Pack<TinyMemoryNumbers>(TinyMemoryNumbers.Shape, AttentionWeights.Random(TinyMemoryNumbers.Shape, seed: 1));
        AttentionCache cache = weights.CreateCache(100, 1);
        // Input of no garbage's moving: it never counts.
        float[] input = GC.AllocateArray<float>(16, pinned: true), output = new float[16];
        moves = 0;
        for (int count = 0; count < Tries; count++)
        {
            float[] memory = Young();
            if (projectsAlone)
                AttentionCall<IdleKernels<TStep>, TinyMemoryNumbers>.ProjectMemory(weights, memory, cache, [], default);
            else
                AttentionCall<IdleKernels<TStep>,
                TinyMemoryNumbers>.Forward(weights, new AttentionArguments { Input = input, Memory = memory, Output = output });
        }

        return moves;
    }

    private static int Moves<TStep>()
        where TStep : struct, IProjectionStep
    {
        moves = 0;
        for (int count = 0; count < Tries; count++)
        {
            float[] input = Young();
            AttentionCall<IdleKernels<TStep>, TinyNumbers>.Forward(Weights, new AttentionArguments { Input = input, Output = new float[input.Length] });
        }

        return moves;
    }

    private static void CollectAndLook(ref float rows)
    {
        nint before = Address(ref rows);
        Collect();
        moves += Address(ref rows) == before ? 0 : 1;
    }

    private readonly struct Pinning : IProjectionStep
    {
        public static bool PinsRows => true;

        public static void Project(ref float rows) => CollectAndLook(ref rows);
    }

    private readonly struct NotPinning : IProjectionStep
    {
        public static bool PinsRows => false;

        public static void Project(ref float rows) => CollectAndLook(ref rows);
    }

    /// <summary>Rows behind garbage.</summary>
    private static float[] Young()
    {
        Collect();
        for (int count = 0; count < 10; count++)
            GC.KeepAlive(new float[1600]);
        return new float[1600];
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);

    /// <summary>Not inlined: the JIT would take one address for the other.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe nint Address(ref float rows) => (nint)Unsafe.AsPointer(ref rows);
}
