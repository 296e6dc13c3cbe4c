namespace AttentionGen;

/// <summary>
/// Marks a static method of an annotated class that tells which keys a query sees: <c>static bool Name(int head, int query, int key)</c>, or, for eight
/// neighbouring keys at once, <c>static Vector256&lt;int&gt; Name(int head, int query, Vector256&lt;int&gt; keys)</c> with all bits set where a key is seen. It must be pure;
/// it may be called for keys that other rules mask, and the vector form for some beyond the last key.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MaskPredicateAttribute : Attribute
{
    /// <summary>
    /// Name of a static method of the class, <c>static (int First, int End) Name(int head, int query, int keys)</c>, that tells outside of which keys the predicate is
    /// false; loops then leave these keys out. Null, the default, means that any key may be seen.
    /// </summary>
    public string? Range { get; set; }
}
