using System.Reflection;
using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The private kernels of a generated class for one vector target. Users cannot call them; measuring them alone needs reflection.</summary>
internal sealed class KernelSet
{
    private readonly Type _kernels;

    /// <summary>Finds them.</summary>
    /// <exception cref="MissingMemberException">The generated class has no such kernels.</exception>
    /// <exception cref="ArgumentException">A kernel's parameters are not those known here.</exception>
    public KernelSet(Type generated, AttentionPlan plan)
    {
        string name = TargetEmitter.KernelsName(plan.Target);
        _kernels = generated.GetNestedType(name, BindingFlags.NonPublic) ?? throw new MissingMemberException(generated.Name, name);
        if (plan.InputProjection is { } input)
            InputProjection = Bind<ProductKernel>(input.Name);
        if (plan.MemoryProjection is { } memory)
            MemoryProjection = Bind<ProductKernel>(memory.Name);
        if (plan.OutputProjection is { } output)
            OutputProjection = Bind<ProductKernel>(output.Name);

        Scores = Bind<ScoresKernel>(nameof(Scores));
        Merge = Bind<MergeKernel>(nameof(Merge));
        Values = Bind<ValuesKernel>(nameof(Values));
        MergeHeads = Bind<MergeHeadsKernel>(nameof(MergeHeads));
        if (plan.Spec.Causal)
        {
            CausalSoftmax = Bind<CausalSoftmaxKernel>("Softmax");
            CausalJoinHeads = Bind<CausalJoinHeadsKernel>("JoinHeads");
        }
        else
        {
            Softmax = Bind<SoftmaxKernel>("Softmax");
            JoinHeads = Bind<JoinHeadsKernel>("JoinHeads");
        }
    }

    public delegate void ProductKernel(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride);

    public delegate void ScoresKernel(ref float queries, nint rows, ref float keys, nint panels, ref float scores);

    public delegate void SoftmaxKernel(ref float scores, nint rows, nint columns, ref float state);

    public delegate void CausalSoftmaxKernel(ref float scores, nint rows, nint columns, nint first, nint seen, ref float state);

    public delegate void MergeKernel(ref float softmax, nint rows);

    public delegate void ValuesKernel(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, ref float heads);

    public delegate void MergeHeadsKernel(ref float heads, ref float blockHeads, nint rows, ref float softmax);

    public delegate void JoinHeadsKernel(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined);

    public delegate bool CausalJoinHeadsKernel(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined);

    /// <summary>This and the next two are null where there are no projections.</summary>
    public ProductKernel? InputProjection { get; }

    public ProductKernel? MemoryProjection { get; }

    public ProductKernel? OutputProjection { get; }

    public ScoresKernel Scores { get; }

    /// <summary>Null where the kernel is causal.</summary>
    public SoftmaxKernel? Softmax { get; }

    /// <summary>Null where the kernel is not causal.</summary>
    public CausalSoftmaxKernel? CausalSoftmax { get; }

    public MergeKernel Merge { get; }

    public ValuesKernel Values { get; }

    public MergeHeadsKernel MergeHeads { get; }

    /// <summary>Null where the kernel is causal.</summary>
    public JoinHeadsKernel? JoinHeads { get; }

    /// <summary>Null where the kernel is not causal.</summary>
    public CausalJoinHeadsKernel? CausalJoinHeads { get; }

    private TDelegate Bind<TDelegate>(string name)
        where TDelegate : Delegate
    {
        MethodInfo method = _kernels.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            ?? throw new MissingMemberException(_kernels.Name, name);
        return method.CreateDelegate<TDelegate>();
    }
}
