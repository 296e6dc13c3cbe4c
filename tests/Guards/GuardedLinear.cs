using AttentionGen.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Guards;

/// <summary>One call of a product between guard pages.</summary>
/// <param name="Type">The class.</param>
/// <param name="Expected">What it gives in ordinary memory.</param>
/// <param name="Packs">Whether the weights are packed from between guard pages too.</param>
internal sealed record GuardedLinear(ILinearType Type, LinearCase Call, int Threads, GuardSide Side, Lazy<float[]> Expected, bool Packs) : IGuardedCase
{
    /// <summary>Row counts around the edges of tiles and row blocks, one thread and three, both sides.</summary>
    public static IEnumerable<GuardedLinear> All(ILinearType type)
    {
        LinearWeights weights = LinearWeights.Random(type.Shape, seed: 7);
        ILinearObject ordinary = type.Create(weights);
        foreach (int rows in (int[])[1, 2, 3, 4, 7, 13, 121])
        {
            LinearCase call = LinearCase.Create(type.Shape, rows, seed: rows, weights);
            var expected = new Lazy<float[]>(() => call.Run(ordinary));
            foreach (GuardSide side in Enum.GetValues<GuardSide>())
            {
                foreach (int threads in (int[])[1, 3])
                    yield return new(type, call, threads, side, expected, Packs: rows == 1 && threads == 1);
            }
        }
    }

    public IEnumerable<float[]> Results() => [Expected.Value];

    public override string ToString() => $"{Call.Shape}, {Call.Rows} rows, {Threads} threads, guards {Side}";

    public Action<GuardedMemory> Prepare()
    {
        _ = Expected.Value;
        return Run;
    }

    private void Run(GuardedMemory memory)
    {
        LinearWeights weights = Call.Weights;
        if (Packs)
        {
            PackedMatrix.Pack(
                memory.Put(weights.Weight.ToArray(), "Weight"), memory.Put(weights.Bias.ToArray(), "Bias"), Call.Shape.Outputs, Call.Shape.Inputs, 1);
        }

        ILinearObject linear = Type.Create(weights);
        Span<float> output = memory.Space(Expected.Value.Length, "Output");
        linear.Forward(new LinearArguments
        {
            Input = memory.Put(Call.Input, "Input"),
            Output = output,
            Gate = memory.Put(Call.Gate, "Gate"),
            Residual = memory.Put(Call.Residual, "Residual"),
            Options = new() { MaxDegreeOfParallelism = Threads },
        });
        Compare.SameBits(Expected.Value, output.ToArray(), Call.Shape.Outputs, ToString());
    }
}
