namespace AttentionGen;

/// <summary>What a stack refuses when it is made.</summary>
internal static class StackChecks
{
    /// <summary>The layers as an array that nobody else changes.</summary>
    public static T[] Copy<T>(IReadOnlyList<T> layers)
        where T : class
    {
        T[] copy = [.. layers];
        if (copy.Length == 0)
            throw new ArgumentException("layers is empty; expected one or more.", nameof(layers));
        for (int layer = 0; layer < copy.Length; layer++)
        {
            if (copy[layer] is null)
                throw new ArgumentException($"layers[{layer}] is null; expected a layer.", nameof(layers));
        }

        return copy;
    }

    /// <summary>Checks that every layer can take the arguments of the first one, and that its only result is its rows.</summary>
    public static void CheckLayers(AttentionShape[] shapes)
    {
        (string Name, object Value)[] expected = Arguments(shapes[0]);
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            if (shapes[layer].Outputs != AttentionOutputs.None)
            {
                throw new ArgumentException(
                    $"layers[{layer}] has Outputs = {shapes[layer].Outputs}; expected None, because a stack has one output: call the layers one by one for "
                        + $"what each gives beside its rows.", "layers");
            }

            (string Name, object Value)[] found = Arguments(shapes[layer]);
            for (int index = 0; index < found.Length; index++)
            {
                if (!found[index].Value.Equals(expected[index].Value))
                {
                    throw new ArgumentException(
                        $"layers[{layer}] has {found[index].Name} = {found[index].Value}; expected {expected[index].Value}, as layers[0] has: all layers of a "
                            + $"stack take the same arguments.", "layers");
                }
            }
        }
    }

    /// <summary>Checks that every layer reads the same memory.</summary>
    public static void CheckMemories(TransformerLayerShape[] shapes)
    {
        for (int layer = 1; layer < shapes.Length; layer++)
        {
            Check(layer, "MemoryDim", shapes[layer].MemoryDim, shapes[0].MemoryDim);
            Check(layer, "MemoryLengths", shapes[layer].MemoryLengths, shapes[0].MemoryLengths);
        }

        static void Check<T>(int layer, string name, T found, T expected)
        {
            if (!EqualityComparer<T>.Default.Equals(found, expected))
                throw new ArgumentException(
                    $"layers[{layer}] has {name} = {found}; expected {expected}, as layers[0] has: all layers of a stack take the same arguments.", "layers");
        }
    }

    /// <summary>Checks the factors of the heads of all layers.</summary>
    public static void CheckHeadMask(string argument, AttentionShape[] shapes, int length, bool isDeclared)
    {
        int heads = 0;
        foreach (AttentionShape shape in shapes)
            heads += isDeclared ? shape.Heads : 0;
        if (length != heads)
        {
            string expected = isDeclared ? $"{heads}, a factor for each head of {shapes.Length} layers"
                : $"0, because the layers do not declare {(argument == "headMask" ? "HeadMask" : "HeadMask and a memory")}";
            throw new ArgumentException($"{argument}.Length is {length}; expected {expected}.", argument);
        }
    }

    /// <summary>What decides which arguments a call takes, and their sizes.</summary>
    private static (string Name, object Value)[] Arguments(AttentionShape shape) =>
    [
        (nameof(shape.DModel), shape.DModel), (nameof(shape.IsCrossAttention), shape.IsCrossAttention), (nameof(shape.MemoryDim), shape.MemoryDim),
        (nameof(shape.HasCache), shape.HasCache), (nameof(shape.SequenceLength), shape.SequenceLength), (nameof(shape.Ragged), shape.Ragged),
        (nameof(shape.KeyStarts), shape.KeyStarts), (nameof(shape.KeyLengths), shape.KeyLengths), (nameof(shape.PrefixLengths), shape.PrefixLengths),
        (nameof(shape.Documents), shape.Documents), (nameof(shape.Positions), shape.Positions),
        ("axes of positions", shape.PositionAxes), ("the width of rotary tables", shape.RotaryTables ? shape.RotaryDim : 0),
        (nameof(shape.BooleanMask), shape.BooleanMask),
        (nameof(shape.AdditiveMask), shape.AdditiveMask), (nameof(shape.MaskLength), shape.MaskLength), (nameof(shape.HeadMask), shape.HeadMask),
        .. MaskHeads(shape),
    ];

    /// <summary>Masks with an axis of heads have the sizes of the heads.</summary>
    private static (string Name, object Value)[] MaskHeads(AttentionShape shape) =>
        ((shape.BooleanMask | shape.AdditiveMask) & MaskAxes.Head) != 0 ? [(nameof(shape.Heads), shape.Heads)] : [];
}
