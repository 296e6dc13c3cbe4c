using System.Reflection;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// Classes that between them have every parameter of the forms of <c>Forward</c> that users call, and those calls, written as users write them.
/// </summary>
internal static class TypedKernels
{
    private static readonly Dictionary<string, IKernelType> Types = new()
    {
        ["masks"] = new TypedKernel<TypedMasks>((kernel, in a) => kernel.Forward(
            a.Input, a.Output, a.KeyStarts, a.KeyLengths, a.BooleanMask, a.AdditiveMask, a.HeadMask, a.Probabilities, a.Scores, a.LogSumExp, a.Batch,
            a.Options)),
        ["short-masks"] = new TypedKernel<TypedShortMasks>(
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.BooleanMask, a.AdditiveMask, a.MaskLength, a.Probabilities, a.Scores, a.Batch, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.BooleanMask, a.AdditiveMask, a.MaskLength, a.Probabilities, a.Scores, a.Options)),
        ["cached"] = new TypedKernel<TypedCached>(
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.PrefixLengths, a.Documents, a.Positions, a.HeadMask, a.Batch, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.PrefixLengths, a.Documents, a.Positions, a.HeadMask, a.Options)),
        ["ragged"] = new TypedKernel<TypedRagged>(
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.RowOffsets, a.KeyLengths, a.Documents, a.LogSumExp, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.RowOffsets, a.KeyLengths, a.Documents, a.LogSumExp, a.Options)),
        ["ragged-core"] = new TypedKernel<TypedRaggedCore>(
            (kernel, in a) => kernel.Forward(a.Input, a.Key, a.Value, a.Output, a.RowOffsets, a.KeyOffsets, a.LogSumExp, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Key, a.Value, a.Output, a.Cache!, a.RowOffsets, a.KeyOffsets, a.LogSumExp, a.Options)),
        ["core"] = new TypedKernel<TypedCore>(
            (kernel, in a) => kernel.Forward(a.Input, a.Key, a.Value, a.Output, a.KeyLengths, a.LogSumExp, a.Batch, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Key, a.Value, a.Output, a.Cache!, a.KeyLengths, a.LogSumExp, a.Options)),
        ["cross"] = new TypedKernel<TypedCross>(
            (kernel, in a) => kernel.Forward(a.Input, a.Memory, a.Output, a.KeyLengths, a.AdditiveMask, a.Batch, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.KeyLengths, a.AdditiveMask, a.Options)),
        ["ragged-cross"] = new TypedKernel<TypedRaggedCross>(
            (kernel, in a) => kernel.Forward(a.Input, a.Memory, a.Output, a.RowOffsets, a.KeyOffsets, a.KeyStarts, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.RowOffsets, a.KeyStarts, a.Options)),
        ["cross-values"] = new TypedKernel<TypedCrossValues>(
            (kernel, in a) => kernel.Forward(a.Input, a.Memory, a.ValueInput, a.Output, a.KeyLengths, a.HeadMask, a.Batch, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.KeyLengths, a.HeadMask, a.Options)),
        ["ragged-cross-values"] = new TypedKernel<TypedRaggedCrossValues>(
            (kernel, in a) => kernel.Forward(a.Input, a.Memory, a.ValueInput, a.Output, a.RowOffsets, a.KeyOffsets, a.LogSumExp, a.Options),
            (kernel, in a) => kernel.Forward(a.Input, a.Output, a.Cache!, a.RowOffsets, a.LogSumExp, a.Options)),
        ["fixed"] = new TypedKernel<TypedFixed>((kernel, in a) => kernel.Forward(a.Input, a.Output, a.KeyLengths, a.Batch, a.Options)),
    };

    public static IEnumerable<string> Names => Types.Keys;

    public static IKernelType Type(string name) => Types[name];

    /// <summary>A call of which everything is right that the typed forms do not take.</summary>
    public static (AttentionCase Call, ForwardPlaces Places) Passable(AttentionCase call, ForwardPlaces places, AttentionCase right, bool isCached)
    {
        AttentionShape shape = right.Shape;
        bool takesMemory = shape.IsCrossAttention && !isCached;
        AttentionCase passable = call with
        {
            Memory = takesMemory ? call.Memory : right.Memory,
            ValueInput = takesMemory && shape.ValueInputDim > 0 ? call.ValueInput : right.ValueInput,
            Key = shape.HasProjections ? right.Key : call.Key,
            Value = shape.HasProjections ? right.Value : call.Value,
            RowOffsets = shape.Ragged ? call.RowOffsets : right.RowOffsets,
            KeyOffsets = shape.Ragged && (takesMemory || !shape.HasProjections) ? call.KeyOffsets : right.KeyOffsets,
            KeyLengths = shape.KeyLengths ? call.KeyLengths : right.KeyLengths,
            KeyStarts = shape.KeyStarts ? call.KeyStarts : right.KeyStarts,
            PrefixLengths = shape.PrefixLengths ? call.PrefixLengths : right.PrefixLengths,
            Documents = shape.Documents ? call.Documents : right.Documents,
            Positions = shape.Positions ? call.Positions : right.Positions,
            BooleanMask = shape.BooleanMask != MaskAxes.None ? call.BooleanMask : right.BooleanMask,
            AdditiveMask = shape.AdditiveMask != MaskAxes.None ? call.AdditiveMask : right.AdditiveMask,
            HeadMask = shape.HeadMask ? call.HeadMask : right.HeadMask,
            MaskLength = shape.MaskLength ? call.MaskLength : right.MaskLength,
            Batch = isCached ? right.Batch : shape.Ragged ? call.RowOffsets.Length - 1 : call.Batch,
        };
        const AttentionOutputs Scores = AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores;
        return (passable, places with
        {
            Probabilities = (shape.Outputs & AttentionOutputs.Probabilities) != 0 ? places.Probabilities : -1,
            Scores = (shape.Outputs & Scores) != 0 ? places.Scores : -1,
            LogSumExp = (shape.Outputs & AttentionOutputs.LogSumExp) != 0 ? places.LogSumExp : -1,
        });
    }
}

