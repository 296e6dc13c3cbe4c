using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

// The path of a call.
public sealed partial class LatentBlock
{
    /// <summary>Sequences whose lengths and offsets lie on the stack.</summary>
    private const int StackSequences = 128;

    /// <summary>Checks the arguments and computes the block.</summary>
    /// <param name="arguments">The caller's arguments, unchecked.</param>
    public void Forward(in LatentAttentionArguments arguments)
    {
        LatentSizes sizes = KernelChecks.Validate(Shape, rowsShape, in arguments);
        if (sizes.Rows == 0)
            return;
        int batch = arguments.Batch;
        int[]? rented = batch > StackSequences ? new int[(2 * batch) + 1] : null;
        Span<int> numbers = rented ?? stackalloc int[(2 * StackSequences) + 1];
        Span<int> lengths = numbers[..batch], keyOffsets = numbers.Slice(batch, batch + 1);
        FindKeys(in arguments, in sizes, lengths, keyOffsets);
        using ScratchLease lease = ScratchLease.Rent(ScratchFloats(sizes.Rows, sizes.Keys, sizes.Form));
        var scratch = new LatentScratch(ref lease.Reference);
        bool appends = false;
        try
        {
            if (sizes.Form == LatentForm.Expanded)
                RunExpanded(in arguments, in sizes, lengths, keyOffsets, ref scratch, ref appends);
            else
                RunAbsorbed(in arguments, in sizes, ref scratch, ref appends);
        }
        catch when (appends)
        {
            // The cache is as it was before the call.
            for (int sequence = 0; sequence < batch; sequence++)
            {
                if (arguments.Cache!.Lengths[sequence] > lengths[sequence])
                    arguments.Cache.Truncate(sequence, lengths[sequence]);
            }

            throw;
        }
    }

