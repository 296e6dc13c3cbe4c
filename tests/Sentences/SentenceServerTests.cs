using System.Net;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AttentionGen.Samples.Sentences;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AttentionGen.Tests.Sentences;

/// <summary>The service as its clients meet it.</summary>
[Trait("Speed", "Slow")]
public sealed class SentenceServerTests : IAsyncLifetime
{
    private WebApplication app = null!;
    private HttpClient http = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        app = EmbeddingServer.Create(SentenceFiles.Model, "http://127.0.0.1:0", configure: options => (options.Threads, options.MaxQueuedTokens) = (2, 6000));
        await app.StartAsync(Cancellation);
        http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Texts_are_answered_in_the_form_of_OpenAI()
    {
        JsonElement answer = await AskAsync("""{"model":"all-MiniLM-L6-v2","input":["A man is eating.","Someone has dinner."],"user":"x"}""");
        Assert.Equal(("list", "all-MiniLM-L6-v2"), (answer.GetProperty("object").GetString(), answer.GetProperty("model").GetString()));
        Assert.Equal(
            (13, 13),
            (answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("total_tokens").GetInt32()));
        JsonElement[] data = [.. answer.GetProperty("data").EnumerateArray()];
        Assert.Equal([("embedding", 0), ("embedding", 1)], data.Select(item => (item.GetProperty("object").GetString(), item.GetProperty("index").GetInt32())));
        Assert.Equal(
            [Embed("A man is eating."), Embed("Someone has dinner.")],
            data.Select(item => item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray()));

        JsonElement one = await AskAsync("""{"input":"A man is eating.","encoding_format":"base64","dimensions":384,"model":"sentence-transformers/all-MiniLM-L6-v2"}""");
        Assert.Equal(
            Embed("A man is eating."), MemoryMarshal.Cast<byte, float>(one.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64()).ToArray());
    }

    [Theory]
    [InlineData("x", 400, "no JSON")]
    [InlineData("", 400, "no JSON")]
    [InlineData("[]", 400, "must be a JSON object")]
    [InlineData("{}", 400, "input is missing")]
    [InlineData("""{"input":null}""", 400, "input is missing")]
    [InlineData("""{"input":5}""", 400, "input must be a text, or an array of texts, but is 5")]
    [InlineData("""{"input":""}""", 400, "input is an empty text")]
    [InlineData("""{"input":[]}""", 400, "input is an empty array")]
    [InlineData("""{"input":["x",""]}""", 400, "input[1] is an empty text")]
    [InlineData("""{"input":["x",null]}""", 400, "input[1] must be a text, but is null")]
    [InlineData("""{"input":[1,2]}""", 400, "this model has other tokens than OpenAI's")]
    [InlineData("""{"input":"\ud800"}""", 400, "input is no valid Unicode")]
    [InlineData("""{"input":"x","dimensions":128}""", 400, "dimensions must be 384, which the model has, but is 128")]
    [InlineData("""{"input":"x","encoding_format":"int8"}""", 400, "encoding_format must be")]
    [InlineData("""{"input":"x","model":7}""", 400, "model must be a string, but is 7")]
    [InlineData("""{"input":"x","model":"gpt"}""", 404, "this server has all-MiniLM-L6-v2")]
    public async Task Wrong_requests_are_refused_with_what_was_expected(string body, int status, string message) => await RefusesAsync(body, status, message);

    [Fact]
    public async Task Too_large_requests_are_refused()
    {
        await RefusesAsync(Request(string.Concat(Enumerable.Repeat("eating ", 142_857))), 400, "input[0] has more than 256 tokens");
        await RefusesAsync(Request(Enumerable.Repeat("x", 2049)), 413, "input has 2049 texts; expected at most 2048");
        await RefusesAsync(Request(Enumerable.Repeat("x", 2001)), 413, "input has 6003 tokens; expected at most 6000");
        await RefusesAsync(Request(new string('x', EmbeddingServer.MaxBodyBytes)), 413, "The body is larger than 8388608 bytes");
        // A million characters of one word are one token.
        Assert.Equal(3, (await AskAsync(Request(new string('a', 1_000_000)))).GetProperty("usage").GetProperty("total_tokens").GetInt32());

        static string Request(object input) => JsonSerializer.Serialize(new { input });
    }

