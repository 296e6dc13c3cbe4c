using AttentionGen.Generator;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Tests.Support;

/// <summary>A class with a random configuration, of any kind; equal where the configuration is.</summary>
internal abstract record RandomClass
{
    /// <summary>Floats of the weights, and rows, of what is run.</summary>
    protected const long MostWeights = 200_000, MostRows = 400;

    /// <summary>Seven attention blocks of ten, two layers and a product.</summary>
    public static RandomClass Next(Random random) => random.Next(10) switch
    {
        < 7 => new RandomAttention(RandomConfiguration.Next(random)),
        < 9 => new RandomLayer(RandomLayers.Next(random)),
        _ => new RandomLinear(RandomLinears.Next(random)),
    };

    /// <summary>The kind, by which messages and counts name it.</summary>
    public abstract string Kind { get; }

    /// <summary>The class as text.</summary>
    public abstract ClassText Text { get; }

    /// <summary>What it declares: each setting that is not at its default, an enumeration with its value, a hook with its name.</summary>
    public abstract IEnumerable<string> Declared { get; }

    /// <summary>Whether it is small, and its numbers such that float32 and float64 give the same.</summary>
    public abstract bool CanRun { get; }

    /// <summary>Parses the class; null where the generator refuses it. What it returns plans, advises and emits.</summary>
    public abstract Func<IReadOnlyList<GeneratedFile>>? Parse(INamedTypeSymbol type, Compilation compilation, Action<Diagnostic> report);

    /// <summary>Runs the generated class against the reference; returns the largest error.</summary>
    public abstract double Run(Type generated, Random random);

    public sealed override string ToString() => $"{Kind}: {Text.Name}";

    protected static T Adapt<T>(Type adapter, Type generated) => (T)Activator.CreateInstance(adapter.MakeGenericType(generated))!;

    /// <summary>Spec, plan, advice and text of an attention or a layer around one.</summary>
    protected static Func<IReadOnlyList<GeneratedFile>>? Emission(AttentionSpec? spec) => spec is null ? null : () =>
    {
        _ = SpeedAdvice.For(AttentionPlan.CreateAll(spec)).Count();
        return AttentionEmitter.Emit(spec);
    };

    /// <summary>Whether the products are those of the numbers: quantised inputs are only near them, which QuantizedTests bounds.</summary>
    protected static bool IsExact(WeightFormat weights, WeightArithmetic arithmetic) =>
        weights != WeightFormat.Int8 && arithmetic == WeightArithmetic.Float32;

    protected static bool AreOrdinary(IEnumerable<double> numbers) => numbers.All(number => number is >= 1e-3 and <= 1e6);
}

/// <summary>A random attention block.</summary>
internal sealed record RandomAttention(TestConfiguration Configuration) : RandomClass
{
    public override string Kind => "attention";

    public override ClassText Text => ClassText.Of(Configuration);

    public override IEnumerable<string> Declared => RandomConfiguration.Declared(Configuration);

    public override bool CanRun => IsSmall(Configuration);

    public override Func<IReadOnlyList<GeneratedFile>>? Parse(INamedTypeSymbol type, Compilation compilation, Action<Diagnostic> report) =>
        Emission(AttentionParser.Parse(type, KernelKind.Attention.FindAttribute(type)!, compilation, report, CancellationToken.None));

    public override double Run(Type generated, Random random)
    {
        var type = Adapt<IKernelType>(typeof(KernelAdapter<>), generated);
        AttentionShape shape = type.Shape;
        Compare.SameShape(Configuration.Shape, shape);
        AttentionWeights weights = AttentionWeights.Random(shape, random.Next());
        return RandomCalls.Run(type.Create(weights), random, keys => RandomCalls.Next(shape, weights, Configuration, random, keys), Configuration.ToString());
    }

    public static bool IsSmall(TestConfiguration configuration)
    {
        AttentionShape shape = configuration.Shape;
        long weights = ((long)shape.DModel * (shape.QueryDim + shape.JoinedDim)) + ((long)shape.MemoryDim * shape.KeyDim)
            + ((long)Math.Max(shape.MemoryDim, shape.ValueInputDim) * shape.ValueDim);
        return IsExact(shape.Weights, shape.Arithmetic) && weights <= MostWeights && shape.SequenceLength <= MostRows
            && shape.Heads * Math.Max(shape.HeadDim, shape.ValueHeadDim) <= 1024
            // Longer contexts are refused.
            && (configuration.RotaryLength is 0 or >= 1000)
            && AreOrdinary(RandomConfiguration.Numbers(configuration)) && configuration.Scale <= 2;
    }
}

