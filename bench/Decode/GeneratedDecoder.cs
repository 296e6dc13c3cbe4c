using System.Numerics.Tensors;
using System.Reflection;
using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Decode;

/// <summary>The model on generated layers and a generated head.</summary>
/// <typeparam name="TLayer">The layer.</typeparam>
/// <typeparam name="THead">The head.</typeparam>
internal sealed class GeneratedDecoder<TLayer, THead> : IDecoder
    where TLayer : class, ITransformerLayer<TLayer>
    where THead : class, ILinear<THead>
{
    private readonly SmallLlama model;
    private readonly TransformerStack<TLayer> layers;
    private readonly TransformerStackCache cache;
    private readonly THead head;
    private readonly RowNormalization norm;
    private readonly ForwardOptions options;
    private readonly float[] row = new float[SmallLlama.Width];
    private readonly float[] output = new float[SmallLlama.Width];
    private readonly float[] logits = new float[SmallLlama.Tokens];

    public GeneratedDecoder(string format, string arithmetic, SmallLlama model, int threads, int capacity)
    {
        this.model = model;
        Format = format;
        Name = arithmetic.Length == 0 ? "attentiongen" : $"attentiongen ({arithmetic})";
        options = new ForwardOptions { MaxDegreeOfParallelism = threads };
        TLayer[] all = [.. model.Layers.Select(TLayer.Create)];
        layers = TransformerStack<TLayer>.Create(all);
        head = THead.Create(model.Head);
        Matrices = [.. all.SelectMany(MatricesOf), .. MatricesOf(head)];
        norm = new RowNormalization(Norm.Rms, model.Norm, [], SmallLlama.NormEpsilon);
        cache = layers.CreateCache(capacity, 1);
    }

    public string Name { get; }

    public string Format { get; }

    public WeightFormat Weights => TLayer.Shape.FeedForwardWeights;

    public IReadOnlyList<AlignedMemory> Matrices { get; }

    public void Reset() => cache.Truncate(0);

    public int Step(int token)
    {
        model.Embedding(token).CopyTo(row);
        layers.Forward(row, output, cache, options);
        norm.Apply(output, output);
        head.Forward(new LinearArguments { Input = output, Output = logits, Options = options });
        return TensorPrimitives.IndexOfMax<float>(logits);
    }

    public void Dispose()
    {
    }

    /// <summary>The memory of every packed matrix that an object holds, however deep.</summary>
    private static IEnumerable<AlignedMemory> MatricesOf(object holder)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        foreach (FieldInfo field in holder.GetType().GetFields(Own))
        {
            object? value = field.GetValue(holder);
            if (holder is PackedMatrix && value is AlignedMemory memory)
                yield return memory;
            if (value is not (PackedMatrix or PackedWeights or PackedLayer or PackedLinear))
                continue;
            foreach (AlignedMemory inner in MatricesOf(value))
                yield return inner;
        }
    }
}
