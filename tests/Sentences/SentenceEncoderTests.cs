using AttentionGen.Samples.Sentences;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Sentences;

/// <summary>all-MiniLM-L6-v2 against what onnxruntime computed with it.</summary>
[Trait("Speed", "Slow")]
public sealed class SentenceEncoderTests
{
    private const int Width = SentenceEncoder.Width;

    [Fact]
    public void Embeddings_are_those_of_onnxruntime()
    {
        float[] expected = Npy.Read(SentenceFiles.Shared("embeddings.npy")).ToFloats();
        (int[] ids, int[] rowOffsets) = SentenceFiles.Ragged([.. SentenceFiles.Texts().Select(text => text.Ids)]);
        var actual = new float[expected.Length];
        SentenceFiles.Encoder.Encode(ids, rowOffsets, actual);
        AssertWithin(1e-5, expected, actual);
    }

    /// <summary>In int8 the vectors point nearly where those of onnxruntime in float32 do, and keep their bits in every batch.</summary>
    [Fact]
    public void Int8_embeddings_are_near_those_of_float32()
    {
        float[] expected = Npy.Read(SentenceFiles.Shared("embeddings.npy")).ToFloats();
        (int[] ids, int[] rowOffsets) = SentenceFiles.Ragged([.. SentenceFiles.Texts().Select(text => text.Ids)]);
        var encoder = new SentenceEncoder(SentenceFiles.Weights, isInt8: true);
        var actual = new float[expected.Length];
        encoder.Encode(ids, rowOffsets, actual, new ForwardOptions { MaxDegreeOfParallelism = 3 });
        double sum = 0;
        var alone = new float[Width];
        for (int text = 0; text < rowOffsets.Length - 1; text++)
        {
            encoder.Encode(ids.AsSpan(rowOffsets[text]..rowOffsets[text + 1]), [0, rowOffsets[text + 1] - rowOffsets[text]], alone);
            Compare.SameBits(alone, actual.AsSpan(text * Width, Width), Width, $"text {text}");
            for (int column = 0; column < Width; column++)
                sum += (double)expected[(text * Width) + column] * alone[column];
        }

        Assert.InRange(sum / (rowOffsets.Length - 1), 0.999, 1);
    }

    [Fact]
    public void Each_layer_gives_what_the_trace_has()
    {
        int[] ids = SentenceFiles.Texts()[8].Ids;
        int[] rowOffsets = [0, ids.Length];
        var state = new float[ids.Length * Width];
        SentenceFiles.Encoder.Embed(ids, rowOffsets, state);
        AssertWithin(1e-4, Trace("embedded.npy"), state);
        for (int layer = 0; layer < SentenceFiles.Encoder.LayerCount; layer++)
        {
            var attention = new SentenceAttention(AttentionWeights.From(SentenceFiles.Weights, AttentionTensorNames.Bert($"encoder.layer.{layer}.attention")));
            var attended = new float[state.Length];
            attention.Forward(state, attended, rowOffsets);
            AssertWithin(1e-4, Trace($"layer{layer}_attention_out.npy"), attended);
            state = SentenceFiles.Encoder.RunLayer(layer, state, rowOffsets);
            AssertWithin(1e-4, Trace($"layer{layer}_out.npy"), state);
        }

        static float[] Trace(string file) => Npy.Read(SentenceFiles.Shared("trace", file)).ToFloats();
    }

    [Fact]
    public void A_text_has_the_same_bits_alone_in_every_batch_and_on_any_number_of_threads()
    {
        SentenceTokens[] texts = SentenceFiles.Mixed();
        float[][] alone = [.. texts.Select(text => SentenceFiles.Model.Embed([text])[0])];
        foreach (int threads in (int[])[1, 2, 8])
        {
            var options = new ForwardOptions { MaxDegreeOfParallelism = threads };
            Assert.Equal(alone, SentenceFiles.Model.Embed(texts, options));
            Assert.Equal(alone.Reverse(), SentenceFiles.Model.Embed([.. texts.Reverse()], options));
        }

        Assert.All(alone, embedding => Assert.Equal(1, Math.Sqrt(embedding.Sum(number => (double)number * number)), 1e-6));
    }

    /// <summary>Texts one after the other, and padded by NaN to the longest, through all layers.</summary>
    [Fact]
    public void A_padded_batch_has_the_bits_of_a_ragged_one()
    {
        (int[] ids, int[] rowOffsets) = SentenceFiles.Ragged([.. SentenceFiles.Mixed().Select(text => text.Ids)]);
        int texts = rowOffsets.Length - 1;
        int[] lengths = [.. Enumerable.Range(0, texts).Select(text => rowOffsets[text + 1] - rowOffsets[text])];
        Assert.True(lengths.Distinct().Count() > 1);
        var ragged = new float[ids.Length * Width];
        SentenceFiles.Encoder.Embed(ids, rowOffsets, ragged);
        float[] padded = Pad(ragged);
        for (int layer = 0; layer < SentenceFiles.Encoder.LayerCount; layer++)
        {
            var weights = TransformerLayerWeights.From(SentenceFiles.Weights, TransformerTensorNames.Bert($"encoder.layer.{layer}"));
            var output = new float[padded.Length];
            new PaddedSentenceLayer(weights).Forward(new AttentionArguments { Input = padded, Output = output, KeyLengths = lengths, Batch = texts });
            (ragged, padded) = (SentenceFiles.Encoder.RunLayer(layer, ragged, rowOffsets), output);
            for (int text = 0; text < texts; text++)
            {
                Compare.SameBits(
                    ragged.AsSpan(rowOffsets[text] * Width, lengths[text] * Width), padded.AsSpan(text * lengths.Max() * Width, lengths[text] * Width), Width,
                    $"layer {layer}, text {text} of {lengths[text]} tokens");
            }
        }

        float[] Pad(float[] rows) => [.. Enumerable.Range(0, texts).SelectMany(text => rows[(rowOffsets[text] * Width)..(rowOffsets[text + 1] * Width)]
            .Concat(Enumerable.Repeat(float.NaN, (lengths.Max() - lengths[text]) * Width)))];
    }

    [Fact]
    public void Bad_arguments_are_refused_before_anything_is_written()
    {
        SentenceEncoder encoder = SentenceFiles.Encoder;
        var embeddings = new float[2 * Width];
        Refuses("expected numbers from 0 to 3", [101, 7, 102], [], 0);
        Refuses("expected numbers from 0 to 3", [101, 7, 102], [0, 2], Width);
        Refuses("expected numbers from 0 to 3", [101, 7, 102], [1, 3], Width);
        Refuses("Text 1 has -1 tokens; expected 1 to 512", [101, 7, 102], [0, 4, 3], 2 * Width);
        Refuses("Text 0 has 0 tokens; expected 1 to 512", [101, 7, 102], [0, 0, 3], 2 * Width);
        Refuses("Text 0 has 513 tokens; expected 1 to 512", new int[513], [0, 513], Width);
        Refuses("A token of ids is 30522; expected 0 to 30521", [101, 30522, 102], [0, 3], Width);
        Refuses("A token of ids is -1; expected 0 to 30521", [101, -1, 102], [0, 3], Width);
        Refuses("embeddings.Length is 384; expected 768", [101, 7, 102], [0, 1, 3], Width);
        Assert.All(embeddings, number => Assert.Equal(0, number));

        void Refuses(string message, int[] ids, int[] rowOffsets, int length) =>
            Assert.Contains(message, Assert.Throws<ArgumentException>(() => encoder.Encode(ids, rowOffsets, embeddings.AsSpan(0, length))).Message);
    }

    [Fact]
    public async Task A_cancelled_call_stops()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        Assert.ThrowsAny<OperationCanceledException>(
            () => SentenceFiles.Model.Embed(SentenceFiles.Mixed(), new ForwardOptions { CancellationToken = cancellation.Token }));
    }

    private static void AssertWithin(double bound, float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs((double)expected[i] - actual[i]) <= bound))
                Assert.Fail($"Element {i}: expected {expected[i]:R} within {bound}, got {actual[i]:R}.");
        }
    }
}
