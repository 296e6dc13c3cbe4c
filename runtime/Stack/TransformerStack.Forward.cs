using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

public partial class TransformerStack
{
    /// <summary>Runs the layers on one sequence.</summary>
    /// <param name="input">[rows, DModel]. The length gives the number of rows.</param>
    /// <param name="output">[rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output) => Forward(input, output, 1, default(ForwardOptions));

    /// <summary>Runs the layers on a batch of sequences of one length.</summary>
    /// <param name="input">[batch, rows, DModel]. The length gives the number of rows.</param>
    /// <param name="output">[batch, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, int batch) => Forward(input, output, batch, default(ForwardOptions));

    /// <param name="input">[batch, rows, DModel]. The length gives the number of rows.</param>
    /// <param name="output">[batch, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{float}, Span{float}, int)"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, int batch, in ForwardOptions options) =>
        Forward(new AttentionArguments { Input = input, Output = output, Batch = batch, Options = options }, null);

    /// <summary>Runs the layers on new rows of sequences whose earlier keys are in a cache.</summary>
    /// <param name="input">[batch of the cache, rows, DModel].</param>
    /// <param name="output">[batch of the cache, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="cache">The cache, which gets the keys of the new rows.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, TransformerStackCache cache) => Forward(input, output, cache, default(ForwardOptions));

    /// <param name="input">[batch of the cache, rows, DModel].</param>
    /// <param name="output">[batch of the cache, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="cache">The cache, which gets the keys of the new rows.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{float}, Span{float}, TransformerStackCache)"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, TransformerStackCache cache, in ForwardOptions options)
    {
        ArgumentNullException.ThrowIfNull(cache);
        Forward(new AttentionArguments { Input = input, Output = output, Batch = cache.Batch, Options = options }, cache);
    }

    /// <summary>Runs the layers on a ragged batch; declared by <see cref="AttentionConfigAttribute.Ragged"/>.</summary>
    /// <param name="input">[total rows, DModel].</param>
    /// <param name="output">[total rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="rowOffsets">[sequences + 1]: the first row of each sequence, and the end of the last one.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets) =>
        Forward(input, output, rowOffsets, default(ForwardOptions));

    /// <param name="input">[total rows, DModel].</param>
    /// <param name="output">[total rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="rowOffsets">[sequences + 1]: the first row of each sequence, and the end of the last one.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <inheritdoc cref="Forward(ReadOnlySpan{float}, Span{float}, ReadOnlySpan{int})"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> rowOffsets, in ForwardOptions options) =>
        Forward(new AttentionArguments { Input = input, Output = output, RowOffsets = rowOffsets, Batch = rowOffsets.Length - 1, Options = options }, null);

    /// <summary>Runs the layers on new rows of a ragged batch whose earlier keys are in a cache.</summary>
    /// <param name="input">[total rows, DModel].</param>
    /// <param name="output">[total rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="cache">The cache, which gets the keys of the new rows.</param>
    /// <param name="rowOffsets">[batch of the cache + 1]: the first new row of each sequence, and the end of the last one.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, TransformerStackCache cache, ReadOnlySpan<int> rowOffsets)
    {
        ArgumentNullException.ThrowIfNull(cache);
        Forward(new AttentionArguments { Input = input, Output = output, RowOffsets = rowOffsets, Batch = cache.Batch }, cache);
    }

    /// <summary>Runs the layers on a padded batch; declared by <see cref="AttentionConfigAttribute.KeyLengths"/>.</summary>
    /// <param name="input">[batch, rows, DModel].</param>
    /// <param name="output">[batch, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="keyLengths">[batch]: the number of visible keys of each sequence.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, ReadOnlySpan<int> keyLengths, int batch) =>
        Forward(new AttentionArguments { Input = input, Output = output, KeyLengths = keyLengths, Batch = batch }, null);

    /// <summary>Runs the layers. This form of <c>Forward</c> serves every stack: set the arguments that the layers declare, and no others.</summary>
    /// <param name="arguments">Inputs, output and options.</param>
    /// <inheritdoc cref="Forward(in AttentionArguments, TransformerStackCache?)" path="/exception"/>
    public void Forward(in AttentionArguments arguments) => Forward(in arguments, null);

