namespace AttentionGen;

/// <summary>Reads the tensors of one Transformer layer, and checks that their shapes belong together.</summary>
internal readonly struct TransformerLayerReader(TensorFile file, TransformerTensorNames names)
{
    private readonly WeightReader matrices = new(file, names.Attention with { IsTransposed = names.IsTransposed });

    public TransformerLayerWeights Read()
    {
        WeightTensor down = matrices.ReadMatrix(names.Down);
        (int width, int inner) = down.Shape!.Value;
        (WeightTensor gate, WeightTensor up) = ReadGateAndUp(inner);
        ExpectMatrix(UpName, up, inner, width);
        ExpectMatrix(names.Gate, gate, inner, width);
        var weights = new TransformerLayerWeights
        {
            UpMatrix = up,
            UpBias = ReadBias(names.UpBias, "up", inner),
            GateMatrix = gate,
            GateBias = gate.IsAbsent ? default : ReadBias(names.GateBias, "gate", inner),
            DownMatrix = down,
            DownBias = ReadBias(names.DownBias, "down", width),
            AttentionNorm = ReadNorm(names.AttentionNorm, width),
            AttentionNormBias = ReadNormBias(names.AttentionNormBias, width),
            AttentionOutputNorm = ReadNorm(names.AttentionOutputNorm, width),
            AttentionOutputNormBias = ReadNormBias(names.AttentionOutputNormBias, width),
            CrossAttention = names.CrossAttention is { } cross
                ? AttentionWeights.From(file, cross with { Ignored = [.. cross.Ignored, .. names.Ignored] })
                : null,
            CrossAttentionNorm = ReadNorm(names.CrossAttentionNorm, width),
            CrossAttentionNormBias = ReadNormBias(names.CrossAttentionNormBias, width),
            CrossAttentionOutputNorm = ReadNorm(names.CrossAttentionOutputNorm, width),
            CrossAttentionOutputNormBias = ReadNormBias(names.CrossAttentionOutputNormBias, width),
            FeedForwardNorm = ReadNorm(names.FeedForwardNorm, width),
            FeedForwardNormBias = ReadNormBias(names.FeedForwardNormBias, width),
            FeedForwardOutputNorm = ReadNorm(names.FeedForwardOutputNorm, width),
            FeedForwardOutputNormBias = ReadNormBias(names.FeedForwardOutputNormBias, width),
            // Last: it refuses what the names do not know, and a tensor that is missing tells more of a wrong prefix.
            Attention = AttentionWeights.From(file, AttentionNames()),
        };
        CheckWidth(weights.Attention, names.Attention, width);
        if (weights.CrossAttention is not null)
            CheckWidth(weights.CrossAttention, names.CrossAttention!, width);
        return weights;
    }

    private void CheckWidth(AttentionWeights attention, AttentionTensorNames of, int width)
    {
        if (attention.OutputProjection.Weight.Shape is { } output && output.Outputs != width)
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{names.Down}' has {width} outputs; expected {output.Outputs}, as the output matrix '{of.Output}' of the attention "
                    + $"has.");
        }
    }

    private string? UpName => names.UpWhereGated is { } gated && names.Gate is { } gate && file.Contains(gate) ? gated : names.Up;

    /// <summary>The attention's names, which know and refuse what the layer's names do.</summary>
    private AttentionTensorNames AttentionNames()
    {
        AttentionTensorNames attention = names.Attention with { Ignored = [.. names.Attention.Ignored, .. names.Ignored] };
        if (names.Prefix is not null)
            attention = attention with { Prefix = names.Prefix, Known = [.. attention.Known, .. names.Known, .. names.Own, .. OfCrossAttention()] };
        if (names.SharedRelativePositionBias is not { } shared || attention.RelativePositionBias is { } own && file.Contains(own))
            return attention;
        if (!file.Contains(shared))
            file.ThrowNoTensor(shared, nameof(names));
        return attention with { RelativePositionBias = shared };
    }

    private IEnumerable<string> OfCrossAttention() => names.CrossAttention is { } cross ? cross.Known.Concat(cross.All) : [];

    private (WeightTensor Gate, WeightTensor Up) ReadGateAndUp(int inner)
    {
        if (names.GateUp is not { } fusedName)
        {
            if (UpName is not { } upName)
                throw new ArgumentException("names gives neither Up nor GateUp.", nameof(names));
            WeightTensor up = matrices.ReadMatrix(upName);
            // Where the file decides, it has the gate, or Up under its other name.
            bool hasGate = names.Gate is not null && (names.UpWhereGated is null || file.Contains(names.Gate));
            return (hasGate ? matrices.ReadMatrix(names.Gate!) : WeightTensor.Absent("no gate"), up);
        }

        WeightTensor fused = matrices.ReadMatrix(fusedName);
        int outputs = fused.Shape!.Value.Outputs;
        if (outputs != 2L * inner)
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{fusedName}' has {outputs} outputs for the gate and Up; expected {2L * inner}, twice the {inner} inputs of "
                    + $"'{names.Down}'.");
        }

        return (fused.Part(new FusedPart(0, inner, 1, 0), "gate"), fused.Part(new FusedPart(inner, inner, 1, 0), "up"));
    }

    private void ExpectMatrix(string? name, WeightTensor matrix, int outputs, int inputs)
    {
        if (matrix.Shape is not { } shape || shape == (outputs, inputs))
            return;
        string stored = names.GateUp ?? name!;
        (long first, long second) = names.GateUp is not null ? (2L * outputs, inputs) : names.IsTransposed ? (inputs, outputs) : (outputs, inputs);
        throw new InvalidDataException(
            $"'{file.Path}': tensor '{stored}' has shape {file.GetInfo(stored).ShapeText}; expected [{first}, {second}], because '{names.Down}' has {outputs} "
                + $"inputs and {inputs} outputs.");
    }

    private ReadOnlyMemory<float> ReadBias(string? name, string role, int length) => Expect(name, matrices.ReadBias(name, role), length);

    private ReadOnlyMemory<float> ReadNorm(string? name, int length)
    {
        name = Present(name, ".weight", ".gamma");
        if (name is not null && !file.Contains(name))
            file.ThrowNoTensor(name, nameof(names));
        return Expect(name, matrices.ReadVector(name, "norm", names.NormOffset), length);
    }

    private ReadOnlyMemory<float> ReadNormBias(string? name, int length)
    {
        name = Present(name, ".bias", ".beta");
        return Expect(name, matrices.ReadVector(name, "norm bias"), length);
    }

    /// <summary>The older name of a norm's tensor, where the file has that one only.</summary>
    private string? Present(string? name, string end, string olderEnd)
    {
        if (name is null || !names.HasOlderNormNames || file.Contains(name) || !name.EndsWith(end, StringComparison.Ordinal))
            return name;
        string older = string.Concat(name.AsSpan(0, name.Length - end.Length), olderEnd);
        return file.Contains(older) ? older : name;
    }

    private ReadOnlyMemory<float> Expect(string? name, WeightTensor tensor, int length)
    {
        if (!tensor.IsAbsent && tensor.Length != length)
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has {tensor.Length} elements; expected {length}, by the shape of '{names.Down}'.");
        return tensor.Memory;
    }
}
