namespace AttentionGen.Tests.Properties;

/// <summary>Two spans that keys and values are copied to: right ones, or of another length, or one over the other.</summary>
internal sealed class CopyTargets
{
    private const float Unwritten = 7;

    private readonly float[] memory;
    private readonly int keysStart;
    private readonly int valuesStart;
    private readonly int keyFloats;
    private readonly int valueFloats;

    public CopyTargets(int keyFloats, int valueFloats, Random random)
    {
        int longer = random.Next(6);
        this.keyFloats = keyFloats += longer == 0 ? 1 : 0;
        this.valueFloats = valueFloats += longer == 1 ? 1 : 0;
        // Behind the keys or before them, over their ends by one float, over their beginning or in their middle.
        int[] distances = [keyFloats, -valueFloats, keyFloats - 1, 1 - valueFloats, 0, (keyFloats - valueFloats) / 2];
        bool isEmpty = keyFloats == 0 || valueFloats == 0;
        int distance = isEmpty ? keyFloats : distances[Math.Max(0, random.Next(-6, 6))];
        keysStart = valueFloats;
        valuesStart = keysStart + distance;
        memory = new float[keyFloats + (2 * valueFloats)];
        memory.AsSpan().Fill(Unwritten);
        AreRight = longer > 1 && (isEmpty || distance <= -valueFloats || distance >= keyFloats);
    }

    public bool AreRight { get; }

    public Span<float> Keys => memory.AsSpan(keysStart, keyFloats);

    public Span<float> Values => memory.AsSpan(valuesStart, valueFloats);

    /// <summary>Fails unless the two hold what they must, or nothing has been written.</summary>
    public void Check(bool isRefused, float[] keys, float[] values)
    {
        if (isRefused)
        {
            Assert.Equal(-1, memory.AsSpan().IndexOfAnyExcept(Unwritten));
            return;
        }

        Assert.True(Keys.SequenceEqual(keys), "keys");
        Assert.True(Values.SequenceEqual(values), "values");
    }
}
