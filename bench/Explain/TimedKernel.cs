using System.Reflection;
using AttentionGen.CompilerServices;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>A generated attention block whose calls run the real path over timed kernels.</summary>
internal sealed class TimedKernel<TKernel>(TKernel kernel) : IAttentionKernel<TimedKernel<TKernel>>
    where TKernel : class, IAttentionKernel<TKernel>
{
    private readonly TimedPath path = new(kernel);

    public static AttentionShape Shape => TKernel.Shape;

    public static bool IsAccelerated => TKernel.IsAccelerated;

    public static string Plan => TKernel.Plan;

    public static TimedKernel<TKernel> Create(AttentionWeights weights) => new(TKernel.Create(weights));

    public static long GetScratchBytes(int batch, int rows, int keys, int threads = 1) => TKernel.GetScratchBytes(batch, rows, keys, threads);

    public AttentionCache CreateCache(int capacity, int batch = 1) => kernel.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments) => path.Forward(in arguments);
}

/// <summary>A generated layer whose calls run the real path over timed kernels.</summary>
internal sealed class TimedLayer<TLayer>(TLayer layer) : ITransformerLayer<TimedLayer<TLayer>>
    where TLayer : class, ITransformerLayer<TLayer>
{
    private readonly TimedPath path = new(layer);

    public static TransformerLayerShape Shape => TLayer.Shape;

    public static bool IsAccelerated => TLayer.IsAccelerated;

    public static string Plan => TLayer.Plan;

    public static TimedLayer<TLayer> Create(TransformerLayerWeights weights) => new(TLayer.Create(weights));

    public static long GetScratchBytes(int batch, int rows, int keys, int threads = 1) => TLayer.GetScratchBytes(batch, rows, keys, threads);

    public AttentionCache CreateCache(int capacity, int batch = 1) => layer.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments) => path.Forward(in arguments);
}

/// <summary>The path of an object's calls, over timed kernels. What generated code keeps private is found by reflection.</summary>
internal sealed class TimedPath
{
    private readonly PackedWeights weights;
    private readonly Path path;

    /// <param name="kernel">An object of a generated class.</param>
    public TimedPath(object kernel)
    {
        Type type = kernel.GetType();
        weights = (PackedWeights)WeightsOf(kernel);
        Type timed = typeof(TimedKernels<>).MakeGenericType(Nested(type, TargetEmitter.KernelsName(PlanOf.Target)));
        path = typeof(AttentionCall<,>).MakeGenericType(timed, Nested(type, ConstantsEmitter.TypeName)).GetMethod(nameof(Forward))!.CreateDelegate<Path>();
    }

    private delegate void Path(PackedWeights weights, in AttentionArguments arguments);

    public void Forward(in AttentionArguments arguments) => path(weights, in arguments);

    /// <summary>The packed weights of an object of a generated class.</summary>
    public static object WeightsOf(object kernel)
    {
        Type type = kernel.GetType();
        FieldInfo field = type.GetField("packedWeights", BindingFlags.NonPublic | BindingFlags.Instance)
            ?? throw new MissingFieldException(type.Name, "packedWeights");
        return field.GetValue(kernel)!;
    }

    /// <summary>A private type of a generated class.</summary>
    public static Type Nested(Type type, string name) =>
        type.GetNestedType(name, BindingFlags.NonPublic) ?? throw new MissingMemberException(type.Name, name);
}
