namespace AttentionGen.Tests.Support;

/// <summary>Random calls of a random configuration against the float64 reference, and through a cache where it has one.</summary>
internal static class RandomCalls
{
    /// <summary>A call of any sizes.</summary>
    /// <param name="keys">Keys that the call brings along where they are not its rows.</param>
    public static AttentionCase Next(AttentionShape shape, AttentionWeights weights, TestConfiguration configuration, Random random, int keys) =>
        AttentionCase.Create(
            shape, random.Next(1, 4), shape.SequenceLength != 0 ? shape.SequenceLength : RandomConfiguration.Length(random), keys, random.Next(), weights,
            configuration.ReferenceHooks);

    /// <summary>Two calls, and where there is a cache one through it; returns the largest error.</summary>
    public static double Run(IRunnable kernel, Random random, Func<int, AttentionCase> next, string name)
    {
        double worst = 0;
        for (int call = 0; call < 2; call++)
        {
            AttentionCase one = next(RandomConfiguration.Length(random));
            AttentionResult result = CachedCalls.Run(one, kernel, random.Next(SharedThreads.Most + 1), null, name);
            worst = Math.Max(worst, result.AssertClose(one.ReferenceAll(), one.Shape, $"{name}: {one.Describe()}"));
        }

        // Rows that go into a cache bring as many keys along.
        AttentionCase whole = next(-1);
        if (!whole.Shape.HasCache)
            return worst;
        if (whole.Shape.IsCrossAttention)
            CachedCalls.CheckMemory(next(RandomConfiguration.Length(random)), (IKernel)kernel, name);
        else
            CachedCalls.CheckChunks(whole, kernel, name);
        return worst;
    }
}
