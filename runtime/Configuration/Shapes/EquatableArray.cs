using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>An immutable list that is equal by its elements: a shape with a list is equal to another one with the same numbers.</summary>
/// <param name="items">The elements, which are copied.</param>
/// <typeparam name="T">The type of the elements.</typeparam>
public readonly struct EquatableArray<T>(IEnumerable<T> items) : IEquatable<EquatableArray<T>>, IReadOnlyList<T>
    where T : IEquatable<T>
{
    private readonly T[] items = items.ToArray();

    /// <summary>The number of elements.</summary>
    public int Count => items?.Length ?? 0;

    /// <summary>An element.</summary>
    /// <param name="index">0 to <see cref="Count"/> − 1.</param>
    public T this[int index] => items[index];

    /// <summary>A copy of an array.</summary>
    /// <param name="items">The elements.</param>
    public static implicit operator EquatableArray<T>(T[] items) => new(items);

    /// <summary>Whether two lists have the same elements in the same order.</summary>
    public static bool operator ==(EquatableArray<T> left, EquatableArray<T> right) => left.Equals(right);

    /// <summary>Whether two lists differ in an element, or in their length.</summary>
    public static bool operator !=(EquatableArray<T> left, EquatableArray<T> right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(EquatableArray<T> other)
    {
        // A call compares the shape of its cache: nothing may be allocated.
        if (Count != other.Count)
            return false;
        for (int index = 0; index < Count; index++)
        {
            if (!EqualityComparer<T>.Default.Equals(items[index], other.items[index]))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EquatableArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        int hash = 17;
        foreach (T item in this)
            hash = unchecked((hash * 31) + (item?.GetHashCode() ?? 0));
        return hash;
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => (items ?? []).AsEnumerable().GetEnumerator();

    /// <summary>The elements in brackets, as <c>[1, 0.5]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", this.Select(item => Convert.ToString(item, CultureInfo.InvariantCulture)))}]";

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