    /// <summary>Bytes of scratch that a call on one thread leases.</summary>
    /// <param name="shape">What the block computes.</param>
    /// <param name="parts">The generated classes.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="rows">New rows of each.</param>
    /// <param name="keys">Keys of each.</param>
    /// <param name="form">How the call computes.</param>
    public static long GetScratchBytes(LatentAttentionShape shape, LatentParts parts, int batch, int rows, int keys, LatentForm form)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(keys);
        KernelChecks.CheckForm(form);
        int allRows = checked(batch * rows), allKeys = checked(batch * keys);
        long own = sizeof(float) * (long)LatentScratch.Floats(shape, allRows, allKeys, form);
        long inner = form == LatentForm.Expanded
            ? Math.Max(
                parts.Expanded.GetScratchBytes(batch, rows, keys),
                Math.Max(parts.KeyUp.GetScratchBytes(allKeys), parts.ValueUp.GetScratchBytes(allKeys)))
            : Math.Max(
                // Keys that were there before are in a cache, and need no scratch.
                parts.Absorbed.GetScratchBytes(batch, rows, keys > rows ? 0 : keys),
                Math.Max(parts.Absorption.GetScratchBytes(allRows), parts.HeadValue.GetScratchBytes(allRows)));
        foreach (ProductKind? product in (ReadOnlySpan<ProductKind?>)[parts.QueryDown, parts.QueryUp, parts.KeyValueDown, parts.Output])
            inner = Math.Max(inner, product?.GetScratchBytes(allRows) ?? 0);
        return own + inner;
    }

    private nint ScratchFloats(int rows, int keys, LatentForm form) => LatentScratch.Floats(Shape, rows, keys, form);

    /// <summary>How many keys each sequence holds before the call, and where its keys begin among those of all after it.</summary>
    private void FindKeys(in LatentAttentionArguments arguments, in LatentSizes sizes, Span<int> lengths, Span<int> keyOffsets)
    {
        keyOffsets[0] = 0;
        for (int sequence = 0; sequence < lengths.Length; sequence++)
        {
            lengths[sequence] = arguments.Cache is { } cache ? cache.Lengths[sequence] : 0;
            (int first, int end) = RowsOf(in arguments, in sizes, sequence);
            keyOffsets[sequence + 1] = keyOffsets[sequence] + lengths[sequence] + end - first;
        }
    }

    private (int First, int End) RowsOf(in LatentAttentionArguments arguments, in LatentSizes sizes, int sequence)
    {
        if (Shape.Attention.Ragged)
            return (arguments.RowOffsets[sequence], arguments.RowOffsets[sequence + 1]);
        int rows = sizes.Rows / arguments.Batch;
        return (sequence * rows, (sequence + 1) * rows);
    }

    private void RunAbsorbed(in LatentAttentionArguments arguments, in LatentSizes sizes, ref LatentScratch scratch, ref bool appends)
    {
        LatentAttentionShape shape = Shape;
        int rows = sizes.Rows, latentDim = shape.LatentDim, rotaryDim = shape.RotaryDim, keyDim = latentDim + rotaryDim, unrotated = shape.ProjectedKeyDim;
        Span<float> joined = scratch.Take(rows, shape.JoinedDim), queries = scratch.Take(rows, shape.Heads * keyDim);
        Span<float> latents = scratch.Take(rows, latentDim), keys = scratch.Take(rows, keyDim), attended = scratch.Take(rows, shape.Heads * latentDim);
        Span<float> head = scratch.Take(rows, Math.Max(unrotated, latentDim)), other = scratch.Take(rows, Math.Max(latentDim, shape.ValueHeadDim));
        ProjectLatents(in arguments, rows, latents, keys, ref scratch);
        Span<float> own = ProjectQueries(in arguments, rows, ref scratch);
        for (int index = 0; index < shape.Heads; index++)
        {
            // The rotated part comes first, as the generated attention rotates the leading elements of a head.
            Span<float> unrotatedQueries = head[..(rows * unrotated)], product = other[..(rows * latentDim)];
            Copy(own[(index * shape.HeadDim)..], shape.QueryDim, unrotatedQueries, unrotated, rows, unrotated);
            absorptions[index](new LinearArguments { Input = unrotatedQueries, Output = product, Options = arguments.Options });
            Span<float> target = queries[(index * keyDim)..];
            Copy(own[((index * shape.HeadDim) + unrotated)..], shape.QueryDim, target, shape.Heads * keyDim, rows, rotaryDim);
            Copy(product, latentDim, target[rotaryDim..], shape.Heads * keyDim, rows, latentDim);
        }

        appends = arguments.Cache is not null;
        absorbed(new AttentionArguments
        {
            Input = queries,
            Key = keys,
            Value = latents,
            Output = attended,
            Cache = arguments.Cache,
            RowOffsets = arguments.RowOffsets,
            KeyOffsets = arguments.RowOffsets,
            Batch = arguments.Batch,
            Options = arguments.Options,
        });
        for (int index = 0; index < shape.Heads; index++)
        {
            Span<float> seen = head[..(rows * latentDim)], values = other[..(rows * shape.ValueHeadDim)];
            Copy(attended[(index * latentDim)..], shape.Heads * latentDim, seen, latentDim, rows, latentDim);
            headValues[index](new LinearArguments { Input = seen, Output = values, Options = arguments.Options });
            Copy(values, shape.ValueHeadDim, joined[(index * shape.ValueHeadDim)..], shape.JoinedDim, rows, shape.ValueHeadDim);
        }

        output(new LinearArguments { Input = joined, Output = arguments.Output, Options = arguments.Options });
    }

    private void RunExpanded(
        in LatentAttentionArguments arguments, in LatentSizes sizes, scoped ReadOnlySpan<int> lengths, scoped ReadOnlySpan<int> keyOffsets,
        ref LatentScratch scratch, ref bool appends)
    {
        LatentAttentionShape shape = Shape;
        int rows = sizes.Rows, keys = sizes.Keys, latentDim = shape.LatentDim, rotaryDim = shape.RotaryDim, keyDim = latentDim + rotaryDim;
        int unrotated = shape.ProjectedKeyDim;
        bool isInterleaved = shape.Attention.Rotary == RotaryKind.Interleaved;
        Span<float> joined = scratch.Take(rows, shape.JoinedDim);
        Span<float> latents = scratch.Take(rows, latentDim), rotated = scratch.Take(rows, keyDim);
        Span<float> allLatents = latents, allRotated = rotated;
        if (arguments.Cache is not null)
        {
            allLatents = scratch.Take(keys, latentDim);
            allRotated = scratch.Take(keys, keyDim);
        }

        ProjectLatents(in arguments, rows, latents, rotated, ref scratch);
        Span<float> queries = ProjectQueries(in arguments, rows, ref scratch);
        for (int sequence = 0; sequence < arguments.Batch; sequence++)
        {
            (int first, int end) = RowsOf(in arguments, in sizes, sequence);
            if (end == first)
                continue;
            rotaryTable.Apply(isInterleaved, ref rotated[first * keyDim], keyDim, end - first, 1, rotaryDim, lengths[sequence]);
            rotaryTable.Apply(
                isInterleaved, ref queries[(first * shape.QueryDim) + unrotated], shape.QueryDim, end - first, shape.Heads, shape.HeadDim, lengths[sequence]);
        }

        if (arguments.Cache is { } cache)
        {
            appends = true;
            for (int sequence = 0; sequence < arguments.Batch; sequence++)
            {
                (int first, int end) = RowsOf(in arguments, in sizes, sequence);
                cache.Append(
                    sequence, rotated[(first * keyDim)..(end * keyDim)], latents[(first * latentDim)..(end * latentDim)], HeadLayout.RowsHeads);
                int from = keyOffsets[sequence], to = keyOffsets[sequence + 1];
                cache.CopyTo(sequence, 0, allRotated[(from * keyDim)..(to * keyDim)], allLatents[(from * latentDim)..(to * latentDim)], HeadLayout.RowsHeads);
            }
        }

        Span<float> unrotatedKeys = scratch.Take(keys, shape.Heads * unrotated), values = scratch.Take(keys, shape.JoinedDim);
        Span<float> headKeys = scratch.Take(keys, shape.QueryDim);
        keyUp(new LinearArguments { Input = allLatents, Output = unrotatedKeys, Options = arguments.Options });
        valueUp(new LinearArguments { Input = allLatents, Output = values, Options = arguments.Options });
        for (int index = 0; index < shape.Heads; index++)
        {
            Span<float> target = headKeys[(index * shape.HeadDim)..];
            Copy(unrotatedKeys[(index * unrotated)..], shape.Heads * unrotated, target, shape.QueryDim, keys, unrotated);
            Copy(allRotated, keyDim, target[unrotated..], shape.QueryDim, keys, rotaryDim);
        }

        expanded(new AttentionArguments
        {
            Input = queries,
            Key = headKeys,
            Value = values,
            Output = joined,
            RowOffsets = arguments.RowOffsets,
            KeyOffsets = Shape.Attention.Ragged ? keyOffsets : default,
            Batch = arguments.Batch,
            Options = arguments.Options,
        });
        output(new LinearArguments { Input = joined, Output = arguments.Output, Options = arguments.Options });
    }

    /// <summary>The queries of all heads, [rows, Heads · HeadDim], not rotated.</summary>
    private Span<float> ProjectQueries(in LatentAttentionArguments arguments, int rows, ref LatentScratch scratch)
    {
        ReadOnlySpan<float> input = arguments.Input;
        if (queryDown is not null)
        {
            Span<float> latent = scratch.Take(rows, Shape.QueryLatentDim);
            queryDown(new LinearArguments { Input = input, Output = latent, Options = arguments.Options });
            queryNorm!.Apply(ref latent[0], Shape.QueryLatentDim, ref latent[0], Shape.QueryLatentDim, rows);
            input = latent;
        }

        Span<float> queries = scratch.Take(rows, Shape.QueryDim);
        queryUp(new LinearArguments { Input = input, Output = queries, Options = arguments.Options });
        return queries;
    }

    /// <summary>The latent vectors of rows, [rows, LatentDim], and the keys of the absorbed form, [rows, RotaryDim + LatentDim], not rotated.</summary>
    private void ProjectLatents(in LatentAttentionArguments arguments, int rows, Span<float> latents, Span<float> keys, ref LatentScratch scratch)
    {
        int latentDim = Shape.LatentDim, rotaryDim = Shape.RotaryDim, width = latentDim + rotaryDim;
        Span<float> both = scratch.Take(rows, width);
        keyValueDown(new LinearArguments { Input = arguments.Input, Output = both, Options = arguments.Options });
        keyValueNorm.Apply(ref both[0], width, ref latents[0], latentDim, rows);
        Copy(both[latentDim..], width, keys, width, rows, rotaryDim);
        Copy(latents, latentDim, keys[rotaryDim..], width, rows, latentDim);
    }

    private static void Copy(ReadOnlySpan<float> source, int sourceStride, Span<float> target, int targetStride, int rows, int width) =>
        StridedRows.Copy(ref MemoryMarshal.GetReference(source), sourceStride, ref MemoryMarshal.GetReference(target), targetStride, rows, width);
}
