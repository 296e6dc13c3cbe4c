using AttentionGen.Samples.Stories;

namespace AttentionGen.Tests.Models;

[Trait("Speed", "Slow")]
public sealed class StorySamplerTests
{
    [Fact]
    public void Temperature_zero_takes_the_likeliest() =>
        Assert.Equal(2, new StorySampler(temperature: 0).Sample([0, -1, 5, 4.9f]));

    [Fact]
    public void A_seed_draws_the_same_tokens()
    {
        float[] logits = [1, 2, 3, 2, 1];
        var first = new StorySampler(temperature: 1, seed: 5);
        var second = new StorySampler(temperature: 1, seed: 5);
        for (int i = 0; i < 50; i++)
            Assert.Equal(first.Sample(logits), second.Sample(logits));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5f)]
    public void Draws_as_often_as_the_model_says(float temperature)
    {
        float[] logits = [0, 1, 2];
        double[] weights = [.. logits.Select(logit => Math.Exp(logit / temperature))];
        var sampler = new StorySampler(temperature, seed: 1);
        var counts = new int[3];
        const int draws = 20_000;
        for (int i = 0; i < draws; i++)
            counts[sampler.Sample(logits)]++;
        for (int i = 0; i < 3; i++)
            Assert.Equal(weights[i] / weights.Sum(), (double)counts[i] / draws, 0.015);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Refuses_a_temperature_that_is_none(float temperature) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new StorySampler(temperature));
}