    [Fact]
    public async Task Sixteen_clients_at_once_get_their_own_vectors()
    {
        string[] texts = [.. Enumerable.Range(0, 16).Select(client => $"Client {client} asks {string.Join(' ', Enumerable.Repeat("again", client))}")];
        float[][] expected = [.. texts.Select(Embed)];
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (client, _) =>
        {
            for (int request = 0; request < 10; request++)
            {
                JsonElement answer = await AskAsync(JsonSerializer.Serialize(new { input = (string[])[texts[client], texts[request]] }));
                float[][] vectors =
                [
                    .. answer.GetProperty("data").EnumerateArray()
                        .Select(item => item.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray()),
                ];
                Assert.Equal([expected[client], expected[request]], vectors);
            }
        });
    }

    [Fact]
    public async Task A_full_queue_is_429_and_a_long_wait_503()
    {
        // The body's texts fill the queue, so that one of many at once finds no room.
        string body = JsonSerializer.Serialize(new { input = Enumerable.Repeat("eating eating eating eating eating eating eating eating", 580) });
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostAsync(body)));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        HttpResponseMessage full = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), full.Headers.RetryAfter!.Delta);
        Assert.Contains("the queue is full", await full.Content.ReadAsStringAsync(Cancellation));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));

        await using WebApplication impatient = EmbeddingServer.Create(
            SentenceFiles.Model, "http://127.0.0.1:0", configure: options => options.MaxWait = TimeSpan.FromTicks(1));
        await impatient.StartAsync(Cancellation);
        using var client = new HttpClient { BaseAddress = new Uri(impatient.Urls.Single()) };
        using HttpResponseMessage late = await client.PostAsync("/v1/embeddings", new StringContent("""{"input":"x"}"""), Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
        Assert.Contains("have waited for", await late.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task A_closed_queue_and_a_cancelled_caller_end_at_once()
    {
        var queue = new EmbeddingQueue(SentenceFiles.Model, new EmbeddingQueueOptions { Threads = 1 });
        SentenceTokens text = SentenceFiles.Model.Tokenize("x");
        Assert.Empty(await queue.EmbedAsync([], Cancellation));
        Task<float[][]>[] busy = [.. Enumerable.Range(0, 20).Select(_ => queue.EmbedAsync(SentenceFiles.Mixed(), Cancellation))];
        using var cancellation = new CancellationTokenSource();
        Task<float[][]> cancelled = queue.EmbedAsync([text], cancellation.Token);
        await cancellation.CancelAsync();
        await queue.DisposeAsync();
        await queue.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await cancelled.WaitAsync(TimeSpan.FromMinutes(1), Cancellation)).ContinueWith(_ => { }, Cancellation);
        Assert.True(cancelled.IsCompleted);
        foreach (Task<float[][]> task in busy)
            Assert.True(task.IsCompletedSuccessfully || task.Exception!.InnerException is ObjectDisposedException);
        Assert.Throws<ObjectDisposedException>(() => { _ = queue.EmbedAsync([text], Cancellation); });
    }

    [Fact]
    public async Task Dependency_injection_gives_a_generator()
    {
        var generator = app.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(["A man is eating.", ""], cancellationToken: Cancellation);
        Assert.Equal(Embed("A man is eating."), embeddings[0].Vector.ToArray());
        Assert.Equal((2, 9L), (embeddings.Count, embeddings.Usage!.TotalTokenCount));
        Assert.Equal(Embed("x"), (await generator.GenerateVectorAsync("x", cancellationToken: Cancellation)).ToArray());
        EmbeddingGeneratorMetadata metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("all-MiniLM-L6-v2", 384), (metadata.DefaultModelId, metadata.DefaultModelDimensions));
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { Dimensions = 2 }, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["x"], new EmbeddingGenerationOptions { ModelId = "y" }, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync([null!], null, Cancellation));
    }

    private static float[] Embed(string text) => SentenceFiles.Model.Embed([SentenceFiles.Model.Tokenize(text)])[0];

    private async Task<HttpResponseMessage> PostAsync(string body) =>
        await http.PostAsync("/v1/embeddings", new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);

    private async Task<JsonElement> AskAsync(string body)
    {
        using HttpResponseMessage response = await PostAsync(body);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {answer}");
        return answer;
    }

    private async Task RefusesAsync(string body, int status, string message)
    {
        using HttpResponseMessage response = await PostAsync(body);
        JsonElement error = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("error");
        Assert.Contains(message, error.GetProperty("message").GetString());
        Assert.Equal((status, "invalid_request_error"), ((int)response.StatusCode, error.GetProperty("type").GetString()));
    }
}
