using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>The rows that a step projects stay where they are, whatever the garbage collector does meanwhile.</summary>
public sealed class PinnedMemoryTests
{
    private const int Tries = 20;

    [Fact]
    public void Input_and_memory_do_not_move_while_a_step_runs()
    {
        for (int count = 0; count < Tries; count++)
        {
            float[] input = Young(), memory = new float[1000];
            PinnedMemory.Run(this, new AttentionArguments { Input = input, Memory = memory }, default, static (_, in arguments, in _) =>
            {
                nint input = Address(arguments.Input), memory = Address(arguments.Memory);
                Collect();
                Assert.Equal((input, memory), (Address(arguments.Input), Address(arguments.Memory)));
            });
        }
    }

    /// <summary>Or the test above would show nothing.</summary>
    [Fact]
    public void Without_a_step_they_move() => Assert.Contains(Enumerable.Range(0, Tries), static _ =>
    {
        float[] input = Young();
        nint before = Address(input);
        Collect();
        return Address(input) != before;
    });

    /// <summary>Rows behind garbage.</summary>
    private static float[] Young()
    {
        Collect();
        for (int count = 0; count < 10; count++)
            GC.KeepAlive(new float[1000]);
        return new float[1000];
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);

    private static unsafe nint Address(ReadOnlySpan<float> rows) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(rows));
}
