using System.Reflection;
using AttentionGen.CompilerServices;
using AttentionGen.Generator.Emit;
using static AttentionGen.Bench.Explain.KernelTimes;

namespace AttentionGen.Bench.Explain;

/// <summary>A generated product whose calls run the real path over timed kernels. What generated code keeps private is found by reflection.</summary>
internal sealed class TimedLinear<TLinear> : ILinear<TimedLinear<TLinear>>
    where TLinear : class, ILinear<TLinear>
{
    private readonly PackedLinear weights;
    private readonly Path path;

    private TimedLinear(TLinear linear)
    {
        weights = (PackedLinear)TimedPath.WeightsOf(linear);
        Type timed = typeof(TimedLinearKernels<>).MakeGenericType(TimedPath.Nested(typeof(TLinear), TargetEmitter.KernelsName(PlanOf.Target)));
        path = typeof(LinearCall<,>).MakeGenericType(timed, TimedPath.Nested(typeof(TLinear), ConstantsEmitter.TypeName))
            .GetMethod(nameof(Forward), BindingFlags.Public | BindingFlags.Static)!.CreateDelegate<Path>();
    }

    private delegate void Path(PackedLinear weights, in LinearArguments arguments);

    public static LinearShape Shape => TLinear.Shape;

    public static bool IsAccelerated => TLinear.IsAccelerated;

    public static string Plan => TLinear.Plan;

    public static TimedLinear<TLinear> Create(LinearWeights weights) => new(TLinear.Create(weights));

    public static long GetScratchBytes(int rows) => TLinear.GetScratchBytes(rows);

    public void Forward(in LinearArguments arguments) => path(weights, in arguments);
}

/// <summary>The kernels of a product, which tell when they begin and end.</summary>
internal readonly struct TimedLinearKernels<TKernels> : ILinearKernels
    where TKernels : struct, ILinearKernels
{
    public static bool PinsRows => TKernels.PinsRows;

    public static void Project(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
        Begin();
        TKernels.Project(ref a, rows, ref weights, ref bias, panels, ref c, stride);
        End(Part.Product, rows, panels: panels, shared: Place(ref weights));
    }
}
