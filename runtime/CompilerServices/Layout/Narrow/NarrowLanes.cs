using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>Loads narrow integers into lanes of 32 bits, with their signs.</summary>
internal static class NarrowLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load16As512(ref float line, nint element)
    {
        Vector256<short> narrow = Vector256.LoadUnsafe(ref Unsafe.Add(ref Unsafe.As<float, short>(ref line), element));
        return Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(narrow) : Vector512.Create(Vector256.WidenLower(narrow), Vector256.WidenUpper(narrow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load16As256(ref float line, nint element)
    {
        Vector128<short> narrow = Vector128.LoadUnsafe(ref Unsafe.Add(ref Unsafe.As<float, short>(ref line), element));
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(narrow) : Vector256.Create(Vector128.WidenLower(narrow), Vector128.WidenUpper(narrow));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load16As128(ref float line, nint element) => Vector128.WidenLower(
        Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(ref Unsafe.As<short, byte>(ref Unsafe.Add(ref Unsafe.As<float, short>(ref line), element))))
            .AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load8As512(ref float line, nint element)
    {
        Vector128<sbyte> narrow = Vector128.LoadUnsafe(ref Unsafe.Add(ref Unsafe.As<float, sbyte>(ref line), element));
        if (Avx512F.IsSupported)
            return Avx512F.ConvertToVector512Int32(narrow);
        Vector256<short> wider = Vector256.Create(Vector128.WidenLower(narrow), Vector128.WidenUpper(narrow));
        return Vector512.Create(Vector256.WidenLower(wider), Vector256.WidenUpper(wider));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load8As256(ref float line, nint element)
    {
        Vector128<sbyte> narrow = Vector128.CreateScalarUnsafe(
            Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref Unsafe.As<float, byte>(ref line), element))).AsSByte();
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(narrow);
        Vector128<short> wider = Vector128.WidenLower(narrow);
        return Vector256.Create(Vector128.WidenLower(wider), Vector128.WidenUpper(wider));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load8As128(ref float line, nint element) => Vector128.WidenLower(Vector128.WidenLower(
        Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref Unsafe.As<float, byte>(ref line), element))).AsSByte()));
}
