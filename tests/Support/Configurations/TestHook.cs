namespace AttentionGen.Tests.Support;

/// <summary>A static method that stands in the user's class, and what it computes in double precision.</summary>
/// <param name="Name">Tells hooks apart in messages.</param>
/// <param name="Source">Attribute and method, as a user writes them.</param>
internal sealed record TestHook(string Name, string Source)
{
    public Func<double, int, int, int, double>? Modifier { get; init; }

    public Func<int, int, int, bool>? Predicate { get; init; }

    /// <summary>A scalar body that is one expression.</summary>
    public static TestHook DistanceModifier { get; } = new(
        "distance",
        """
        [ScoreModifier]
            private static float Modify(float score, int head, int query, int key) => (score * 0.75f) - (0.125f * head) + (0.01f * (query - key));
        """)
    {
        Modifier = (score, head, query, key) => (score * 0.75) - (0.125 * head) + (0.01f * (double)(query - key)),
    };

    /// <summary>A scalar body with a loop and a table, which no vector computes.</summary>
    public static TestHook TableModifier { get; } = new(
        "table",
        """
        private static readonly float[] Biases = { 0.5f, -0.25f, 1f, 0f };

            [ScoreModifier]
            private static float Modify(float score, int head, int query, int key)
            {
                int bucket = 0;
                for (int distance = global::System.Math.Abs(query - key); distance > 1 && bucket < 3; distance /= 2)
                    bucket++;
                return score + Biases[bucket];
            }
        """)
    {
        Modifier = (score, head, query, key) =>
        {
            int distance = Math.Abs(query - key);
            return score + (distance < 2 ? 0.5 : distance < 4 ? -0.25 : distance < 8 ? 1 : 0);
        },
    };

    /// <summary>Eight keys at once.</summary>
    public static TestHook VectorModifier { get; } = new(
        "vector",
        """
        [ScoreModifier]
            private static global::System.Runtime.Intrinsics.Vector256<float> Modify(
                global::System.Runtime.Intrinsics.Vector256<float> scores, int head, int query, global::System.Runtime.Intrinsics.Vector256<int> keys) =>
                scores - (global::System.Runtime.Intrinsics.Vector256.ConvertToSingle(keys - global::System.Runtime.Intrinsics.Vector256.Create(query)) * (0.5f / (1 + head)));
        """)
    {
        Modifier = (score, head, query, key) => score - ((key - query) * (double)(0.5f / (1 + head))),
    };

    /// <summary>A scalar predicate that hides every third key of a query, and some rows wholly.</summary>
    public static TestHook ThirdsPredicate { get; } = new(
        "thirds",
        """
        [MaskPredicate]
            private static bool Sees(int head, int query, int key) => (query + key + head) % 3 != 0 && query % 7 != 5;
        """)
    {
        Predicate = (head, query, key) => (query + key + head) % 3 != 0 && query % 7 != 5,
    };

    /// <summary>A predicate that declares outside of which keys it is false.</summary>
    public static TestHook RangePredicate { get; } = new(
        "range",
        """
        [MaskPredicate(Range = nameof(Range))]
            private static bool Sees(int head, int query, int key) => key >= query - 4 && key < query + 6 + head && (key & 1) == 0;

            private static (int First, int End) Range(int head, int query, int keys) => (query - 4, query + 6 + head);
        """)
    {
        Predicate = (head, query, key) => key >= query - 4 && key < query + 6 + head && (key & 1) == 0,
    };

    /// <summary>Eight keys at once.</summary>
    public static TestHook VectorPredicate { get; } = new(
        "vector",
        """
        [MaskPredicate]
            private static global::System.Runtime.Intrinsics.Vector256<int> Sees(int head, int query, global::System.Runtime.Intrinsics.Vector256<int> keys) =>
                global::System.Runtime.Intrinsics.Vector256.LessThanOrEqual(keys, global::System.Runtime.Intrinsics.Vector256.Create(query + 3))
                & ~global::System.Runtime.Intrinsics.Vector256.Equals(keys & global::System.Runtime.Intrinsics.Vector256.Create(3), global::System.Runtime.Intrinsics.Vector256.Create(head & 3));
        """)
    {
        Predicate = (head, query, key) => key <= query + 3 && (key & 3) != (head & 3),
    };

    public override string ToString() => Name;
}
