using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>
/// The gradients of attention, for every two features together, against those of the float64 reference, which central differences confirm. Same bits on any
/// number of threads, and the forward's bits do not change where it keeps what the gradients need. Every other call drops probabilities.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class AttentionGradientTests(ITestOutputHelper log)
{
    /// <summary>Of the largest element of a gradient.</summary>
    private const double Tolerance = 1e-5;

    private static readonly (int Batch, int Rows, int Keys)[] Sizes = [(3, 1, 5), (2, 33, 40), (2, 130, 300), (1, 300, 70), (2, 0, 3), (1, 4, 0)];

    /// <summary>The pair grid without what has no gradient.</summary>
    private static readonly TestConfiguration[] Configurations =
        [.. PairGrid.Configurations.Select(Feature.Configure).Select(PairGrid.WithDerivatives)
            .Select(configuration => configuration with { Gradients = true }).Distinct().Where(KernelFactory.IsLegal)];

    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> Types =
        new(() => KernelFactory.Compile(Configurations, ProjectProperties.OfThisProcessor));

    public static TheoryData<int> All => [.. Enumerable.Range(0, Configurations.Length)];

    [Theory]
    [MemberData(nameof(All))]
    public void Agree_with_the_reference(int index)
    {
        TestConfiguration configuration = Configurations[index];
        IKernelType type = Types.Value[configuration];
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 7);
        IKernel kernel = type.Create(weights);
        SavedActivations activations = kernel.Trainable.CreateActivations(3, 300, 300);
        for (int size = 0; size < Sizes.Length; size++)
        {
            (int batch, int rows, int keys) = Sizes[size];
            rows = configuration.SequenceLength == 0 ? rows : configuration.SequenceLength;
            AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, keys, seed: rows + 1, weights) with
            {
                Dropout = (index + size) % 2 == 0 ? Dropout.None : new(0.3f, (long)index << 31),
            };
            float[] outputGradient = AttentionCase.Uniform(new Random(rows), call.ResultLengths.Output);
            string what = $"{configuration}: {call.Describe()}";
            GradientResult result = GradientResult.Run(call, kernel, outputGradient, 1, activations);
            (double error, string name) = result.LargestError(ReferenceAttention.Backward(type.Shape, weights, call.Arguments, outputGradient));
            log.WriteLine($"{error:E1} {name} {what}");
            // Not true for NaN.
            Assert.True(error <= Tolerance, $"{what}: an error of {error:E2} of the largest, {name}.");
            // What the activations held before does not matter, nor how large they are.
            int threads = 2 + ((index + size) % (SharedThreads.Most - 1));
            result.AssertSameBits(GradientResult.Run(call, kernel, outputGradient, threads), $"{what}, {threads} threads");
            if (call.Dropout == Dropout.None)
                Compare.SameBits(call.Run(kernel), result.Output, 1, $"{what}, output");
            else
                Compare.Close(call.Reference(), result.Output, 1, $"{what}, output");
        }
    }
}
