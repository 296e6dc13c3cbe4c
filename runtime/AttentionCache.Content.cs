using AttentionGen.CompilerServices;

namespace AttentionGen;

// Keys and values in plain layout, as other programs store them, such as past and present of the ONNX operator.
public sealed partial class AttentionCache
{
    /// <summary>Replaces the content of the cache. Every sequence gets the same number of keys.</summary>
    /// <param name="keys">[batch, KvHeads, length, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, length, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">There are more keys than the capacity, or another call uses the cache. Nothing is changed.</exception>
    public void Load(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        using WriteScope writing = Writing();
        int length = CheckContent(keys.Length, values.Length, Batch);
        CheckRoom(0, length);
        Forget();
        Write(keys, values, 0, Batch, length);
    }

    /// <summary>Appends the same number of keys to every sequence.</summary>
    /// <param name="keys">[batch, KvHeads, new keys, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, new keys, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">A sequence has no room for them, or another call uses the cache. Nothing is changed.</exception>
    public void Append(ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        using WriteScope writing = Writing();
        int count = CheckContent(keys.Length, values.Length, Batch);
        CheckRoom(Length, count);
        Write(keys, values, 0, Batch, count);
    }

    /// <summary>Appends keys to one sequence.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="keys">[KvHeads, new keys, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[KvHeads, new keys, ValueHeadDim].</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    /// <exception cref="ArgumentException">A length is not a whole number of keys, or the numbers of keys and values differ. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">The sequence has no room for them, or another call uses the cache. Nothing is changed.</exception>
    public void Append(int sequence, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        using WriteScope writing = Writing();
        CheckSequence(sequence);
        int count = CheckContent(keys.Length, values.Length, 1);
        CheckRoom(lengths[sequence], count);
        Write(keys, values, sequence, 1, count);
    }

    /// <summary>Copies all keys and values to spans. Shorter sequences are padded with zeros.</summary>
    /// <param name="keys">[batch, KvHeads, <see cref="Length"/>, HeadDim], as a kernel stores them: after normalisation and rotary embedding.</param>
    /// <param name="values">[batch, KvHeads, <see cref="Length"/>, ValueHeadDim].</param>
    /// <exception cref="ArgumentException">A span has another length, or the two overlap. Nothing is written.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a window no longer holds the first keys (see <see cref="CopyTo(int, int, Span{float}, Span{float})"/>), or another call writes the
    /// cache.
    /// </exception>
    public void CopyTo(Span<float> keys, Span<float> values)
    {
        using ReadScope reading = Reading();
        CheckTarget("keys", keys.Length, (long)Batch * Shape.KeyDim * Length, "batch · KvHeads · Length · HeadDim");
        CheckTarget("values", values.Length, (long)Batch * Shape.ValueDim * Length, "batch · KvHeads · Length · ValueHeadDim");
        for (int sequence = 0; sequence < Batch; sequence++)
            CheckHeldFrom(sequence, 0);
        CheckApart(keys, values);
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            KeyValuePanels panels = Panels(sequence);
            for (int head = 0; head < Shape.KvHeads; head++)
            {
                int place = sequence * Shape.KvHeads + head;
                Read(in panels, head, 0, lengths[sequence], keys.Slice(place * Length * Shape.HeadDim, Length * Shape.HeadDim), values.Slice(place * Length * Shape.ValueHeadDim, Length * Shape.ValueHeadDim));
            }
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
    public void CopyTo(int sequence, int first, Span<float> keys, Span<float> values)
    {
        using ReadScope reading = Reading();
        CheckSequence(sequence);
        if ((uint)first > (uint)lengths[sequence])
            throw new ArgumentOutOfRangeException(nameof(first), first, $"first is {first}; expected 0 to {lengths[sequence]}, the keys of sequence {sequence}.");
        CheckHeldFrom(sequence, first);
        int count = lengths[sequence] - first;
        CheckTarget("keys", keys.Length, (long)Shape.KeyDim * count, "KvHeads · (length − first) · HeadDim");
        CheckTarget("values", values.Length, (long)Shape.ValueDim * count, "KvHeads · (length − first) · ValueHeadDim");
        CheckApart(keys, values);
        KeyValuePanels panels = Panels(sequence);
        for (int head = 0; head < Shape.KvHeads; head++)
            Read(in panels, head, first, count, keys.Slice(head * count * Shape.HeadDim, count * Shape.HeadDim), values.Slice(head * count * Shape.ValueHeadDim, count * Shape.ValueHeadDim));
    }

    /// <summary>Copies keys and values of one head, and clears the rest of the spans.</summary>
    private void Read(in KeyValuePanels panels, int head, int first, int count, Span<float> keys, Span<float> values)
    {
        PanelCopy.ReadKeys(Shape, in panels, head, first, keys[..(count * Shape.HeadDim)]);
        PanelCopy.ReadValues(Shape, in panels, head, first, values[..(count * Shape.ValueHeadDim)]);
        keys[(count * Shape.HeadDim)..].Clear();
        values[(count * Shape.ValueHeadDim)..].Clear();
    }

    private void Write(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int firstSequence, int sequences, int count)
    {
        int keyFloats = count * Shape.HeadDim, valueFloats = count * Shape.ValueHeadDim;
        for (int index = 0; index < sequences; index++)
        {
            int sequence = firstSequence + index;
            KeyValuePanels panels = Panels(sequence);
            for (int head = 0; head < Shape.KvHeads; head++)
            {
                int place = index * Shape.KvHeads + head;
                PanelCopy.WriteKeys(Shape, keys.Slice(place * keyFloats, keyFloats), in panels, head, lengths[sequence]);
                PanelCopy.WriteValues(Shape, values.Slice(place * valueFloats, valueFloats), in panels, head, lengths[sequence]);
            }

            SetLength(sequence, lengths[sequence] + count);
        }

        LengthsChanged();
    }

    private int CheckContent(int keys, int values, int sequences)
    {
        string batch = sequences == Batch ? "batch · " : "";
        long keyFloats = (long)sequences * Shape.KeyDim, valueFloats = (long)sequences * Shape.ValueDim;
        if (keys % keyFloats != 0)
            throw new ArgumentException($"keys.Length is {keys}; expected a multiple of {batch}KvHeads · HeadDim = {keyFloats}.", nameof(keys));
        int count = (int)(keys / keyFloats);
        if (values != valueFloats * count)
            throw new ArgumentException($"values.Length is {values}; expected {batch}KvHeads · ValueHeadDim · {count} = {valueFloats * count}, because there are {count} keys.", nameof(values));
        return count;
    }

    private void CheckRoom(int length, int count)
    {
        if (count > Capacity - length)
            throw new InvalidOperationException($"cache is too small: it holds {length} of at most {Capacity} keys, and keys has {count} more; expected at most {Capacity - length}.");
    }

    private void CheckHeldFrom(int sequence, int first)
    {
        if (first < firstHeldKeys[sequence])
            throw new InvalidOperationException($"first is {first}; sequence {sequence} holds keys from {firstHeldKeys[sequence]} on, because the cache keeps a window; expected {firstHeldKeys[sequence]} to {lengths[sequence]}.");
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
