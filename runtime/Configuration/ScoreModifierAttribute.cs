namespace AttentionGen;

/// <summary>
/// Marks a static method of an annotated class that changes each score, between softcap and biases. Its parameters are the score, the query head, the
/// position of the query and the position of the key: <c>static float Name(float score, int head, int query, int key)</c>. The form for eight
/// neighbouring keys at once is
/// <c>static Vector256&lt;float&gt; Name(Vector256&lt;float&gt; scores, int head, int query, Vector256&lt;int&gt; keys)</c>. The method must be pure.
/// The kernel may call it for masked keys, and the vector form for keys beyond the last one. Positions lie between −2³⁰ and 2³⁰: a call with a longer
/// sequence, and a cache with a larger capacity, are refused.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ScoreModifierAttribute : Attribute;
