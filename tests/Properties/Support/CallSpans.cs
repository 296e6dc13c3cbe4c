using System.Runtime.InteropServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Properties;

/// <summary>Results and inputs of a call in one array: two of them as far from each other as a test wants, all others apart.</summary>
internal sealed class CallSpans
{
    /// <summary>So many of <see cref="Names"/> are results, the others inputs.</summary>
    public const int Results = 4;

    private const int Mask = 15;
    private const float Unwritten = 12345.678f;

    private readonly AttentionCase call;
    private readonly byte[] memory;
    private readonly byte[] before;
    private readonly int[] starts = new int[Names.Length];
    private readonly int[] lengths;

    /// <param name="call">What the inputs hold, where no other input lies over them.</param>
    /// <param name="first">One span.</param>
    /// <param name="second">The span that lies near it.</param>
    /// <param name="distance">
    /// Bytes from the beginning of the first to that of the second, from where the second ends at the first to where it begins behind it.
    /// </param>
    public CallSpans(AttentionCase call, int first, int second, int distance)
    {
        this.call = call;
        lengths = Lengths(call);
        starts[first] = RoundUp(lengths[second]);
        starts[second] = starts[first] + distance;
        int end = starts[first] + RoundUp(lengths[first]) + RoundUp(lengths[second]);
        for (int index = 0; index < Names.Length; index++)
        {
            if (index == first || index == second)
                continue;
            starts[index] = end;
            end += RoundUp(lengths[index]);
        }

        memory = new byte[end];
        MemoryMarshal.Cast<byte, float>(memory.AsSpan()).Fill(Unwritten);
        // Last to first: the additive mask, which may be infinite where no other input may, lies below.
        for (int index = Names.Length - 1; index >= Results; index--)
            Content(call, index).CopyTo(memory.AsSpan(starts[index]));
        before = [.. memory];
    }

    /// <summary>Names of the arguments, in the order of all numbers here; of some kernels the parameters have others.</summary>
    public static string[] Names { get; } =
    [
        "output", "probabilities", "scores", "logSumExp",
        "input", "memory", "key", "value", "rowOffsets", "keyOffsets", "keyLengths", "keyStarts", "prefixLengths", "documents", "positions", "booleanMask",
        "headMask", "valueInput", "additiveMask",
    ];

    /// <summary>The call with what its inputs hold now.</summary>
    public AttentionCase Call => call with
    {
        Input = Of<float>(4).ToArray(),
        Memory = Of<float>(5).ToArray(),
        Key = Of<float>(6).ToArray(),
        Value = Of<float>(7).ToArray(),
        RowOffsets = Of<int>(8).ToArray(),
        KeyOffsets = Of<int>(9).ToArray(),
        KeyLengths = Of<int>(10).ToArray(),
        KeyStarts = Of<int>(11).ToArray(),
        PrefixLengths = Of<int>(12).ToArray(),
        Documents = Of<int>(13).ToArray(),
        Positions = Of<int>(14).ToArray(),
        BooleanMask = Of<bool>(Mask).ToArray(),
        HeadMask = Of<float>(16).ToArray(),
        ValueInput = Of<float>(17).ToArray(),
        AdditiveMask = Of<float>(18).ToArray(),
    };

    public AttentionResult Result => new(Of<float>(0).ToArray(), Of<float>(1).ToArray(), Of<float>(2).ToArray(), Of<float>(3).ToArray());

    /// <summary>Bytes of each span.</summary>
    public static int[] Lengths(AttentionCase call)
    {
        var (output, probabilities, scores, logSumExp) = call.ResultLengths;
        int[] results = [output, probabilities, scores, logSumExp];
        return [.. results.Select(floats => floats * sizeof(float)),
            .. Enumerable.Range(Results, Names.Length - Results).Select(index => Content(call, index).Length)];
    }

    /// <summary>Bytes of an element.</summary>
    public static int Unit(int index) => index == Mask ? sizeof(bool) : sizeof(float);

    /// <summary>Whether two inputs have elements of one type.</summary>
    public static bool AreAlike(int first, int second) => Kind(first) == Kind(second);

    public void Run(IKernel kernel, AttentionCache? cache) => kernel.Forward(new()
    {
        Output = Of<float>(0),
        Probabilities = Of<float>(1),
        Scores = Of<float>(2),
        LogSumExp = Of<float>(3),
        Input = Of<float>(4),
        Memory = Of<float>(5),
        Key = Of<float>(6),
        Value = Of<float>(7),
        RowOffsets = Of<int>(8),
        KeyOffsets = Of<int>(9),
        KeyLengths = Of<int>(10),
        KeyStarts = Of<int>(11),
        PrefixLengths = Of<int>(12),
        Documents = Of<int>(13),
        Positions = Of<int>(14),
        BooleanMask = Of<bool>(Mask),
        HeadMask = Of<float>(16),
        ValueInput = Of<float>(17),
        AdditiveMask = Of<float>(18),
        MaskLength = call.MaskLength,
        Batch = call.Batch,
        Cache = cache,
    });

    /// <summary>Fails where the call has written anything.</summary>
    public void AssertUnwritten(string what) => Assert.True(memory.AsSpan().SequenceEqual(before), $"{what}: something was written");

    /// <summary>Fails where the call has written anything but results.</summary>
    public void AssertInputsUnwritten(string what)
    {
        for (int index = Results; index < Names.Length; index++)
            Assert.True(
                memory.AsSpan(starts[index], lengths[index]).SequenceEqual(before.AsSpan(starts[index], lengths[index])),
                $"{what}: {Names[index]} was written");
    }

    private static ReadOnlySpan<byte> Content(AttentionCase call, int index) => index switch
    {
        4 => MemoryMarshal.AsBytes(call.Input.AsSpan()),
        5 => MemoryMarshal.AsBytes(call.Memory.AsSpan()),
        6 => MemoryMarshal.AsBytes(call.Key.AsSpan()),
        7 => MemoryMarshal.AsBytes(call.Value.AsSpan()),
        8 => MemoryMarshal.AsBytes(call.RowOffsets.AsSpan()),
        9 => MemoryMarshal.AsBytes(call.KeyOffsets.AsSpan()),
        10 => MemoryMarshal.AsBytes(call.KeyLengths.AsSpan()),
        11 => MemoryMarshal.AsBytes(call.KeyStarts.AsSpan()),
        12 => MemoryMarshal.AsBytes(call.PrefixLengths.AsSpan()),
        13 => MemoryMarshal.AsBytes(call.Documents.AsSpan()),
        14 => MemoryMarshal.AsBytes(call.Positions.AsSpan()),
        Mask => MemoryMarshal.AsBytes(call.BooleanMask.AsSpan()),
        16 => MemoryMarshal.AsBytes(call.HeadMask.AsSpan()),
        17 => MemoryMarshal.AsBytes(call.ValueInput.AsSpan()),
        _ => MemoryMarshal.AsBytes(call.AdditiveMask.AsSpan()),
    };

    private static int Kind(int index) => index switch
    {
        Mask => 0,
        >= 8 and < Mask => 1,
        _ => 2,
    };

    /// <summary>The next multiple of four bytes.</summary>
    private static int RoundUp(int bytes) => (bytes + 3) / 4 * 4;

    private Span<T> Of<T>(int index)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(memory.AsSpan(starts[index], lengths[index]));
}
