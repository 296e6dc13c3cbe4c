namespace AttentionGen.Bench.Training;

/// <summary>A generated class in training.</summary>
internal abstract class GeneratedTraining(TrainingWorkload workload, SavedActivations activations, WeightGradients gradients) : ITrainingSubject
{
    private readonly AdamW optimiser = new(gradients.Tensors);
    private readonly float[] output = new float[workload.Input.Length];
    private readonly float[] inputGradient = new float[workload.Input.Length];

    public string Name => "attentiongen";

    public ReadOnlySpan<float> InputGradient => inputGradient;

    public void Forward() => Forward(Arguments with { Output = output });

    public void Backward()
    {
        gradients.Clear();
        Backward(Arguments, new BackwardArguments { OutputGradient = workload.OutputGradient, InputGradient = inputGradient, Gradients = gradients });
    }

    public void Update()
    {
        optimiser.Step();
        Pack();
    }

    protected abstract void Forward(in AttentionArguments arguments);

    protected abstract void Backward(in AttentionArguments arguments, in BackwardArguments backward);

    protected abstract void Pack();

    private AttentionArguments Arguments => new()
    {
        Input = workload.Input, Batch = workload.Batch, Activations = activations, Options = new() { MaxDegreeOfParallelism = workload.Threads },
    };
}

/// <summary>An attention block.</summary>
internal sealed class GeneratedBlock(TrainingWorkload workload, AttentionWeights weights, TrainedBlock block)
    : GeneratedTraining(workload, block.CreateActivations(workload.Batch, workload.Rows), new AttentionGradients(weights))
{
    protected override void Forward(in AttentionArguments arguments) => block.Forward(arguments);

    protected override void Backward(in AttentionArguments arguments, in BackwardArguments backward) =>
        ((ITrainable<AttentionWeights>)block).Backward(arguments, backward);

    protected override void Pack() => block.Pack(weights);
}

/// <summary>A layer.</summary>
internal sealed class GeneratedLayer(TrainingWorkload workload, TransformerLayerWeights weights, TrainedLayer layer)
    : GeneratedTraining(workload, layer.CreateActivations(workload.Batch, workload.Rows), new TransformerLayerGradients(weights))
{
    protected override void Forward(in AttentionArguments arguments) => layer.Forward(arguments);

    protected override void Backward(in AttentionArguments arguments, in BackwardArguments backward) =>
        ((ITrainable<TransformerLayerWeights>)layer).Backward(arguments, backward);

    protected override void Pack() => layer.Pack(weights);
}
