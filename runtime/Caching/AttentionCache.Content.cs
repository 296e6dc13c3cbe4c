using AttentionGen.CompilerServices;

namespace AttentionGen;

// Keys and values in plain layout, as other programs store them, such as past and present of the ONNX operator.
public sealed partial class AttentionCache
{
    /// <summary>Replaces the content of the cache. Every sequence gets the same number of keys.</summary>
    /// <param name="keys">[batch, KvHeads, length, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, length, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// There are more keys than the capacity, or than free pages of the pool hold, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Load(ReadOnlySpan<float> keys, ReadOnlySpan<float> values) => Load(keys, values, HeadLayout.HeadsRows);

    /// <summary>Replaces the content of the cache. Every sequence gets the same number of keys.</summary>
    /// <param name="keys">
    /// [batch, KvHeads, length, HeadDim] or [batch, length, KvHeads, HeadDim], as a kernel stores them: after normalisation and rotary embedding.
    /// </param>
    /// <param name="values">[batch, KvHeads, length, ValueHeadDim] or [batch, length, KvHeads, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layout"/> is not defined.</exception>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// There are more keys than the capacity, or than free pages of the pool hold, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Load(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        using WriteScope writing = Writing();
        int length = CheckContent(keys.Length, values.Length, Batch);
        CheckRoom(-1, 0, length);
        ForgetFor(_ => length);
        Write(keys, values, 0, Batch, length, layout);
    }

    /// <summary>Appends the same number of keys to every sequence.</summary>
    /// <param name="keys">[batch, KvHeads, new keys, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, new keys, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">A sequence or the pool has no room for them, or another call uses the cache. Nothing is changed.</exception>
    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values) => Append(keys, values, HeadLayout.HeadsRows);

    /// <summary>Appends the same number of keys to every sequence.</summary>
    /// <param name="keys">
    /// [batch, KvHeads, new keys, HeadDim] or [batch, new keys, KvHeads, HeadDim], as a kernel stores them: after normalisation and rotary embedding.
    /// </param>
    /// <param name="values">[batch, KvHeads, new keys, ValueHeadDim] or [batch, new keys, KvHeads, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layout"/> is not defined.</exception>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">A sequence or the pool has no room for them, or another call uses the cache. Nothing is changed.</exception>
    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        using WriteScope writing = Writing();
        int count = CheckContent(keys.Length, values.Length, Batch);
        CheckRoom(-1, Length, count);
        ReservePages(0, Batch, count);
        Write(keys, values, 0, Batch, count, layout);
    }

    /// <summary>Appends keys to one sequence.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="keys">[KvHeads, new keys, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[KvHeads, new keys, ValueHeadDim].</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sequence or the pool has no room for them, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Append(int sequence, ReadOnlySpan<float> keys, ReadOnlySpan<float> values) => Append(sequence, keys, values, HeadLayout.HeadsRows);

    /// <summary>Appends keys to one sequence.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="keys">
    /// [KvHeads, new keys, HeadDim] or [new keys, KvHeads, HeadDim], as a kernel stores them: after normalisation and rotary embedding.
    /// </param>
    /// <param name="values">[KvHeads, new keys, ValueHeadDim] or [new keys, KvHeads, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence or layout.</exception>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The sequence or the pool has no room for them, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Append(int sequence, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        using WriteScope writing = Writing();
        CheckSequence(sequence);
        int count = CheckContent(keys.Length, values.Length, 1);
        CheckRoom(sequence, lengths[sequence], count);
        ReservePages(sequence, 1, count);
        Write(keys, values, sequence, 1, count, layout);
    }

    /// <summary>Copies all keys and values to spans. Shorter sequences are padded with zeros.</summary>
    /// <param name="keys">[batch, KvHeads, <see cref="Length"/>, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, <see cref="Length"/>, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A span has another length, or the two overlap. Nothing is written.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a window no longer holds the first keys; see <see cref="CopyTo(int, int, Span{float}, Span{float})"/>; or another call writes the
    /// cache.
    /// </exception>
    public void CopyTo(Span<float> keys, Span<float> values) => CopyTo(keys, values, HeadLayout.HeadsRows);

    /// <summary>Copies all keys and values to spans. Shorter sequences are padded with zeros.</summary>
    /// <param name="keys">
    /// [batch, KvHeads, <see cref="Length"/>, HeadDim] or [batch, <see cref="Length"/>, KvHeads, HeadDim], as a kernel stores them: after normalisation
    /// and rotary embedding.
    /// </param>
    /// <param name="values">[batch, KvHeads, <see cref="Length"/>, ValueHeadDim] or [batch, <see cref="Length"/>, KvHeads, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layout"/> is not defined.</exception>
    /// <exception cref="ArgumentException">A span has another length, or the two overlap. Nothing is written.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a window no longer holds the first keys; see <see cref="CopyTo(int, int, Span{float}, Span{float})"/>; or another call writes the
    /// cache.
    /// </exception>
    public void CopyTo(Span<float> keys, Span<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        using ReadScope reading = Reading();
        CheckTarget("keys", keys.Length, (long)Batch * Shape.KeyDim * Length, "batch · KvHeads · Length · HeadDim");
        CheckTarget("values", values.Length, (long)Batch * Shape.ValueDim * Length, "batch · KvHeads · Length · ValueHeadDim");
        for (int sequence = 0; sequence < Batch; sequence++)
            CheckHeldFrom(sequence, 0);
        CheckApart(keys, values);
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            int keyFloats = Length * Shape.KeyDim, valueFloats = Length * Shape.ValueDim;
            Read(sequence, 0, Length, keys.Slice(sequence * keyFloats, keyFloats), values.Slice(sequence * valueFloats, valueFloats), layout);
        }
    }

    /// <summary>Copies the last keys and values of one sequence to spans.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="first">The first key to copy, from <see cref="GetFirstHeldKey"/> to the sequence's length. All later keys are copied too.</param>
    /// <param name="keys">[KvHeads, length − first, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[KvHeads, length − first, ValueHeadDim].</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence or key.</exception>
    /// <exception cref="ArgumentException">A span has another length, or the two overlap. Nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The ring of a window no longer holds the key, or another call writes the cache.</exception>
    public void CopyTo(int sequence, int first, Span<float> keys, Span<float> values) => CopyTo(sequence, first, keys, values, HeadLayout.HeadsRows);

    /// <summary>Copies the last keys of one sequence to spans.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="first">The first key to copy, <see cref="GetFirstHeldKey"/> to the sequence's length; all that follow are copied too.</param>
    /// <param name="keys">
    /// [KvHeads, length − first, HeadDim] or [length − first, KvHeads, HeadDim], as a kernel stores them: after normalisation and rotary embedding.
    /// </param>
    /// <param name="values">[KvHeads, length − first, ValueHeadDim] or [length − first, KvHeads, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence, key or layout.</exception>
    /// <exception cref="ArgumentException">A span has another length, or the two overlap. Nothing is written.</exception>
    /// <exception cref="InvalidOperationException">The ring of a window no longer holds the key, or another call writes the cache.</exception>
    public void CopyTo(int sequence, int first, Span<float> keys, Span<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        using ReadScope reading = Reading();
        CheckSequence(sequence);
        if ((uint)first > (uint)lengths[sequence])
            throw new ArgumentOutOfRangeException(
                nameof(first), first, $"first is {first}; expected 0 to {lengths[sequence]}, the keys of sequence {sequence}.");
        CheckHeldFrom(sequence, first);
        int count = lengths[sequence] - first;
        CheckTarget("keys", keys.Length, (long)Shape.KeyDim * count, "KvHeads · (length − first) · HeadDim");
        CheckTarget("values", values.Length, (long)Shape.ValueDim * count, "KvHeads · (length − first) · ValueHeadDim");
        CheckApart(keys, values);
        Read(sequence, first, count, keys, values, layout);
    }

    /// <summary>Keys and values of one sequence, into room for so many keys; what is left of it becomes zero.</summary>
    private void Read(int sequence, int first, int room, Span<float> keys, Span<float> values, HeadLayout layout)
    {
        KeyValuePanels panels = Panels(sequence);
        int count = lengths[sequence] - first;
        for (int head = 0; head < Shape.KvHeads; head++)
        {
            PanelCopy.ReadKeys(Shape, in panels, head, first, RowsOf(keys, layout, head, room, Shape.HeadDim, out int keyStride), keyStride, count);
            PanelCopy.ReadValues(
                Shape, in panels, head, first, RowsOf(values, layout, head, room, Shape.ValueHeadDim, out int valueStride), valueStride, count);
            if (layout != HeadLayout.HeadsRows)
                continue;
            keys.Slice(((head * room) + count) * Shape.HeadDim, (room - count) * Shape.HeadDim).Clear();
            values.Slice(((head * room) + count) * Shape.ValueHeadDim, (room - count) * Shape.ValueHeadDim).Clear();
        }

        if (layout == HeadLayout.HeadsRows)
            return;
        keys.Slice(count * Shape.KeyDim, (room - count) * Shape.KeyDim).Clear();
        values.Slice(count * Shape.ValueDim, (room - count) * Shape.ValueDim).Clear();
    }

    private void Write(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstSequence, int sequences, int count, HeadLayout layout)
    {
        for (int index = 0; index < sequences; index++)
        {
            int sequence = firstSequence + index;
            KeyValuePanels panels = Panels(sequence);
            ReadOnlySpan<float> ownKeys = keys.Slice(index * count * Shape.KeyDim, count * Shape.KeyDim);
            ReadOnlySpan<float> ownValues = values.Slice(index * count * Shape.ValueDim, count * Shape.ValueDim);
            for (int head = 0; head < Shape.KvHeads && count > 0; head++)
            {
                PanelCopy.WriteKeys(
                    Shape, RowsOf(ownKeys, layout, head, count, Shape.HeadDim, out int keyStride), keyStride, count, in panels, head, lengths[sequence]);
                PanelCopy.WriteValues(
                    Shape,
                    RowsOf(ownValues, layout, head, count, Shape.ValueHeadDim, out int valueStride),
                    valueStride,
                    count,
                    in panels,
                    head,
                    lengths[sequence]);
            }

            SetLength(sequence, lengths[sequence] + count);
        }

        LengthsChanged();
    }

    /// <summary>From the first row of a head on, and how many floats there are from a row to the next.</summary>
    private ReadOnlySpan<float> RowsOf(ReadOnlySpan<float> sequence, HeadLayout layout, int head, int rows, int width, out int stride)
    {
        stride = layout == HeadLayout.HeadsRows ? width : Shape.KvHeads * width;
        return rows == 0 ? [] : sequence[(head * (layout == HeadLayout.HeadsRows ? rows * width : width))..];
    }

    /// <inheritdoc cref="RowsOf(ReadOnlySpan{float}, HeadLayout, int, int, int, out int)"/>
    private Span<float> RowsOf(Span<float> sequence, HeadLayout layout, int head, int rows, int width, out int stride)
    {
        stride = layout == HeadLayout.HeadsRows ? width : Shape.KvHeads * width;
        return rows == 0 ? [] : sequence[(head * (layout == HeadLayout.HeadsRows ? rows * width : width))..];
    }

    private static void CheckLayout(HeadLayout layout)
    {
        if (!Enum.IsDefined(layout))
            throw new ArgumentOutOfRangeException(nameof(layout), layout, $"layout is {layout}; expected RowsHeads or HeadsRows.");
    }

    private int CheckContent(int keys, int values, int sequences)
    {
        string batch = sequences == Batch ? "batch · " : "";
        long keyFloats = (long)sequences * Shape.KeyDim, valueFloats = (long)sequences * Shape.ValueDim;
        if (keys % keyFloats != 0)
            throw new ArgumentException($"keys.Length is {keys}; expected a multiple of {batch}KvHeads · HeadDim = {keyFloats}.", nameof(keys));
        int count = (int)(keys / keyFloats);
        if (values != valueFloats * count)
            throw new ArgumentException(
                $"values.Length is {values}; expected {batch}KvHeads · ValueHeadDim · {count} = {valueFloats * count}, because there are {count} keys.",
                nameof(values));
        return count;
    }

    private void CheckRoom(int sequence, int length, int count)
    {
        if (count > Capacity - length)
            throw CacheErrors.Full(sequence, length, Capacity, "keys", count);
    }

    private void CheckHeldFrom(int sequence, int first)
    {
        if (first < firstHeldKeys[sequence])
            throw new InvalidOperationException(
                $"first is {first}; sequence {sequence} holds keys from {firstHeldKeys[sequence]} on, because the cache keeps a window; expected "
                    + $"{firstHeldKeys[sequence]} to {lengths[sequence]}.");
    }

    private static void CheckApart(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        if (values.Overlaps(keys))
            throw new ArgumentException("values overlaps keys; expected memory of its own, because both are written.", nameof(values));
    }

    private static void CheckTarget(string argument, int length, long expected, string formula)
    {
        if (length != expected)
            throw new ArgumentException($"{argument}.Length is {length}; expected {formula} = {expected}.", argument);
    }
}
