namespace AttentionGen;

/// <summary>Reads the tensors of one attention block, whatever layout they are kept in, as [outputs, inputs] matrices.</summary>
internal readonly struct WeightReader(TensorFile file, AttentionTensorNames names)
{
    private const int MaxNamed = 5;

    /// <summary>Query, key, value and output, each with its bias where the file has one.</summary>
    public (ProjectionWeights Query, ProjectionWeights Key, ProjectionWeights Value, ProjectionWeights Output) Read()
    {
        WeightTensor output = ReadMatrix(names.Output);
        (WeightTensor query, WeightTensor key, WeightTensor value) = ReadQueryKeyValue(output);
        (WeightTensor queryBias, WeightTensor keyBias, WeightTensor valueBias) = ReadQueryKeyValueBias(output);

        // Last: where the prefix is wrong, the tensor that is missing tells more.
        RefuseOthers();
        return (
            new ProjectionWeights(query, queryBias),
            new ProjectionWeights(key, keyBias),
            new ProjectionWeights(value, valueBias),
            new ProjectionWeights(output, ReadBias(names.OutputBias, "output")));
    }

    /// <summary>Takes the gate out of a query matrix that holds the query and the gate of each head, one behind the other, and of its bias.</summary>
    public (ProjectionWeights Query, LearnedTensors Learned) SplitGate(ProjectionWeights both, LearnedTensors learned)
    {
        int outputs = both.Weight.Shape!.Value.Outputs, heads = names.Heads, headDim = heads < 1 ? 0 : outputs / (2 * heads);
        if (headDim < 1 || outputs != 2 * heads * headDim)
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{names.Query}' has {outputs} outputs; expected a query and a gate of equal width for each of {heads} heads, the "
                    + "Heads of these names.");
        FusedPart query = new(0, headDim, heads, 2 * headDim), gate = query with { First = headDim };
        WeightTensor Part(WeightTensor tensor, FusedPart part, string role) => tensor.IsAbsent ? tensor : tensor.Part(part, role);
        return (
            new(Part(both.Weight, query, "query"), Part(both.Bias, query, "query")),
            learned with { Gate = new(Part(both.Weight, gate, "gate"), Part(both.Bias, gate, "gate")) });
    }

    /// <summary>Refuses a file with tensors that the names do not know, and that may change what the block computes.</summary>
    private void RefuseOthers()
    {
        foreach (string unsupported in names.Unsupported)
        {
            if (file.Contains(unsupported))
                throw new NotSupportedException(
                    $"'{file.Path}' has a tensor '{unsupported}', which changes what the attention block computes in a way that AttentionGen does not "
                        + $"support.");
        }

        if (names.Prefix is not { } prefix)
            return;
        var known = new HashSet<string>([.. names.Known, .. names.All], StringComparer.Ordinal);
        List<string> others = [];
        foreach (string name in file.TensorNames)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && !known.Contains(name) && !IsIgnored(name)
                && !ScaledMatrix.Owns(file, name, known))
                others.Add(name);
        }

        if (others.Count == 0)
            return;
        string more = others.Count > MaxNamed ? $" and {others.Count - MaxNamed} more" : "";
        throw new NotSupportedException(
            $"'{file.Path}' has {string.Join(", ", others.Take(MaxNamed).Select(name => $"'{name}'"))}{more} beside the tensors that these names know; "
                + $"expected nothing that may change "
           
                + $"what the block computes. If nothing of it does, say so: names with {{ Ignored = "
                    + $"[{string.Join(", ", others.Take(MaxNamed).Select(name => $"\"{name}\""))}] }}.");
    }

    private bool IsIgnored(string name)
    {
        foreach (string ignored in names.Ignored)
        {
            if (ignored.EndsWith('*') ? name.StartsWith(ignored.AsSpan(..^1), StringComparison.Ordinal) : name == ignored)
                return true;
        }

        return false;
    }

    /// <summary>What a block has learned beside its projections; what the file does not have is absent.</summary>
    public LearnedTensors ReadLearned() => new()
    {
        Gate = names.OutputGate is { } gate && file.Contains(gate)
            ? new(ReadMatrix(gate), ReadBias(names.OutputGateBias, "output gate"))
            : LearnedTensors.None.Gate,
        QueryNorm = ReadHeadNorm(names.QueryNorm, "query norm", names.NormOffset),
        QueryNormBias = ReadHeadNorm(names.QueryNormBias, "query norm bias"),
        KeyNorm = ReadHeadNorm(names.KeyNorm, "key norm", names.NormOffset),
        KeyNormBias = ReadHeadNorm(names.KeyNormBias, "key norm bias"),
        Sinks = ReadVector(names.Sinks, "sinks"),
        RelativePositionBias = ReadTable(names.RelativePositionBias, "relative position bias"),
        BiasKey = ReadVector(names.BiasKey, "bias key"),
        BiasValue = ReadVector(names.BiasValue, "bias value"),
    };

    /// <summary>A vector, however many dimensions of 1 stand before its own.</summary>
    public WeightTensor ReadVector(string? name, string role, float offset = 0)
    {
        if (name is null)
            return WeightTensor.Absent($"the tensor names give no {role}");
        if (!file.Contains(name))
            return WeightTensor.Absent($"'{file.Path}' has no tensor '{name}'");
        TensorInfo info = file.GetInfo(name);
        if (info.Shape.Count == 0 || info.Shape[^1] < 1 || info.Shape.SkipLast(1).Any(dimension => dimension != 1))
            throw new InvalidDataException($"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a vector, [elements].");
        return new WeightTensor(ReadFloats(name, offset), null, Source(name));
    }

    /// <summary>The norm of queries or keys: a vector, or a matrix where each head has its own, [heads, head dimension].</summary>
    private WeightTensor ReadHeadNorm(string? name, string role, float offset = 0)
    {
        bool isMatrix = name is not null && file.Contains(name) && file.GetInfo(name).Shape is { Count: 2 } shape && shape.All(
            dimension => dimension is > 1 and <= int.MaxValue);
        if (!isMatrix)
            return ReadVector(name, role, offset);
        IReadOnlyList<long> sizes = file.GetInfo(name!).Shape;
        return new WeightTensor(ReadFloats(name!, offset), ((int)sizes[0], (int)sizes[1]), Source(name!));
    }

    private float[] ReadFloats(string name, float offset)
    {
        float[] values = file.ReadFloat32(name);
        if (offset != 0)
        {
            foreach (ref float value in values.AsSpan())
                value += offset;
        }

        return values;
    }

    /// <summary>A matrix that is never transposed, where the file has it.</summary>
    private WeightTensor ReadTable(string? name, string role)
    {
        if (name is null || !file.Contains(name))
            return ReadVector(name, role);
        TensorInfo info = file.GetInfo(name);
        if (info.Shape.Count != 2 || info.Shape.Any(dimension => dimension is < 1 or > int.MaxValue))
            throw new InvalidDataException($"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a table, [buckets, heads].");
        return new WeightTensor(file.ReadFloat32(name), ((int)info.Shape[0], (int)info.Shape[1]), Source(name));
    }

    private (WeightTensor Query, WeightTensor Key, WeightTensor Value) ReadQueryKeyValue(WeightTensor output)
    {
        bool hasSeparateNames = names is { Query: not null, Key: not null, Value: not null };
        if (names.QueryKeyValue is not { } packedName || (hasSeparateNames && !file.Contains(packedName) && file.Contains(names.Query!)))
        {
            if (!hasSeparateNames)
                throw new ArgumentException("names gives neither QueryKeyValue nor all of Query, Key and Value.", nameof(names));
            return (ReadMatrix(names.Query!), ReadMatrix(names.Key!), ReadMatrix(names.Value!));
        }

        WeightTensor packed = ReadMatrix(packedName);
        FusedRows rows = Split(packedName, packed.Shape!.Value.Outputs, output);
        return Parts(packed, rows);
    }

    private static (WeightTensor Query, WeightTensor Key, WeightTensor Value) Parts(WeightTensor packed, FusedRows rows) =>
        (packed.Part(rows.Query, "query"), packed.Part(rows.Key, "key"), packed.Part(rows.Value, "value"));

    private (WeightTensor Query, WeightTensor Key, WeightTensor Value) ReadQueryKeyValueBias(WeightTensor output)
    {
        if (names.QueryKeyValueBias is not { } packedName || !file.Contains(packedName))
        {
            // Where the naming has one name for all three, the message about a missing bias must give that name.
            return (
                ReadBias(names.QueryBias ?? names.QueryKeyValueBias, "query"),
                ReadBias(names.KeyBias ?? names.QueryKeyValueBias, "key"),
                ReadBias(names.ValueBias ?? names.QueryKeyValueBias, "value"));
        }

        WeightTensor packed = ReadBias(packedName, "query, key and value");
        FusedRows rows = Split(packedName, packed.Length, output);
        return Parts(packed, rows);
    }

    /// <summary>The output matrix reads all query heads, which tells how many outputs the query has; key and value share the rest.</summary>
    private FusedRows Split(string name, int outputs, WeightTensor output)
    {
        int queryDim = output.Shape!.Value.Inputs;
        if (names.QueryKeyValueOrder != QueryKeyValueOrder.ByPart)
            return SplitGroups(name, outputs, queryDim);
        int rest = outputs - queryDim;
        if (rest <= 0 || rest % 2 != 0)
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has {outputs} outputs for query, key and value; the output matrix '{names.Output}' reads {queryDim} query "
                    + $"elements, "
                + $"so expected {queryDim} and an even number more, {3 * (long)queryDim} where every head has its own key and value.");
        }

        return FusedRows.ByPart(queryDim, rest / 2);
    }

    private FusedRows SplitGroups(string name, int outputs, int queryDim)
    {
        (int heads, int groups) = (names.Heads, names.QueryKeyValueOrder == QueryKeyValueOrder.ByHead ? names.Heads : names.KvHeads);
        if (!Enum.IsDefined(names.QueryKeyValueOrder))
            throw new ArgumentException($"names.QueryKeyValueOrder is {names.QueryKeyValueOrder}; expected ByPart, ByHead or ByGroup.", nameof(names));
        if (heads < 1 || groups < 1 || heads % groups != 0)
        {
            throw new ArgumentException(
                $"names.Heads is {heads} and names.KvHeads is {names.KvHeads}; an order {names.QueryKeyValueOrder} needs positive Heads"
                + $"{(names.QueryKeyValueOrder == QueryKeyValueOrder.ByGroup ? ", and KvHeads that divide them" : "")}.",
                nameof(names));
        }

        if (queryDim % heads != 0 || outputs != queryDim + (2L * groups * (queryDim / heads)))
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has {outputs} outputs for query, key and value; the output matrix '{names.Output}' reads {queryDim} query "
                    + $"elements, "
                + $"which {heads} query heads and {groups} key and value heads of equal width do not make.");
        }

        return FusedRows.ByGroup(heads / groups, groups, queryDim / heads);
    }

    /// <summary>A matrix, which must be there, as [outputs, inputs].</summary>
    public WeightTensor ReadMatrix(string name)
    {
        TensorInfo info = Find(name);
        if (info.Shape.Count != 2 || info.Shape.Any(dimension => dimension is < 1 or > int.MaxValue))
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a matrix, "
                    + $"{(names.IsTransposed ? "[inputs, outputs]" : "[outputs, inputs]")}.");
        }

        if (!names.IsTransposed)
            return file.ReadMatrix(name, Source(name));
        if (ScaledMatrix.FindScale(file, name) is { } scale)
            throw new NotSupportedException($"'{file.Path}': tensor '{name}' is [inputs, outputs], and '{scale}' has its scales; expected [outputs, inputs].");
        (int rows, int columns) = ((int)info.Shape[0], (int)info.Shape[1]);
        return new WeightTensor(Transpose(file.ReadFloat32(name), rows, columns), (columns, rows), $"{Source(name)}, transposed");
    }

    /// <summary>A bias, or why there is none.</summary>
    public WeightTensor ReadBias(string? name, string role)
    {
        if (name is null)
            return WeightTensor.Absent($"the tensor names give no {role} bias");
        if (!file.Contains(name))
            return WeightTensor.Absent($"'{file.Path}' has no tensor '{name}'");
        TensorInfo info = file.GetInfo(name);
        if (info.Shape.Count != 1 || info.Shape[0] < 1)
            throw new InvalidDataException($"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a bias, [outputs].");
        return new WeightTensor(file.ReadFloat32(name), null, Source(name));
    }

    private TensorInfo Find(string name)
    {
        if (!file.Contains(name))
            file.ThrowNoTensor(name, nameof(names));
        return file.GetInfo(name);
    }

    private string Source(string name) => $"tensor '{name}' of '{file.Path}'";

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                result[column * rows + row] = values[row * columns + column];
        }

        return result;
    }
}
