using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace AttentionGen.Samples.Sentences;

/// <summary>The model as a service.</summary>
internal static class ServeCommand
{
    public static Command Create(CommonOptions common)
    {
        var url = new Option<string>("--url") { Description = "Where to listen; port 0 for any that is free.", HelpName = "URL",
            DefaultValueFactory = _ => "http://127.0.0.1:8080" };
        var cut = new Option<bool>("--cut") { Description = "Cut off the end of a text that is too long for the model, instead of refusing the request." };
        var queue = new Option<int>("--queue") { Description = "The most tokens that wait; beyond them requests get 429.", HelpName = "TOKENS",
            DefaultValueFactory = _ => new EmbeddingQueueOptions().MaxQueuedTokens };
        var wait = new Option<double>("--wait")
        {
            Description = "The longest that a request waits before it gets 503.", HelpName = "SECONDS",
            DefaultValueFactory = _ => new EmbeddingQueueOptions().MaxWait.TotalSeconds, CustomParser = ParseSeconds,
        };
        var command = new Command(
            "serve", "Answers POST /v1/embeddings as OpenAI does. Requests that come at the same time share a batch.") { url, cut, queue, wait };
        command.OnRun(async (result, cancellation) =>
        {
            string where = result.GetRequiredValue(url);
            if (!Uri.TryCreate(where, UriKind.Absolute, out Uri? parsed) || parsed.Scheme != Uri.UriSchemeHttp)
                throw new ArgumentException($"--url must be such as http://127.0.0.1:8080, but is '{where}'.");
            if (result.GetValue(queue) < 512)
                throw new ArgumentException($"--queue must be 512 or more, but is {result.GetValue(queue)}.");
            if (result.GetValue(wait) is not (> 0 and <= 86_400))
                throw new ArgumentException($"--wait must be more than 0 and at most 86400 seconds, but is {result.GetValue(wait)}.");
            SentenceModel model = common.Load(result);
            await using WebApplication app = EmbeddingServer.Create(model, where, result.GetValue(cut), options =>
            {
                options.Threads = result.GetValue(common.Threads);
                options.MaxQueuedTokens = result.GetValue(queue);
                options.MaxWait = TimeSpan.FromSeconds(result.GetValue(wait));
            });
            await app.StartAsync(cancellation);
            Console.Out.WriteLine($"{model.Name} on {app.Urls.First().TrimEnd('/')}/v1/embeddings");
            await app.WaitForShutdownAsync(cancellation);
        });
        return command;
    }

    /// <summary>A number with a decimal point, whatever the system's language; a comma would otherwise be read as a separator of thousands.</summary>
    private static double ParseSeconds(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            return value;
        result.AddError($"--wait must be a number of seconds with a decimal point, such as 0.5, but is '{text}'.");
        return 0;
    }
}
