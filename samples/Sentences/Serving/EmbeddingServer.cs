using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AttentionGen.Samples.Sentences;

/// <summary>Answers POST /v1/embeddings as OpenAI does.</summary>
/// <remarks>
/// 400: the request is wrong, or a text is longer than the model reads. 404: another model. 413: the request is too large. 429: the queue is full. 503:
/// the request has waited too
/// long, or the server is stopping. Each answer says in OpenAI's form what was expected.
/// </remarks>
public static class EmbeddingServer
{
    /// <summary>The largest body of a request.</summary>
    public const int MaxBodyBytes = 8 << 20;

    // Beyond it the connection is closed. Up to it the client can send its body to the end, and read the answer that says why it was refused.
    private const long HardLimit = 16L * MaxBodyBytes;

    /// <summary>A server that has not been started.</summary>
    /// <param name="model">What answers.</param>
    /// <param name="url">Where to listen; port 0 for any that is free.</param>
    /// <param name="cutsLongTexts">Whether the end of a text that is too long is cut off without a word.</param>
    /// <param name="configure">Sets the limits.</param>
    public static WebApplication Create(SentenceModel model, string url, bool cutsLongTexts = false, Action<EmbeddingQueueOptions>? configure = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls(url).ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = HardLimit);
        builder.Services.AddSingleton(model).AddSentenceEmbeddings(configure);
        WebApplication app = builder.Build();
        app.MapPost("/v1/embeddings", (HttpContext context, EmbeddingQueue queue) => AnswerAsync(context, model, queue, cutsLongTexts));
        app.MapGet("/v1/models", () => new { @object = "list", data = new[] { new { id = model.Name, @object = "model", owned_by = "local" } } });
        app.MapGet("/health", () => new { status = "ok", heap_bytes = GC.GetTotalMemory(forceFullCollection: false), process_bytes = Environment.WorkingSet });
        return app;
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, SentenceModel model, EmbeddingQueue queue, bool cutsLongTexts)
    {
        try
        {
            EmbeddingRequest request = EmbeddingRequest.Read(await ReadBodyAsync(context.Request), model.Name);
            SentenceTokens[] tokens = Tokenize(request, model, cutsLongTexts);
            int count = tokens.Sum(text => text.Ids.Length);
            if (count > queue.MaxTokens)
                throw new RequestException(413, $"input has {count} tokens; expected at most {queue.MaxTokens} in one request.", "input");
            float[][] embeddings = await queue.EmbedAsync(tokens, context.RequestAborted);
            return Results.Json(new
            {
                @object = "list",
                data = embeddings.Select(
                    (embedding, index) => new { @object = "embedding", index, embedding = request.IsBase64 ? (object)ToBase64(embedding) : embedding }),
                model = model.Name,
                usage = new { prompt_tokens = count, total_tokens = count },
            });
        }
        catch (RequestException e)
        {
            return Error(e.Status, e.Message, e.Parameter, e.Code);
        }
        catch (EmbeddingQueueFullException e)
        {
            context.Response.Headers.RetryAfter = "1";
            return Error(429, e.Message, code: "rate_limit_exceeded");
        }
        catch (TimeoutException e)
        {
            context.Response.Headers.RetryAfter = "5";
            return Error(503, e.Message);
        }
        catch (ObjectDisposedException)
        {
            return Error(503, "The server is stopping.");
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads it.
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static async Task<JsonElement> ReadBodyAsync(HttpRequest request)
    {
        CancellationToken cancellation = request.HttpContext.RequestAborted;
        try
        {
            using var body = new MemoryStream();
            var part = new byte[1 << 14];
            // A length that is announced is refused before any of it is read.
            for (long length = request.ContentLength ?? 0; ;)
            {
                if (length > MaxBodyBytes)
                    throw new RequestException(413, $"The body is larger than {MaxBodyBytes} bytes: send fewer texts in one request.");
                int count = await request.Body.ReadAsync(part, cancellation);
                if (count == 0)
                    break;
                body.Write(part, 0, count);
                length = body.Length;
            }

            using JsonDocument document = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
            return document.RootElement.Clone();
        }
        catch (BadHttpRequestException e)
        {
            throw new RequestException(e.StatusCode, e.Message);
        }
        catch (JsonException e)
        {
            throw new RequestException(400, $"The body is no JSON: {e.Message}");
        }
    }

    private static SentenceTokens[] Tokenize(EmbeddingRequest request, SentenceModel model, bool cutsLongTexts)
    {
        var tokens = new SentenceTokens[request.Texts.Count];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = model.Tokenize(request.Texts[i]);
            if (tokens[i].IsCut && !cutsLongTexts)
                throw new RequestException(
                    400,
                    $"input[{i}] has more than {model.MaxTokens} tokens, and the model reads no more of a text. Send shorter texts, or start the server with "
                        + $"--cut.", "input", "context_length_exceeded");
        }

        return tokens;
    }

    private static string ToBase64(float[] embedding)
    {
        if (BitConverter.IsLittleEndian)
            return Convert.ToBase64String(MemoryMarshal.AsBytes<float>(embedding));
        byte[] bytes = new byte[embedding.Length * sizeof(float)];
        for (int i = 0; i < embedding.Length; i++)
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), embedding[i]);
        return Convert.ToBase64String(bytes);
    }

    private static IResult Error(int status, string message, string? parameter = null, string? code = null) => Results.Json(
        new { error = new { message, type = status is 429 ? "requests" : status >= 500 ? "server_error" : "invalid_request_error", param = parameter, code } },
        statusCode: status);
}
