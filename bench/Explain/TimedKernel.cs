using System.Reflection;
using AttentionGen.CompilerServices;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>A generated class whose calls run the real path over timed kernels. What generated code keeps private is found by reflection.</summary>
internal sealed class TimedKernel<TKernel>(TKernel kernel) : IAttentionKernel<TimedKernel<TKernel>>
    where TKernel : class, IAttentionKernel<TKernel>
{
    private const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance;

    private static readonly Path Run = FindPath();

    private readonly PackedWeights weights = (PackedWeights)(typeof(TKernel).GetField("packedWeights", Private)
        ?? throw new MissingFieldException(typeof(TKernel).Name, "packedWeights")).GetValue(kernel)!;

    private delegate void Path(PackedWeights weights, in AttentionArguments arguments);

    public static AttentionShape Shape => TKernel.Shape;

    public static bool IsAccelerated => TKernel.IsAccelerated;

    public static string Plan => TKernel.Plan;

    public static TimedKernel<TKernel> Create(AttentionWeights weights) => new(TKernel.Create(weights));

    public static long GetScratchBytes(int batch, int rows, int keys, int threads = 1) => TKernel.GetScratchBytes(batch, rows, keys, threads);

    public AttentionCache CreateCache(int capacity, int batch = 1) => kernel.CreateCache(capacity, batch);

    public void Forward(in AttentionArguments arguments) => Run(weights, in arguments);

    private static Path FindPath()
    {
        Type timed = typeof(TimedKernels<>).MakeGenericType(Nested(TargetEmitter.KernelsName(PlanOf.Target)));
        return typeof(AttentionCall<,>).MakeGenericType(timed, Nested(ConstantsEmitter.TypeName)).GetMethod(nameof(Forward))!.CreateDelegate<Path>();
    }

    private static Type Nested(string name) =>
        typeof(TKernel).GetNestedType(name, BindingFlags.NonPublic) ?? throw new MissingMemberException(typeof(TKernel).Name, name);
}
