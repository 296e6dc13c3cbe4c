namespace AttentionGen.Tests.Compatibility;

/// <summary>The random numbers of a test: .NET keeps those of a seed.</summary>
internal sealed class Numbers(int seed)
{
    private readonly Random random = new(seed);

    /// <summary>Numbers from −1 to 1.</summary>
    public float[] Next(int count)
    {
        var values = new float[count];
        for (int index = 0; index < count; index++)
            values[index] = (random.NextSingle() * 2) - 1;
        return values;
    }

    /// <summary>Lengths from 0 to the most.</summary>
    public int[] NextLengths(int count, int most)
    {
        var lengths = new int[count];
        for (int index = 0; index < count; index++)
            lengths[index] = random.Next(most + 1);
        return lengths;
    }
}
