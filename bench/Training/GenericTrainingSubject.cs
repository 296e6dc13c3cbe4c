using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Subjects;
using AttentionGen.Generic;

namespace AttentionGen.Bench.Training;

/// <summary>The ordinary step of training of bench/Generic; always one thread.</summary>
internal sealed class GenericTrainingSubject(TrainingWorkload workload, TransformerLayerShape shape, TransformerLayerWeights weights) : ITrainingSubject
{
    private readonly GenericTraining training = new(GenericShapes.LayerOptions(shape, workload.Rows), GenericShapes.LayerWeights(weights));
    private readonly float[] output = new float[workload.Input.Length];
    private readonly float[] inputGradient = new float[workload.Input.Length];

    public string Name => Comparison.GenericName;

    public ReadOnlySpan<float> InputGradient => inputGradient;

    public void Forward() => training.Forward(workload.Input, output, workload.Batch);

    public void Backward() => training.Backward(workload.OutputGradient, workload.Input, inputGradient);

    public void Update() => training.Update((float)new AdamW([]).LearningRate);
}
