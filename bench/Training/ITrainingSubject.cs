namespace AttentionGen.Bench.Training;

/// <summary>What a step of training calls.</summary>
internal interface ITrainingSubject
{
    string Name { get; }

    /// <summary>The gradient of the input, after <see cref="Backward"/>.</summary>
    ReadOnlySpan<float> InputGradient { get; }

    /// <summary>The forward that keeps what the backward reads.</summary>
    void Forward();

    /// <summary>The gradients of input and weights; also clears those of the weights before.</summary>
    void Backward();

    /// <summary>AdamW, and whatever lets the next forward see the changed weights.</summary>
    void Update();
}
