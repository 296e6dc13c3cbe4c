namespace AttentionGen;

/// <summary>How a learning rate falls after its warm-up.</summary>
public enum LearningRateDecay
{
    /// <summary>By half a cosine wave (Loshchilov and Hutter 2017, without restarts).</summary>
    Cosine,

    /// <summary>Along a straight line.</summary>
    Linear,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>A learning rate for each step: it rises along a straight line, and falls until the last step.</summary>
/// <param name="Peak">The rate at the end of the warm-up.</param>
/// <param name="WarmupSteps">Steps of the warm-up, 0 or more: step s of them has <c>Peak · s / WarmupSteps</c>.</param>
/// <param name="TotalSteps">All steps, the warm-up included.</param>
/// <param name="Decay">How it falls.</param>
/// <param name="Final">The rate of the last step and of all after it; without a decay it has no part.</param>
public sealed record LearningRateSchedule(
    double Peak, long WarmupSteps, long TotalSteps, LearningRateDecay Decay = LearningRateDecay.Cosine, double Final = 0)
{
    /// <summary>
    /// The rate of a step. With p the share of the steps after the warm-up, a cosine gives <c>Final + (Peak − Final) · (1 + cos πp) / 2</c> and a line
    /// <c>Final + (Peak − Final) · (1 − p)</c>.
    /// </summary>
    /// <param name="step">The number of the step, from 1 on.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is less than 1.</exception>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        if (step < WarmupSteps)
            return Peak * step / WarmupSteps;
        if (Decay == LearningRateDecay.None)
            return Peak;
        long falling = TotalSteps - WarmupSteps;
        double share = step >= TotalSteps || falling <= 0 ? 1 : (double)(step - WarmupSteps) / falling;
        return Final + (Peak - Final) * (Decay == LearningRateDecay.Cosine ? (1 + Math.Cos(Math.PI * share)) / 2 : 1 - share);
    }
}