    /// <summary>Runs the layers. This form of <c>Forward</c> serves every stack: set the arguments that the layers declare, and no others.</summary>
    /// <param name="arguments">Inputs, output and options. <see cref="AttentionArguments.Cache"/>, the cache of one layer, must be null.</param>
    /// <param name="cache">The cache of all layers; null for a call without one.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared, of the wrong length, out of range, or overlaps the output, or the cache is of other layers. Nothing is written
    /// then.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The rows do not fit into the cache, its sequences differ in length but the batch is not ragged, or another call uses the cache. Nothing is written
    /// then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The output is undefined, and the cache is as it was in every layer.</exception>
    public void Forward(in AttentionArguments arguments, TransformerStackCache? cache)
    {
        if (arguments.Cache is not null)
            throw new ArgumentException(
                "arguments.Cache is given; expected null, because it is the cache of one layer: a stack takes the cache of all its layers, from CreateCache.",
                nameof(arguments));
        CheckNoActivations(in arguments);
        cache?.CheckLayers(shapes);
        using WriteScope writing = cache is null ? default : cache.Writing();
        StackChecks.CheckHeadMask("headMask", shapes, arguments.HeadMask.Length, isDeclared: shapes[0].HeadMask);
        StackChecks.CheckHeadMask("memoryHeadMask", shapes, arguments.MemoryHeadMask.Length, shapes[0].HeadMask && memoryShape is not null);
        // Outputs must not overlap what the caller gave for any layer.
        AttentionArguments given = cache is null ? arguments : arguments with { Cache = cache[0] };
        AttentionArguments first = OfLayer(in given, 0, firstHead: 0);
        if (memoryShape is not null)
            KernelChecks.Validate(shapes[0], memoryShape, hasMemoryLengths, in first, in given);
        else
            KernelChecks.Validate(shapes[0], in first, in given);
        // All layers must append the same numbers of keys, whatever the caller does to the offsets meanwhile.
        AttentionArguments settled = cache is null || arguments.RowOffsets.IsEmpty
            ? arguments
            : arguments with { RowOffsets = cache.KeepOffsets(arguments.RowOffsets) };
        int floats = layers.Length > 1 ? arguments.Input.Length : 0;
        AlignedMemory? one = null, other = null;
        try
        {
            if (layers.Length > 1)
                one = AttentionScratch.Rent(floats);
            if (layers.Length > 2)
                other = AttentionScratch.Rent(floats);
            RunLayers(in settled, cache, one, other);
        }
        finally
        {
            if (one is not null)
                AttentionScratch.Return(one);
            if (other is not null)
                AttentionScratch.Return(other);
        }
    }

    private void RunLayers(in AttentionArguments arguments, TransformerStackCache? cache, AlignedMemory? one, AlignedMemory? other)
    {
        using StackRings rings = StackRings.Begin(cache, in arguments);
        int layer = 0, firstHead = 0;
        try
        {
            ReadOnlySpan<float> input = arguments.Input;
            for (; layer < layers.Length; layer++)
            {
                arguments.Options.CancellationToken.ThrowIfCancellationRequested();
                Span<float> output = layer == layers.Length - 1
                    ? arguments.Output
                    : MemoryMarshal.CreateSpan(ref (layer % 2 == 0 ? one : other)!.Reference, arguments.Input.Length);
                layers[layer].Forward(OfLayer(in arguments, layer, firstHead) with { Input = input, Output = output, Cache = cache?[layer] });
                input = output;
                firstHead += shapes[layer].Heads;
            }
        }
        catch
        {
            // The layer that failed has left its own cache as it was; the layers before it have committed their new keys.
            rings.Undo(layer);
            throw;
        }
    }

    /// <summary>The arguments with the factors of one layer's heads.</summary>
    private AttentionArguments OfLayer(in AttentionArguments arguments, int layer, int firstHead)
    {
        if (!shapes[layer].HeadMask)
            return arguments;
        int heads = shapes[layer].Heads;
        return arguments with
        {
            HeadMask = arguments.HeadMask.Slice(firstHead, heads),
            MemoryHeadMask = memoryShape is null ? default : arguments.MemoryHeadMask.Slice(firstHead, heads),
        };
    }
}