/// <summary>A form of <c>Forward</c> with parameters of its own, called with what it takes.</summary>
internal delegate void TypedCall<T>(T kernel, in AttentionArguments arguments);

/// <summary>A class whose calls go through the forms that users see.</summary>
internal interface ITypedKernelType : IKernelType
{
    /// <summary>Names of the parameters of the form with a cache, or of the one without.</summary>
    IEnumerable<string> Parameters(bool isCached);
}

/// <param name="forward">Calls the form without a cache.</param>
/// <param name="cached">Calls the form with one.</param>
internal sealed class TypedKernel<T>(TypedCall<T> forward, TypedCall<T>? cached = null) : ITypedKernelType
    where T : class, IAttentionKernel<T>
{
    private readonly KernelAdapter<T> common = new();

    public AttentionShape Shape => T.Shape;

    public bool IsAccelerated => T.IsAccelerated;

    public string Plan => T.Plan;

    public IKernel Create(AttentionWeights weights)
    {
        T kernel = T.Create(weights);
        return new Instance(this, kernel, common.Create(weights));
    }

    public long GetScratchBytes(int batch, int rows, int keys, int threads) => T.GetScratchBytes(batch, rows, keys, threads);

    public IEnumerable<string> Parameters(bool isCached) => typeof(T).GetMethods()
        .Where(method => method.Name == "Forward" && method.GetParameters().Length > 1 && !TakesTensors(method))
        .Select(method => method.GetParameters().Select(parameter => parameter.Name!).ToArray())
        .Single(names => names.Contains("cache") == isCached);

    private static bool TakesTensors(MethodInfo method) =>
        method.GetParameters().Any(parameter => parameter.ParameterType.GetElementType()?.Namespace == "System.Numerics.Tensors");

    private sealed class Instance(TypedKernel<T> type, T kernel, IKernel common) : IKernel
    {
        public IKernelType Type => type;

        public ITrainable<AttentionWeights> Trainable => common.Trainable;

        public AttentionCache CreateCache(int capacity, int batch) => common.CreateCache(capacity, batch);

        public void Forward(in AttentionArguments arguments)
        {
            if (arguments.Cache is null)
                type.Forward(kernel, in arguments);
            else
                type.Cached!(kernel, in arguments);
        }

        public void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            common.ProjectMemory(memory, cache, memoryOffsets, in options);

        public void ProjectMemory(
            ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            common.ProjectMemory(memory, valueInput, cache, memoryOffsets, in options);
    }

    private TypedCall<T> Forward { get; } = forward;

    private TypedCall<T>? Cached { get; } = cached;
}

[AttentionConfig(
    Heads = 2, DModel = 8, KeyLengths = true, KeyStarts = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.QueryKey, HeadMask = true,
    Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores | AttentionOutputs.LogSumExp)]
internal sealed partial class TypedMasks;

[AttentionConfig(
    Heads = 2, DModel = 8, Causal = true, BooleanMask = MaskAxes.BatchHeadQueryKey, AdditiveMask = MaskAxes.Key, MaskLength = true,
    Outputs = AttentionOutputs.Probabilities | AttentionOutputs.MaskedScores)]
internal sealed partial class TypedShortMasks;

[AttentionConfig(Heads = 2, KvHeads = 1, DModel = 8, Causal = true, PrefixLengths = true, Documents = true, Rotary = RotaryKind.HalfSplit, Positions = true,
    HeadMask = true)]
internal sealed partial class TypedCached;

[AttentionConfig(Heads = 2, DModel = 8, Causal = true, Ragged = true, KeyLengths = true, Documents = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TypedRagged;

[AttentionConfig(Heads = 2, HeadDim = 4, Projections = false, Ragged = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TypedRaggedCore;

[AttentionConfig(Heads = 4, KvHeads = 2, HeadDim = 4, ValueHeadDim = 6, Projections = false, Layout = HeadLayout.HeadsRows, KeyLengths = true,
    Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TypedCore;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, KeyLengths = true, AdditiveMask = MaskAxes.BatchHeadQueryKey)]
internal sealed partial class TypedCross;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, Ragged = true, KeyStarts = true)]
internal sealed partial class TypedRaggedCross;

[AttentionConfig(Heads = 2, DModel = 8, MemoryDim = 6, ValueInputDim = 5, KeyLengths = true, HeadMask = true)]
internal sealed partial class TypedCrossValues;

[AttentionConfig(Heads = 2, KvHeads = 1, DModel = 8, MemoryDim = 6, ValueInputDim = 7, Ragged = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class TypedRaggedCrossValues;

[AttentionConfig(Heads = 2, DModel = 8, SequenceLength = 5, KeyLengths = true, SkipPadding = true)]
internal sealed partial class TypedFixed;
