namespace AttentionGen;

// Numbers that make a kernel slow or its output useless.
public sealed partial class AttentionWeights
{
    /// <summary>
    /// The number of weights that are subnormal: not 0, and smaller than 2⁻¹²⁶. Some processors compute with such numbers many times slower;
    /// <see cref="FlushSubnormals"/> removes them.
    /// </summary>
    public long CountSubnormals()
    {
        long count = 0;
        foreach ((_, WeightTensor tensor) in Tensors())
            count += tensor.CountSubnormals();
        return count;
    }

    /// <summary>These weights with 0 in place of every subnormal number, of the same sign. They are the same object if there is none.</summary>
    public AttentionWeights FlushSubnormals()
    {
        if (CountSubnormals() == 0)
            return this;
        return new(FlushBoth(QueryProjection), FlushBoth(KeyProjection), FlushBoth(ValueProjection), FlushBoth(OutputProjection), new LearnedTensors
        {
            Gate = FlushBoth(Learned.Gate),
            QueryNorm = Learned.QueryNorm.FlushSubnormals(),
            QueryNormBias = Learned.QueryNormBias.FlushSubnormals(),
            KeyNorm = Learned.KeyNorm.FlushSubnormals(),
            KeyNormBias = Learned.KeyNormBias.FlushSubnormals(),
            Sinks = Learned.Sinks.FlushSubnormals(),
            RelativePositionBias = Learned.RelativePositionBias.FlushSubnormals(),
            BiasKey = Learned.BiasKey.FlushSubnormals(),
            BiasValue = Learned.BiasValue.FlushSubnormals(),
        });

        static ProjectionWeights FlushBoth(ProjectionWeights projection) => new(projection.Weight.FlushSubnormals(), projection.Bias.FlushSubnormals());
    }

    /// <summary>Checks that every weight is a finite number. A kernel does not check this: its output is then NaN or infinite.</summary>
    /// <returns>These weights.</returns>
    /// <exception cref="InvalidDataException">A weight is NaN or infinite. The message names the tensor, the element and the value.</exception>
    public AttentionWeights CheckFinite()
    {
        foreach ((string role, WeightTensor tensor) in Tensors())
            tensor.CheckFinite(role);
        return this;
    }

    private (string Role, WeightTensor Tensor)[] Tensors() =>
    [
        ("query weight", QueryProjection.Weight), ("query bias", QueryProjection.Bias), ("key weight", KeyProjection.Weight), ("key bias", KeyProjection.Bias),
        ("value weight", ValueProjection.Weight), ("value bias", ValueProjection.Bias), ("output weight", OutputProjection.Weight),
        ("output bias", OutputProjection.Bias), ("output gate", Learned.Gate.Weight), ("output gate bias", Learned.Gate.Bias),
        ("query norm", Learned.QueryNorm), ("query norm bias", Learned.QueryNormBias), ("key norm", Learned.KeyNorm), ("key norm bias", Learned.KeyNormBias),
        ("sinks", Learned.Sinks), ("relative position bias", Learned.RelativePositionBias), ("bias key", Learned.BiasKey), ("bias value", Learned.BiasValue),
    ];
}
