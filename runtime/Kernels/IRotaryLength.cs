namespace AttentionGen;

/// <summary>
/// A kernel whose rotary frequencies depend on the length of the contexts that it is for: <see cref="RotaryScaling.DynamicNtk"/> or
/// <see cref="RotaryScaling.LongRope"/>, without gradients.
/// </summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface IRotaryLength<out TSelf>
    where TSelf : class
{
    /// <summary>The number of positions of the longest context. A call with a position from there on is refused.</summary>
    int RotaryLength { get; }

    /// <summary>
    /// Returns the kernel for contexts of another length, which decides its rotary frequencies. It shares the packed weights with this object. A cache of
    /// the one does not fit the other.
    /// </summary>
    /// <param name="rotaryLength">The number of positions of the longest context, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rotaryLength"/> is less than 1.</exception>
    TSelf WithRotaryLength(int rotaryLength);
}
