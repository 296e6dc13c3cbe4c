using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>The direction of a rotation: gradients turn back what queries and keys were turned by.</summary>
internal interface IRotation
{
    static abstract float Sine(float sine);

    static abstract Vector128<float> Sine(Vector128<float> sines);

    static abstract Vector256<float> Sine(Vector256<float> sines);
}

/// <summary>By the angle of the position.</summary>
internal readonly struct Forwards : IRotation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sine(float sine) => sine;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sine(Vector128<float> sines) => sines;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sine(Vector256<float> sines) => sines;
}

/// <summary>By the negative angle.</summary>
internal readonly struct Backwards : IRotation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sine(float sine) => -sine;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sine(Vector128<float> sines) => -sines;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Sine(Vector256<float> sines) => -sines;
}
