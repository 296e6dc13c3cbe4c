using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>What a step of training promises beside its numbers: no allocation, changed weights, masked keys that hold anything, refused arguments.</summary>
public sealed class TrainingStepTests
{
    private static readonly TestConfiguration Learned = new()
    {
        Heads = 4, KvHeads = 2, DModel = 32, HeadDim = 16, Causal = true, Gradients = true, QueryKeyNorm = QueryKeyNorm.Layer, Sinks = true,
        RelativePositionBuckets = 8, BiasKeyValue = true, Rotary = RotaryKind.HalfSplit, Softcap = 3,
    };

    private static readonly TestConfiguration Masked = new() { Heads = 2, DModel = 16, MemoryDim = 16, KeyLengths = true, Gradients = true };

    private static readonly TestConfiguration ValueInput = Masked with { ValueInputDim = 12 };

    private static readonly TestConfiguration Core = new()
    {
        Heads = 2, HeadDim = 8, Projections = false, BooleanMask = MaskAxes.BatchKey, Gradients = true,
    };

    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> Types =
        new(() => KernelFactory.Compile([Learned, Masked, ValueInput, Core], ProjectProperties.OfThisProcessor));

    [Fact]
    public void A_step_allocates_nothing_after_the_first()
    {
        (IKernel kernel, AttentionCase call) = Create(Learned, batch: 2, rows: 40);
        SavedActivations activations = kernel.Trainable.CreateActivations(2, 40);
        var gradients = new AttentionGradients(call.Weights);
        float[] outputGradient = AttentionCase.Uniform(new Random(1), call.ResultLengths.Output);
        float[] output = new float[outputGradient.Length], inputGradient = new float[call.Input.Length];
        void Step()
        {
            AttentionArguments arguments = call.Arguments with { Activations = activations };
            kernel.Forward(arguments with { Output = output });
            gradients.Clear();
            kernel.Trainable.Backward(
                arguments, new BackwardArguments { OutputGradient = outputGradient, InputGradient = inputGradient, Gradients = gradients });
            foreach (GradientTensor tensor in gradients.Tensors)
                tensor.Values.Span[0] -= 0.01f * tensor.Gradient.Span[0];
            kernel.Trainable.Pack(call.Weights);
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 4; step++)
            Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Every learned tensor changes, and a kernel object that packs it has the bits of a new one.</summary>
    [Fact]
    public void Pack_gives_the_bits_of_a_new_kernel_object()
    {
        (IKernel kernel, AttentionCase call) = Create(Learned, batch: 1, rows: 50);
        float[] before = call.Run(kernel);
        var random = new Random(3);
        ReadOnlySpan<GradientTensor> tensors = new AttentionGradients(call.Weights).Tensors;
        Assert.Equal(16, tensors.Length);
        foreach (GradientTensor tensor in tensors)
        {
            foreach (ref float value in tensor.Values.Span)
                value += 0.1f * (random.NextSingle() - 0.5f);
            float[] stale = call.Run(kernel);
            kernel.Trainable.Pack(call.Weights);
            float[] packed = call.Run(kernel);
            Assert.True(!packed.AsSpan().SequenceEqual(stale), $"{tensor.Name} was not packed.");
            Compare.SameBits(call.Run(kernel.Type.Create(call.Weights)), packed, 1, tensor.Name);
        }

        Assert.NotEqual(before, call.Run(kernel));
    }

    [Fact]
    public void Masked_keys_may_hold_anything()
    {
        (IKernel kernel, AttentionCase call) = Create(Masked, batch: 2, rows: 20, keys: 30);
        call = call with { KeyLengths = [11, 30] };
        CheckMasked(kernel, call, call with { Memory = Poison(call.Memory, 11 * 16, 19 * 16) }, result => result.Memory);

        (kernel, call) = Create(ValueInput, batch: 2, rows: 20, keys: 30);
        call = call with { KeyLengths = [11, 30] };
        CheckMasked(kernel, call, call with { Memory = Poison(call.Memory, 11 * 16, 19 * 16) }, result => result.Memory);
        AttentionCase poisoned = call with { ValueInput = Poison(call.ValueInput, 11 * 12, 19 * 12) };
        CheckMasked(kernel, call, poisoned, result => result.ValueInput, poisoned.ValueInput);

        (kernel, call) = Create(Core, batch: 1, rows: 20, keys: 40);
        bool[] mask = [.. Enumerable.Range(0, 40).Select(key => key is < 7 or > 9)];
        call = call with { BooleanMask = mask };
        CheckMasked(
            kernel, call, call with { Key = Poison(call.Key, 7 * 16, 3 * 16), Value = Poison(call.Value, 7 * 16, 3 * 16) }, result => result.Value);
    }

    [Fact]
    public void Wrong_arguments_are_refused_before_anything_is_written()
    {
        (IKernel kernel, AttentionCase call) = Create(Learned, batch: 2, rows: 5);
        SavedActivations activations = kernel.Trainable.CreateActivations(2, 5);
        var gradients = new AttentionGradients(call.Weights);
        float[] outputGradient = new float[call.Input.Length], inputGradient = new float[call.Input.Length], output = new float[call.Input.Length];
        Array.Fill(inputGradient, 7f);

        void Refused(string part, SavedActivations? kept, float[] given, float[] target, WeightGradients? learned, int batch = 2)
        {
            string message = Assert.ThrowsAny<ArgumentException>(() => kernel.Trainable.Backward(
                call.Arguments with { Activations = kept, Batch = batch },
                new BackwardArguments { OutputGradient = given, InputGradient = target, Gradients = learned })).Message;
            Assert.Contains(part, message, StringComparison.Ordinal);
        }

        Refused("activations are empty", activations, outputGradient, inputGradient, gradients);
        kernel.Forward(call.Arguments with { Activations = activations, Output = output });
        Refused("activations", null, outputGradient, inputGradient, gradients);
        Refused("activations were filled by 2 sequences", activations, outputGradient, inputGradient, gradients, batch: 1);
        Refused("outputGradient.Length is 3", activations, new float[3], inputGradient, gradients);
        Refused("inputGradient.Length is 3", activations, outputGradient, new float[3], gradients);
        Refused("inputGradient overlaps outputGradient", activations, outputGradient, outputGradient, gradients);
        Refused("inputGradient overlaps input", activations, outputGradient, call.Input, gradients);
        Refused("gradients", activations, outputGradient, inputGradient, null);
        Refused("gradients.Query", activations, outputGradient, inputGradient, new AttentionGradients(AttentionWeights.Empty));
        Assert.Equal(-1, inputGradient.AsSpan().IndexOfAnyExcept(7f));

        SavedActivations small = kernel.Trainable.CreateActivations(2, 4);
        Assert.Contains("have room for 2 sequences of 8 rows", Assert.ThrowsAny<ArgumentException>(
            () => kernel.Forward(call.Arguments with { Activations = small, Output = output })).Message, StringComparison.Ordinal);
        Assert.Contains("activations and a cache", Assert.ThrowsAny<ArgumentException>(() => kernel.Forward(
            call.Arguments with { Activations = activations, Output = output, Cache = kernel.CreateCache(8, 2) })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_gradients_of_an_input_of_values_are_refused_before_anything_is_written()
    {
        (IKernel kernel, AttentionCase call) = Create(ValueInput, batch: 2, rows: 5, keys: 6);
        SavedActivations activations = kernel.Trainable.CreateActivations(2, 5, 6);
        float[] output = new float[call.Input.Length];
        AttentionArguments arguments = call.Arguments with { Activations = activations };
        kernel.Forward(arguments with { Output = output });
        float[] values = new float[2 * 6 * 12], memory = new float[2 * 6 * 16], input = new float[call.Input.Length];
        float[][] all = [values, memory, input];
        foreach (float[] gradient in all)
            Array.Fill(gradient, 7f);

        void Refused(string part, AttentionArguments given, Span<float> target)
        {
            var backward = new BackwardArguments
            {
                OutputGradient = output, InputGradient = input, MemoryGradient = memory, ValueInputGradient = target,
                Gradients = new AttentionGradients(call.Weights),
            };
            string message = "";
            try
            {
                kernel.Trainable.Backward(given, backward);
            }
            catch (ArgumentException exception)
            {
                message = exception.Message;
            }

            Assert.Contains(part, message, StringComparison.Ordinal);
            Assert.All(all, gradient => Assert.Equal(-1, gradient.AsSpan().IndexOfAnyExcept(7f)));
        }

        Refused("valueInputGradient.Length is 5; expected 144, the elements of the input of values", arguments, new float[5]);
        Refused("valueInputGradient.Length is 0; expected 144", arguments, []);
        Refused("valueInputGradient overlaps input;", arguments, call.Input.AsSpan(0, 144));
        Refused("valueInputGradient overlaps memoryGradient", arguments, memory.AsSpan(3, 144));
        Refused("valueInput.Length is 132; expected rows of all memories", arguments with { ValueInput = call.ValueInput.AsSpan(12) }, values);
    }

    /// <summary>The gradients of a call whose masked keys hold NaN are those of the call with numbers, bit for bit, and zero at these keys.</summary>
    private static void CheckMasked(
        IKernel kernel, AttentionCase call, AttentionCase poisoned, Func<GradientResult, float[]> ofKeys, float[]? values = null)
    {
        float[] outputGradient = AttentionCase.Uniform(new Random(2), call.ResultLengths.Output);
        GradientResult expected = GradientResult.Run(call, kernel, outputGradient, 1), actual = GradientResult.Run(poisoned, kernel, outputGradient, 1);
        expected.AssertSameBits(actual, call.Describe());
        values ??= poisoned.Memory.Length > 0 ? poisoned.Memory : poisoned.Value;
        Assert.Contains(values, float.IsNaN);
        Assert.All(values.Zip(ofKeys(actual)).Where(pair => float.IsNaN(pair.First)), pair => Assert.Equal(0, pair.Second));
    }

    private static float[] Poison(float[] values, int first, int count)
    {
        float[] poisoned = [.. values];
        poisoned.AsSpan(first, count).Fill(float.NaN);
        return poisoned;
    }

    private static (IKernel Kernel, AttentionCase Call) Create(TestConfiguration configuration, int batch, int rows, int keys = -1)
    {
        IKernelType type = Types.Value[configuration];
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        return (type.Create(weights), AttentionCase.Create(type.Shape, batch, rows, keys, seed: 6, weights));
    }
}
