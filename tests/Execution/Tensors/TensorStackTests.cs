using System.Numerics.Tensors;
using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;
using static AttentionGen.Tests.Execution.Tensors.Tensors;

namespace AttentionGen.Tests.Execution.Tensors;

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Ragged = true)]
internal sealed partial class TensorRaggedLayer;

/// <summary>Stacks take tensors too, by members that the generator adds to the project.</summary>
public sealed class TensorStackTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 9)]
    public void A_stack_gives_the_bits_of_spans(int batch, int rows)
    {
        TransformerStack stack = Stack(TensorLayer.Create, TensorLayer.Shape);
        float[] input = TestNumbers.Random(1, batch * rows * 16), expected = new float[input.Length], output = new float[input.Length];
        stack.Forward(input, expected, batch);
        stack.Forward(As<float>(input, batch, rows, 16), Into(output, batch, rows, 16), new ForwardOptions { MaxDegreeOfParallelism = 2 });
        Compare.SameBits(expected, output, 16, "without a cache");
        output.AsSpan().Clear();
        stack.Forward(As<float>(input, batch, rows, 16), Into(output, batch, rows, 16), stack.CreateCache(rows, batch));
        Compare.SameBits(expected, output, 16, "with a cache");
        Tensor<float> tensor = Tensor.CreateFromShape<float>([batch, rows, 16]);
        stack.Forward(Tensor.Create(input, [batch, rows, 16]), tensor);
        Compare.SameBits(expected, tensor.ToArray(), 16, "Tensor<float>");
    }

    [Fact]
    public void A_ragged_stack_gives_the_bits_of_spans()
    {
        TransformerStack stack = Stack(TensorRaggedLayer.Create, TensorRaggedLayer.Shape);
        float[] input = TestNumbers.Random(1, 12 * 16), expected = new float[input.Length], output = new float[input.Length];
        int[] offsets = [0, 5, 5, 12];
        stack.Forward(input, expected, offsets);
        stack.Forward(As<float>(input, 12, 16), Into(output, 12, 16), new AttentionArguments { RowOffsets = offsets });
        Compare.SameBits(expected, output, 16, "ragged");
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        TransformerStack stack = Stack(TensorLayer.Create, TensorLayer.Shape);
        var output = new float[160];
        Refuse("input", "input has lengths [2, 5, 8]; expected [batch, rows, 16], or [rows, 16] for one sequence.",
            () => stack.Forward(As<float>(new float[80], 2, 5, 8), Into(output, 2, 5, 16)));
        Refuse("output", "output has lengths [10, 16]; expected [batch = 2, rows = 5, 16].",
            () => stack.Forward(As<float>(new float[160], 2, 5, 16), Into(output, 10, 16)));
        Refuse("input", "input has lengths [2, 5, 16]; expected [batch = 3, rows, 16].",
            () => stack.Forward(As<float>(new float[160], 2, 5, 16), Into(output, 2, 5, 16), stack.CreateCache(5, batch: 3)));
        Refuse("input", "input has lengths [2, 5, 16] and strides [160, 32, 1]; expected strides [80, 16, 1]",
            () => stack.Forward(As<float>(new float[320], 2, 5, 32).Slice([0..2, 0..5, 0..16]), Into(output, 2, 5, 16)));

        void Refuse(string argument, string message, Action call)
        {
            Assert.StartsWith(message, Assert.Throws<ArgumentException>(argument, call).Message);
            Assert.All(output, value => Assert.Equal(0, value));
        }
    }

    private static TransformerStack Stack<T>(Func<TransformerLayerWeights, T> create, TransformerLayerShape shape)
        where T : class, ITransformerLayer<T> =>
        TransformerStack<T>.Create([create(TransformerLayerWeights.Random(shape, 3)), create(TransformerLayerWeights.Random(shape, 4))]);
}
