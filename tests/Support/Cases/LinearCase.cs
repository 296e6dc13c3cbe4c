namespace AttentionGen.Tests.Support;

/// <summary>One call of a product: what goes in, and what must come out.</summary>
internal sealed record LinearCase(LinearShape Shape, LinearWeights Weights, int Rows, float[] Input, float[] Gate, float[] Residual)
{
    /// <summary>A call on random numbers.</summary>
    public static LinearCase Create(LinearShape shape, int rows, int seed, LinearWeights? weights = null)
    {
        var random = new Random(seed);
        int count = rows * shape.Outputs;
        return new(
            shape,
            weights ?? LinearWeights.Random(shape, seed),
            rows,
            AttentionCase.Uniform(random, rows * shape.Inputs),
            AttentionCase.Uniform(random, shape.Gate ? count : 0),
            AttentionCase.Uniform(random, shape.Residual ? count : 0));
    }

    /// <summary>Some of the rows as a call of their own.</summary>
    public LinearCase Slice(int first, int rows)
    {
        return this with { Rows = rows, Input = Some(Input, Shape.Inputs), Gate = Some(Gate, Shape.Outputs), Residual = Some(Residual, Shape.Outputs) };

        float[] Some(float[] values, int width) => values.Length == 0 ? [] : values[(first * width)..((first + rows) * width)];
    }

    /// <summary>What the product gives. Numbers around the output must stay as they were.</summary>
    public float[] Run(ILinearObject linear, int threads = 1)
    {
        const int Around = 40;
        var memory = new float[Around + (Rows * Shape.Outputs) + Around];
        memory.AsSpan().Fill(7.5f);
        linear.Forward(Arguments(memory.AsSpan(Around, Rows * Shape.Outputs), threads));
        Assert.All(memory[..Around].Concat(memory[^Around..]), value => Assert.Equal(7.5f, value));
        return memory[Around..^Around];
    }

    /// <summary>The arguments of the call.</summary>
    public LinearArguments Arguments(Span<float> output, int threads = 1) => new()
    {
        Input = Input, Output = output, Gate = Gate, Residual = Residual, Options = new() { MaxDegreeOfParallelism = threads },
    };

    /// <summary>The same in float64, from the formulas.</summary>
    public double[] Expected()
    {
        var expected = new double[Rows * Shape.Outputs];
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Shape.Outputs; column++)
            {
                double sum = Shape.Bias ? Weights.Bias[column] : 0;
                for (int k = 0; k < Shape.Inputs; k++)
                    sum += (double)Input[(row * Shape.Inputs) + k] * Weights.Weight[(column * Shape.Inputs) + k];
                int index = (row * Shape.Outputs) + column;
                expected[index] = (Activate(sum) * (Shape.Gate ? Gate[index] : 1)) + (Shape.Residual ? Residual[index] : 0);
            }
        }

        return expected;
    }

    private double Activate(double x) => Shape.Activation switch
    {
        Activation.None => x,
        Activation.Relu => Math.Max(x, 0),
        Activation.Gelu => x * NormalDistribution(x),
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.QuickGelu => x / (1 + Math.Exp(-1.702 * x)),
        _ => x / (1 + Math.Exp(-x)),
    };

    /// <summary>Φ(x) by its series (Marsaglia 2004): ½ + φ(x) · (x + x³/3 + x⁵/15 + …).</summary>
    private static double NormalDistribution(double x)
    {
        double term = x, sum = x;
        for (int odd = 3; Math.Abs(term) > 1e-18 && odd < 400; odd += 2)
            sum += term *= x * x / odd;
        return 0.5 + (sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI));
    }
}
