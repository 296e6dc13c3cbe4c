namespace AttentionGen;

/// <summary>
/// Marks a static method of an annotated class that changes each probability, between the softmax and the product with the values. Its parameters are the
/// probability, the query head, the position of the query and the position of the key:
/// <c>static float Name(float probability, int head, int query, int key)</c>. The form for eight neighbouring keys at once is
/// <c>static Vector256&lt;float&gt; Name(Vector256&lt;float&gt; probabilities, int head, int query, Vector256&lt;int&gt; keys)</c>. The result multiplies
/// the value, and is not normalised again. A key that the row does not see, or whose score is −∞ after a score modifier or a mask, multiplies its value by
/// 0, whatever the method gives for a probability of 0; neither does the method change the probability of an appended key. The method must be pure. The
/// kernel may call the vector form for masked keys, and for keys beyond the last one. Positions lie between −2³⁰ and 2³⁰: a call with a longer sequence,
/// and a cache with a larger capacity, are refused.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProbabilityModifierAttribute : Attribute;
