using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace AttentionGen.Samples.Sentences;

/// <summary>Many clients of the service at once.</summary>
internal static class LoadCommand
{
    private static readonly string[] Words =
        "a the man woman dog child street river plays eats walks slowly quickly over under red green small old new house bridge of in with".Split(' ');

    public static Command Create()
    {
        var url = new Argument<string>("URL") { Description = "Where the command serve listens, such as http://127.0.0.1:8080." };
        var clients = new Option<int>("--clients") { Description = "Clients, each with one request at a time.", HelpName = "N", DefaultValueFactory = _ => 16 };
        var seconds = new Option<int>("--seconds") { Description = "How long.", HelpName = "N", DefaultValueFactory = _ => 60 };
        var command = new Command("load", "Sends requests to a server, and prints how fast and how well it answers.") { url, clients, seconds };
        command.OnRun(async (result, cancellation) =>
        {
            string where = result.GetRequiredValue(url);
            if (!Uri.TryCreate(where, UriKind.Absolute, out Uri? server) || server.Scheme is not ("http" or "https"))
                throw new ArgumentException($"URL must be such as http://127.0.0.1:8080, but is '{where}'.");
            (int count, int duration) = (result.GetValue(clients), result.GetValue(seconds));
            if (count is < 1 or > 10_000 || duration < 1)
                throw new ArgumentException($"--clients must be 1 to 10000 and --seconds 1 or more, but they are {count} and {duration}.");
            await RunAsync(server, count, TimeSpan.FromSeconds(duration), cancellation);
        });
        return command;
    }

    private static async Task RunAsync(Uri server, int clients, TimeSpan duration, CancellationToken cancellation)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler { MaxConnectionsPerServer = clients }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(2) };
        long began = Stopwatch.GetTimestamp();
        Task<Answers>[] all =
            [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => AskAsync(http, client, began, duration, cancellation), cancellation))];
        // A third of the time lets the heap and the pools grow to their size.
        await Task.Delay(duration / 3, cancellation);
        (long heapBefore, long processBefore) = await MemoryAsync(http, cancellation);
        Answers[] answers = await Task.WhenAll(all);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        (long heap, long process) = await MemoryAsync(http, cancellation);

        double[] times = [.. answers.SelectMany(answer => answer.Milliseconds).Order()];
        string[] errors = [.. answers.SelectMany(answer => answer.Errors)];
        if (times.Length == 0)
            throw new IOException($"No request was answered. {errors.FirstOrDefault()}");
        int texts = answers.Sum(answer => answer.Texts);
        Console.Out.WriteLine(
            $"{clients} clients, {seconds:F0} s: {times.Length} requests, {texts} texts, {texts / seconds:F0} texts/s, {errors.Length} errors");
        Console.Out.WriteLine($"p50 {At(0.5):F1} ms, p99 {At(0.99):F1} ms, longest {times[^1]:F1} ms");
        Console.Out.WriteLine(
            $"heap {heapBefore >> 20} MB after a third of the time, {heap >> 20} MB at the end; process {processBefore >> 20} MB and {process >> 20} MB");
        if (errors.Length > 0)
            throw new IOException($"{errors.Length} requests failed, the first of them: {errors[0]}");
        // The collector lets a heap breathe; what leaks grows with the requests.
        if (process > processBefore + processBefore / 4)
            throw new IOException($"The server has grown from {processBefore >> 20} to {process >> 20} MB.");

        double At(double share) => times[(int)Math.Min(times.Length - 1, share * times.Length)];
    }

    /// <summary>One client, which asks for one to four texts, again and again.</summary>
    private static async Task<Answers> AskAsync(HttpClient http, int client, long began, TimeSpan duration, CancellationToken cancellation)
    {
        var random = new Random(client);
        var answers = new Answers();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            string[] texts = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => string.Join(' ', random.GetItems(Words, random.Next(3, 40))))];
            long start = Stopwatch.GetTimestamp();
            try
            {
                using HttpResponseMessage response = await http.PostAsJsonAsync("/v1/embeddings", new { input = texts }, cancellation);
                JsonElement body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
                if (!response.IsSuccessStatusCode)
                    answers.Errors.Add($"{(int)response.StatusCode}: {body}");
                else if (body.GetProperty("data").GetArrayLength() != texts.Length)
                    answers.Errors.Add($"{texts.Length} texts, but {body.GetProperty("data").GetArrayLength()} vectors");
                else
                    answers.Texts += texts.Length;
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                answers.Errors.Add(e.Message);
                await Task.Delay(100, cancellation);
                continue;
            }

            answers.Milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return answers;
    }

    private static async Task<(long Heap, long Process)> MemoryAsync(HttpClient http, CancellationToken cancellation)
    {
        JsonElement health = await http.GetFromJsonAsync<JsonElement>("/health", cancellation);
        return (health.GetProperty("heap_bytes").GetInt64(), health.GetProperty("process_bytes").GetInt64());
    }

    private sealed class Answers
    {
        public List<double> Milliseconds { get; } = [];

        public List<string> Errors { get; } = [];

        public int Texts { get; set; }
    }
}