/// <summary>A random layer, of an encoder or of a decoder.</summary>
internal sealed record RandomLayer(TestLayer Configuration) : RandomClass
{
    public override string Kind => Configuration.MemoryDim == 0 ? "layer" : "decoder layer";

    public override ClassText Text =>
        ClassText.Of(Configuration.Attention) with
        {
            Name = Configuration.ToString(), Attribute = Configuration.AttributeText, Config = "TransformerLayerConfig",
        };

    public override IEnumerable<string> Declared => RandomConfiguration.Declared(Configuration.Attention)
        .Concat(RandomConfiguration.Declared(Configuration, TestLayer.Standard)).Select(setting => $"Layer.{setting}");

    public override bool CanRun => RandomAttention.IsSmall(Configuration.Attention)
        && IsExact(Configuration.Shape.FeedForwardWeights, Configuration.Attention.Arithmetic)
        && (long)Configuration.Attention.DModel * Configuration.FeedForwardDim <= MostWeights && Configuration.MemoryDim <= MostRows
        && AreOrdinary(RandomConfiguration.Numbers(Configuration, TestLayer.Standard)) && Configuration.ResidualScale <= 4;

    public override Func<IReadOnlyList<GeneratedFile>>? Parse(INamedTypeSymbol type, Compilation compilation, Action<Diagnostic> report) =>
        Emission(AttentionParser.ParseLayer(type, KernelKind.TransformerLayer.FindAttribute(type)!, compilation, report, CancellationToken.None));

    public override double Run(Type generated, Random random)
    {
        var type = Adapt<ILayerType>(typeof(LayerAdapter<>), generated);
        TransformerLayerShape shape = type.Shape;
        Compare.SameShape(Configuration.Attention.Shape, shape.Attention);
        Assert.Equal(Configuration.Shape, shape);
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, random.Next());
        return RandomCalls.Run(
            type.Create(weights), random,
            keys => LayerPart.AddTo(RandomCalls.Next(shape.Attention, weights.Attention, Configuration.Attention, random, keys), shape, weights, random),
            Configuration.ToString());
    }
}

/// <summary>A random product.</summary>
internal sealed record RandomLinear(TestLinear Configuration) : RandomClass
{
    public override string Kind => "linear";

    public override ClassText Text => new(Configuration.ToString(), Configuration.AttributeText, []) { Config = "LinearConfig" };

    public override IEnumerable<string> Declared => RandomConfiguration.Declared(Configuration, new TestLinear(0, 0)).Select(setting => $"Linear.{setting}");

    public override bool CanRun => IsExact(Configuration.Weights, Configuration.Arithmetic)
        && (long)Configuration.Inputs * Configuration.Outputs <= MostWeights;

    public override Func<IReadOnlyList<GeneratedFile>>? Parse(INamedTypeSymbol type, Compilation compilation, Action<Diagnostic> report)
    {
        LinearSpec? spec = LinearParser.Parse(type, KernelKind.Linear.FindAttribute(type)!, compilation, report, CancellationToken.None);
        return spec is null ? null : () => LinearEmitter.Emit(spec);
    }

    public override double Run(Type generated, Random random)
    {
        var type = Adapt<ILinearType>(typeof(LinearAdapter<>), generated);
        Assert.Equal(Configuration.Shape, type.Shape);
        LinearWeights weights = LinearWeights.Random(type.Shape, random.Next());
        ILinearObject linear = type.Create(weights);
        double worst = 0;
        for (int call = 0; call < 2; call++)
        {
            LinearCase one = LinearCase.Create(type.Shape, RandomConfiguration.Length(random), random.Next(), weights);
            float[] output = one.Run(linear, random.Next(1, SharedThreads.Most + 1));
            worst = Math.Max(worst, Compare.Close(one.Expected(), output, type.Shape.Outputs, $"{Configuration}, {one.Rows} rows"));
        }

        return worst;
    }
}
