using AttentionGen.Tests.Support;
using static AttentionGen.LatentForm;

namespace AttentionGen.Tests.Execution.Latent;

/// <summary>What a block of latent attention refuses, by name and before anything is written.</summary>
[Trait("Speed", "Slow")]
public sealed class LatentRefusalTests
{
    private static readonly int Width = LatentConfigurations.List[0].DModel;

    [Fact]
    public void Bad_arguments_are_refused_by_name()
    {
        var call = new LatentCase(LatentConfigurations.Type(0), [3, 3], 1);
        float[] input = call.Rows(0, 3);
        AttentionCache cache = call.Block.CreateCache(4, 2), other = new LatentCase(LatentConfigurations.Type(7), [1], 1).Block.CreateCache(4, 2);
        Refuses<ArgumentException>("input", "input.Length is 143", output => new() { Input = input.AsSpan(1), Output = output, Batch = 2 });
        Refuses<ArgumentException>("output", "output.Length is 143", output => new() { Input = input, Output = output[1..], Batch = 2 });
        Refuses<ArgumentOutOfRangeException>("form", "form is 7", output => new() { Input = input, Output = output, Batch = 2, Form = (LatentForm)7 });
        Refuses<ArgumentException>("batch", "batch is 3; expected 2", output => new() { Input = input, Output = output, Batch = 3, Cache = cache });
        Refuses<ArgumentException>("rowOffsets", "Ragged", output => new() { Input = input, Output = output, Batch = 2, RowOffsets = [0, 3, 6] });
        Refuses<ArgumentException>("cache", "cache", output => new() { Input = input, Output = output, Batch = 2, Cache = other });
        Refuses<ArgumentOutOfRangeException>(
            "options", "MaxDegreeOfParallelism is -1",
            output => new() { Input = input, Output = output, Batch = 2, Options = new() { MaxDegreeOfParallelism = -1 } });
        Assert.Equal(
            "output",
            Assert.Throws<ArgumentException>(
                () => call.Block.Forward(new LatentAttentionArguments { Input = input, Output = input, Batch = 2 })).ParamName);

        void Refuses<TException>(string argument, string message, MakeArguments make)
            where TException : ArgumentException
        {
            float[] output = [.. Enumerable.Repeat(7.5f, input.Length)];
            TException exception = Assert.Throws<TException>(() => call.Block.Forward(make(output)));
            Assert.Equal(argument, exception.ParamName);
            Assert.Contains(message, exception.Message, StringComparison.Ordinal);
            Assert.All(output, value => Assert.Equal(7.5f, value));
            Assert.Equal(0, cache.Length);
        }
    }

    [Theory]
    [InlineData(Expanded)]
    [InlineData(Absorbed)]
    public void What_does_not_fit_leaves_cache_and_output_as_they_were(LatentForm form)
    {
        var call = new LatentCase(LatentConfigurations.Type(4), [5, 300], 2);
        LatentAttentionShape shape = LatentConfigurations.Type(4).Shape;
        AttentionCache full = call.Block.CreateCache(299, 2);
        // Two pages: one for each sequence, and the second one needs another.
        AttentionCache pages = new AttentionCachePool(shape.Attention, 2).CreateCache(300, 2);
        foreach (AttentionCache cache in (AttentionCache[])[full, pages])
        {
            _ = call.Run([3], _ => form, cache);
            float[] input = call.Rows(3, 300), output = [.. Enumerable.Repeat(7.5f, input.Length)];
            Assert.Throws<InvalidOperationException>(() => call.Block.Forward(new LatentAttentionArguments
            {
                Input = input, Output = output, Cache = cache, Form = form, RowOffsets = call.Offsets(3, 300), Batch = 2,
            }));
            Assert.All(output, value => Assert.Equal(7.5f, value));
            Assert.Equal([3, 3], cache.Lengths.ToArray());
        }
    }

    [Theory]
    [InlineData(Expanded)]
    [InlineData(Absorbed)]
    public void A_cancelled_call_leaves_the_cache_as_it_was(LatentForm form)
    {
        var call = new LatentCase(LatentConfigurations.Type(0), [30], 3);
        AttentionCache cache = call.Block.CreateCache(30);
        _ = call.Run([10], _ => form, cache);
        float[] input = call.Rows(10, 30), output = new float[input.Length];
        Assert.ThrowsAny<OperationCanceledException>(() => call.Block.Forward(new LatentAttentionArguments
        {
            Input = input, Output = output, Cache = cache, Form = form, Options = new() { CancellationToken = new CancellationToken(canceled: true) },
        }));
        Assert.Equal(10, cache.Length);
    }

    [Fact]
    public void Positions_beyond_the_length_are_refused()
    {
        int index = LatentConfigurations.List.ToList().FindIndex(each => each.RotaryLength > 0);
        var call = new LatentCase(LatentConfigurations.Type(index), [401], 3);
        AttentionCache cache = call.Block.CreateCache(500);
        _ = call.Run([400], _ => Expanded, cache);
        Assert.Throws<ArgumentException>(() => call.Block.Forward(new LatentAttentionArguments
        {
            Input = call.Rows(400, 401), Output = new float[Width], Cache = cache,
        }));
        Assert.Equal(400, cache.Length);
    }

    [Fact]
    public void Wrong_weights_are_refused_by_name()
    {
        ILatentType plain = LatentConfigurations.Type(0), latent = LatentConfigurations.Type(1);
        LatentAttentionWeights good = LatentAttentionWeights.Random(latent.Shape, 1), own = LatentAttentionWeights.Random(plain.Shape, 1);
        Refuses(plain, good, "QueryDown");
        Refuses(latent, own, "QueryDown is null");
        Refuses(plain, With(own, LinearWeights.FromSpans(new float[23]), own.KeyValueNorm), "key and value up weight");
        Refuses(plain, With(own, LinearWeights.FromSpans(own.KeyValueUp.Weight, new float[28]), own.KeyValueNorm), "Biases");
        Refuses(plain, With(own, own.KeyValueUp, new float[9]), "key and value norm has 9 elements; expected 10");

        static void Refuses(ILatentType type, LatentAttentionWeights weights, string message) => Assert.Contains(
            message, Assert.Throws<ArgumentException>(() => type.Create(weights)).Message, StringComparison.Ordinal);

        static LatentAttentionWeights With(LatentAttentionWeights weights, LinearWeights up, ReadOnlyMemory<float> norm) => new()
        {
            QueryUp = weights.QueryUp, KeyValueDown = weights.KeyValueDown, KeyValueNorm = norm, KeyValueUp = up, Output = weights.Output,
        };
    }

    private delegate LatentAttentionArguments MakeArguments(Span<float> output);
}
