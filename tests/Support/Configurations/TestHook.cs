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

    /// <summary>An expression that is not linear, and gives no 0 for a probability of 0.</summary>
    public static TestHook CurvedProbability { get; } = new(
        "curved",
        """
        [ProbabilityModifier]
            private static float Curve(float probability, int head, int query, int key) =>
                (probability * (1.5f - probability)) + (0.0625f * head * probability)
                + (0.001f * global::System.Math.Min(global::System.Math.Abs(query - key), 7));
        """)
    {
        Modifier = (probability, head, query, key) =>
            (probability * (1.5 - probability)) + (0.0625 * head * probability) + (0.001f * (double)Math.Min(Math.Abs(query - key), 7)),
    };

    /// <summary>A scalar body with a loop and a table, which no vector computes.</summary>
    public static TestHook TableProbability { get; } = new(
        "table",
        """
        private static readonly float[] Shares = { 1f, 0.5f, -0.25f, 0.125f };

            [ProbabilityModifier]
            private static float Share(float probability, int head, int query, int key)
            {
                int bucket = 0;
                for (int distance = global::System.Math.Abs(query - key); distance > 1 && bucket < 3; distance /= 2)
                    bucket++;
                return (probability * probability * Shares[bucket]) + (0.002f * (1 + head));
            }
        """)
    {
        Modifier = (probability, head, query, key) =>
        {
            int distance = Math.Abs(query - key);
            return (probability * probability * (distance < 2 ? 1 : distance < 4 ? 0.5 : distance < 8 ? -0.25 : 0.125)) + (0.002f * (double)(1 + head));
        },
    };

    /// <summary>Eight keys at once.</summary>
    public static TestHook VectorProbability { get; } = new(
        "vector",
        """
        [ProbabilityModifier]
            private static global::System.Runtime.Intrinsics.Vector256<float> Square(
                global::System.Runtime.Intrinsics.Vector256<float> probabilities, int head, int query, global::System.Runtime.Intrinsics.Vector256<int> keys) =>
                (probabilities * probabilities) + (global::System.Runtime.Intrinsics.Vector256.ConvertToSingle(
                    (keys + global::System.Runtime.Intrinsics.Vector256.Create(query)) & global::System.Runtime.Intrinsics.Vector256.Create(3))
                    * (0.001f * (1 + head)));
        """)
    {
        Modifier = (probability, head, query, key) => (probability * probability) + (((key + query) & 3) * (double)(0.001f * (1 + head))),
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
