namespace AttentionGen;

/// <summary>Reads the tensors of one attention block, whatever layout they are kept in, as [outputs, inputs] matrices.</summary>
internal readonly struct WeightReader(SafetensorsFile file, AttentionTensorNames names)
{
    /// <summary>Query, key, value and output, each with its bias where the file has one.</summary>
    public (ProjectionWeights Query, ProjectionWeights Key, ProjectionWeights Value, ProjectionWeights Output) Read()
    {
        foreach (string unsupported in names.Unsupported)
        {
            if (file.Contains(unsupported))
                throw new NotSupportedException($"'{file.Path}' has a tensor '{unsupported}', which changes what the attention block computes in a way that AttentionGen does not support.");
        }

        WeightTensor output = ReadMatrix(names.Output);
        (WeightTensor query, WeightTensor key, WeightTensor value) = ReadQueryKeyValue(output);
        (WeightTensor queryBias, WeightTensor keyBias, WeightTensor valueBias) = ReadQueryKeyValueBias(output);
        return (
            new ProjectionWeights(query, queryBias),
            new ProjectionWeights(key, keyBias),
            new ProjectionWeights(value, valueBias),
            new ProjectionWeights(output, ReadBias(names.OutputBias, "output")));
    }

    /// <summary>What a block has learned beside its projections; what the file does not have is absent.</summary>
    public LearnedTensors ReadLearned() => new()
    {
        QueryNorm = ReadVector(names.QueryNorm, "query norm"),
        QueryNormBias = ReadVector(names.QueryNormBias, "query norm bias"),
        KeyNorm = ReadVector(names.KeyNorm, "key norm"),
        KeyNormBias = ReadVector(names.KeyNormBias, "key norm bias"),
        Sinks = ReadVector(names.Sinks, "sinks"),
        RelativePositionBias = names.RelativePositionBias is { } table && file.Contains(table)
            ? new WeightTensor(file.ReadFloat32(table), null, Source(table))
            : ReadVector(names.RelativePositionBias, "relative position bias"),
        BiasKey = ReadVector(names.BiasKey, "bias key"),
        BiasValue = ReadVector(names.BiasValue, "bias value"),
    };

    /// <summary>A vector, however many dimensions of 1 stand before its own.</summary>
    private WeightTensor ReadVector(string? name, string role)
    {
        if (name is null)
            return new WeightTensor([], null, $"the tensor names give no {role}");
        if (!file.Contains(name))
            return new WeightTensor([], null, $"'{file.Path}' has no tensor '{name}'");
        TensorInfo info = file.GetInfo(name);
        if (info.Shape.Count == 0 || info.Shape[^1] < 1 || info.Shape.SkipLast(1).Any(dimension => dimension != 1))
            throw new InvalidDataException($"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a vector, [elements].");
        return new WeightTensor(file.ReadFloat32(name), null, Source(name));
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
        int inputs = packed.Shape!.Value.Inputs;
        (int queryDim, int keyDim) = Split(packedName, packed.Shape!.Value.Outputs, output);
        return (Part("query", 0, queryDim), Part("key", queryDim, keyDim), Part("value", queryDim + keyDim, keyDim));

        WeightTensor Part(string role, int firstOutput, int outputs) => new(
            packed.Values.AsSpan(firstOutput * inputs, outputs * inputs).ToArray(), (outputs, inputs), $"{role} part of {packed.Source}");
    }

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
        (int queryDim, int keyDim) = Split(packedName, packed.Values.Length, output);
        return (Part("query", 0, queryDim), Part("key", queryDim, keyDim), Part("value", queryDim + keyDim, keyDim));

        WeightTensor Part(string role, int first, int count) => new(packed.Values.AsSpan(first, count).ToArray(), null, $"{role} part of {packed.Source}");
    }

    /// <summary>The output matrix reads all query heads, which tells where the query ends; key and value share the rest.</summary>
    private (int QueryDim, int KeyDim) Split(string name, int outputs, WeightTensor output)
    {
        int queryDim = output.Shape!.Value.Inputs;
        int rest = outputs - queryDim;
        if (rest <= 0 || rest % 2 != 0)
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has {outputs} outputs for query, key and value; the output matrix '{names.Output}' reads {queryDim} query elements, "
                + $"so expected {queryDim} and an even number more, {3 * (long)queryDim} where every head has its own key and value.");
        }

        return (queryDim, rest / 2);
    }

    private WeightTensor ReadMatrix(string name)
    {
        TensorInfo info = Find(name);
        if (info.Shape.Count != 2 || info.Shape.Any(dimension => dimension is < 1 or > int.MaxValue))
        {
            throw new InvalidDataException(
                $"'{file.Path}': tensor '{name}' has shape {info.ShapeText}; expected a matrix, {(names.IsTransposed ? "[inputs, outputs]" : "[outputs, inputs]")}.");
        }

        float[] values = file.ReadFloat32(name);
        (int rows, int columns) = ((int)info.Shape[0], (int)info.Shape[1]);
        return names.IsTransposed
            ? new WeightTensor(Transpose(values, rows, columns), (columns, rows), $"{Source(name)}, transposed")
            : new WeightTensor(values, (rows, columns), Source(name));
    }

    private WeightTensor ReadBias(string? name, string role)
    {
        if (name is null)
            return new WeightTensor([], null, $"the tensor names give no {role} bias");
        if (!file.Contains(name))
            return new WeightTensor([], null, $"'{file.Path}' has no tensor '{name}'");
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
