namespace AttentionGen;

/// <summary>
/// Marks a static method of an annotated class that says which keys a query sees: <c>static bool Name(int head, int query, int key)</c>. The form for
/// eight neighbouring keys at once is <c>static Vector256&lt;int&gt; Name(int head, int query, Vector256&lt;int&gt; keys)</c>, with all bits set for
/// a visible key. The method must be pure. The kernel may call it for keys that other rules mask, and the vector form for keys beyond the last one.
/// Positions lie between −2³⁰ and 2³⁰: a call with a longer sequence, and a cache with a larger capacity, are refused.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MaskPredicateAttribute : Attribute
{
    /// <summary>
    /// Name of a static method of the class, <c>static (int First, int End) Name(int head, int query, int keys)</c>. The predicate must be false for
    /// all keys outside this range, and the kernel skips them. Null, the default, means that any key may be visible.
    /// </summary>
    public string? Range { get; set; }
}
