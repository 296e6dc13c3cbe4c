namespace AttentionGen;

/// <summary>
/// Marks a static method of an annotated class that changes each score, between softcap and biases. It takes the score, the query head, the position
/// of the query and that of the key: <c>static float Name(float score, int head, int query, int key)</c>, or, for eight neighbouring keys at once,
/// <c>static Vector256&lt;float&gt; Name(Vector256&lt;float&gt; scores, int head, int query, Vector256&lt;int&gt; keys)</c>. It must be pure; it may be called for keys that are masked, and the vector form for some beyond the last key.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ScoreModifierAttribute : Attribute;
