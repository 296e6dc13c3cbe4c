using AttentionGen.Samples.Stories;

namespace AttentionGen.Tests.Models;

/// <summary>Reading llama2.c checkpoints; none of this needs the trained model.</summary>
[Trait("Speed", "Slow")]
public sealed class StoryCheckpointTests
{
    [Fact]
    public void Reads_a_well_formed_file()
    {
        StoryCheckpoint checkpoint = Read(StoryFiles.Checkpoint(dim: 64, hidden: 172, layers: 2, heads: 8, kvHeads: 4, vocabulary: 512, positions: 16));
        Assert.Equal((64, 172, 2, 8, 4, 512, 16), (checkpoint.Dim, checkpoint.HiddenDim, checkpoint.LayerCount, checkpoint.Heads, checkpoint.KvHeads,
            checkpoint.VocabularySize, checkpoint.MaxPositions));
        Assert.Same(checkpoint.Embedding, checkpoint.Classifier);
        var model = new StoryModel(checkpoint, capacity: 3);
        Assert.Equal(512, model.Forward([1, 2]).Length);
    }

    [Fact]
    public void Reads_a_classifier_of_its_own()
    {
        byte[] file = StoryFiles.Checkpoint(dim: 64, hidden: 24, layers: 1, heads: 8, kvHeads: 4, vocabulary: -10, positions: 16);
        // The last element of the file is the last of the classifier.
        StoryCheckpoint checkpoint = Read(StoryFiles.With(file, file.Length - 4, BitConverter.SingleToInt32Bits(7)));
        Assert.Equal(10, checkpoint.VocabularySize);
        Assert.Equal(7, checkpoint.Classifier[^1]);
        Assert.Equal(0, checkpoint.Embedding[^1]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, -64)]
    [InlineData(0, int.MaxValue)]
    [InlineData(0, 63)]
    [InlineData(1, 0)]
    [InlineData(2, int.MinValue)]
    [InlineData(2, 513)]
    [InlineData(3, 7)]
    [InlineData(3, 64)]
    [InlineData(4, 3)]
    [InlineData(5, 0)]
    [InlineData(5, int.MinValue)]
    [InlineData(6, 1 << 20)]
    public void Refuses_a_header_that_lies(int field, int value)
    {
        byte[] good = StoryFiles.Checkpoint(dim: 64, hidden: 24, layers: 1, heads: 8, kvHeads: 4, vocabulary: 10, positions: 16);
        Exception error = Assert.Throws<InvalidDataException>(() => Read(StoryFiles.With(good, field * sizeof(int), value)));
        Assert.Contains(".tmp", error.Message);
    }

    [Fact]
    public void Refuses_another_length()
    {
        byte[] good = StoryFiles.Checkpoint(dim: 64, hidden: 24, layers: 1, heads: 8, kvHeads: 4, vocabulary: 10, positions: 16);
        foreach (int length in new[] { 0, 1, 27, 28, 100, good.Length - 1 })
            Assert.Throws<InvalidDataException>(() => Read(good[..length]));
        Assert.Throws<InvalidDataException>(() => Read([.. good, 0]));
    }

    [Fact]
    public void Says_which_shape_is_compiled()
    {
        StoryCheckpoint other = Read(StoryFiles.Checkpoint(dim: 32, hidden: 24, layers: 1, heads: 4, kvHeads: 2, vocabulary: 10, positions: 16));
        string message = Assert.Throws<NotSupportedException>(() => new StoryModel(other, capacity: 3)).Message;
        Assert.Contains("DModel = 64, FeedForwardDim = 172, Heads = 8, KvHeads = 4 and 512 tokens", message);
        Assert.Contains("32, 24, 4, 2 and 10", message);
    }

    private static StoryCheckpoint Read(byte[] file) => StoryFiles.WithFile(file, StoryCheckpoint.Read);
}
