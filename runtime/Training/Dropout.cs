using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Dropout on probabilities (Srivastava et al. 2014; Vaswani et al. 2017): a probability becomes 0 with the chance <see cref="Rate"/>, and is divided by
/// <c>1 − Rate</c> otherwise, so that its mean stays. <see cref="SavedActivations.Dropout"/> turns it on for a forward and its backward.
/// </summary>
/// <remarks>
/// Nothing is stored: whether a probability stays is a function of the seed, the number of the sequence in its batch, the query head, the row and the key (see
/// <see cref="Threefry"/>). So the bits depend neither on threads nor on the processor. A new step needs a new seed.
/// </remarks>
public readonly record struct Dropout
{
    /// <summary>Chooses what is dropped.</summary>
    /// <param name="rate">The chance of a probability to become 0: at least 0 and less than 1.</param>
    /// <param name="seed">What the choice follows from; another one for each step.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is NaN, negative, or 1 and more.</exception>
    public Dropout(float rate, long seed)
    {
        if (!(rate >= 0 && rate < 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, $"rate is {rate}; expected a number from 0 on and below 1.");
        Rate = rate;
        Seed = seed;
    }

    /// <summary>No dropout: the forward then has the bits of one without activations.</summary>
    public static Dropout None => default;

    /// <summary>The chance of a probability to become 0.</summary>
    public float Rate { get; }

    /// <summary>What the choice follows from.</summary>
    public long Seed { get; }

    /// <summary>Numbers of 31 bits below this one are kept; 0 where nothing is dropped, so that a field of zeros means none.</summary>
    internal uint KeptNumbers => Rate == 0 ? 0 : (uint)Math.Round((1 - (double)Rate) * (1U << 31));

    /// <summary>What a kept probability is multiplied by.</summary>
    internal float Factor => (float)(1 / (1 - (double)Rate));

    /// <summary>The same rate with a seed of its own, such as for each layer of a model.</summary>
    /// <param name="stream">The number of the layer.</param>
    public Dropout Split(int stream)
    {
        (uint low, uint high) = Threefry.Block((uint)Seed, (uint)(Seed >> 32), (uint)stream, 0);
        return new(Rate, (long)(low | ((ulong)high << 32)));
    }

    /// <summary>Whether a probability stays.</summary>
    /// <param name="sequence">The number of the sequence in its batch.</param>
    /// <param name="head">The query head.</param>
    /// <param name="row">The row, counted from the first one of the sequence.</param>
    /// <param name="key">
    /// The key, counted from the first one of the sequence; for an appended one <see cref="DropoutMask.AppendedKeys"/> and its number.
    /// </param>
    internal bool Keeps(int sequence, int head, int row, uint key)
    {
        if (Rate == 0)
            return true;
        (uint low, uint high) = Stream(sequence, head);
        (uint first, uint second) = Threefry.Block(low, high, (key / 32 * 16) + (key % 16), (uint)row);
        return ((key & 16) == 0 ? first : second) >> 1 < KeptNumbers;
    }

    /// <summary>The key of a head's numbers.</summary>
    internal (uint Low, uint High) Stream(int sequence, int head) => Threefry.Block((uint)Seed, (uint)(Seed >> 32), (uint)sequence, (uint)head + 1);
}
