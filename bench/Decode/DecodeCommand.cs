using System.CommandLine;
using System.Diagnostics;
using AttentionGen.Bench.Measure;
using Spectre.Console;

namespace AttentionGen.Bench.Decode;

/// <summary><c>decode</c>: a whole small Llama, token by token, in every format of its weights.</summary>
internal static class DecodeCommand
{
    public static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads that each call may use.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each decoder.", DefaultValueFactory = _ => 12 };
        var tokens = new Option<int>("--tokens") { Description = "Tokens of a run, each timed, after one that is not.", DefaultValueFactory = _ => 16 };
        var format = new Option<string>("--format")
        {
            Description = "Only formats whose name contains this text: F32, BF16, F16, Q8_0, Q4_0.", DefaultValueFactory = _ => "",
        };
        var command = new Command("decode", "Times decoding with a small Llama, whose weights are random, in every format.")
        {
            threads, rounds, tokens, format,
        };
        command.SetAction(result =>
            Run(result.GetValue(threads), result.GetValue(rounds), result.GetValue(tokens), result.GetValue(format)!));
        return command;
    }

    private static int Run(int threads, int rounds, int tokens, string format)
    {
        if (threads < 1 || rounds < 1 || tokens < 1)
        {
            Console.Error.WriteLine($"--threads is {threads}, --rounds {rounds} and --tokens {tokens}; expected 1 or more of each.");
            return 1;
        }

        var model = new SmallLlama();
        List<IDecoder> decoders =
            [.. Decoders(model, threads, tokens + 1).Where(decoder => decoder.Format.Contains(format, StringComparison.OrdinalIgnoreCase))];
        if (decoders.Count == 0)
        {
            Console.Error.WriteLine($"--format is '{format}'; expected part of F32, BF16, F16, Q8_0 or Q4_0.");
            return 1;
        }

        var times = decoders.ToDictionary(decoder => decoder, _ => new List<double>());
        Dictionary<long, ReadBandwidth> reads = decoders.DistinctBy(decoder => decoder.WeightBytes)
            .ToDictionary(decoder => decoder.WeightBytes, decoder => new ReadBandwidth(decoder.WeightBytes, threads, ReadBandwidth.StreamCounts));
        var ownReads = decoders.Where(decoder => decoder.Matrices.Count > 0)
            .ToDictionary(decoder => decoder, decoder => new ReadBandwidth(decoder.Matrices, threads, ReadBandwidth.StreamCounts));
        for (int round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"round {round + 1} of {rounds}");
            foreach (IDecoder decoder in decoders)
            {
                reads[decoder.WeightBytes].RunRound();
                times[decoder].AddRange(Time(decoder, tokens));
                ownReads.GetValueOrDefault(decoder)?.RunRound();
            }
        }

        Report(decoders, times, reads, ownReads, threads);
        foreach (IDecoder decoder in decoders)
            decoder.Dispose();
        return 0;
    }

    private static IEnumerable<IDecoder> Decoders(SmallLlama model, int threads, int capacity)
    {
        yield return new GeneratedDecoder<Float32Layer, Float32Head>("F32", "", model, threads, capacity);
        yield return new GeneratedDecoder<BFloat16Layer, BFloat16Head>("BF16", "", model, threads, capacity);
        yield return new GeneratedDecoder<Float16Layer, Float16Head>("F16", "", model, threads, capacity);
        yield return new GeneratedDecoder<Int8BlocksLayer, Int8BlocksHead>("Q8_0", "", model, threads, capacity);
        yield return new GeneratedDecoder<Int8DotLayer, Int8DotHead>("Q8_0", "int8", model, threads, capacity);
        yield return new GeneratedDecoder<Int4BlocksLayer, Int4BlocksHead>("Q4_0", "", model, threads, capacity);
        yield return new GeneratedDecoder<Int4DotLayer, Int4DotHead>("Q4_0", "int8", model, threads, capacity);
#if WITH_LLAMA_CPP
        foreach (string format in (string[])["F32", "BF16", "F16", "Q8_0", "Q4_0"])
            yield return new LlamaCpp(format, model, threads, capacity);
#endif
    }

    /// <summary>Milliseconds of each token. A plain read is timed one pass at a time too: memory's speed changes within milliseconds.</summary>
    private static double[] Time(IDecoder decoder, int tokens)
    {
        var milliseconds = new double[tokens];
        decoder.Reset();
        int token = decoder.Step(1);
        for (int i = 0; i < tokens; i++)
        {
            long start = Stopwatch.GetTimestamp();
            token = decoder.Step(token);
            milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return milliseconds;
    }

    private static void Report(
        List<IDecoder> decoders, Dictionary<IDecoder, List<double>> times, Dictionary<long, ReadBandwidth> reads, Dictionary<IDecoder, ReadBandwidth> ownReads,
        int threads)
    {
        double MedianOf(IDecoder decoder) => times[decoder].Order().ElementAt(times[decoder].Count / 2);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = 200;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        string[] columns =
            ["format", "decoder", "MB of weights", "tokens/s, median", "best", "against F32", "GB/s, best", "of the best read", "of a read of its matrices"];
        foreach (string column in columns)
            table.AddColumn(column, setup => setup.Alignment = column is "format" or "decoder" ? Justify.Left : Justify.Right);
        IDecoder? plain = decoders.Find(decoder => decoder is { Format: "F32", Name: "attentiongen" });
        foreach (IDecoder decoder in decoders.OrderBy(decoder => decoders.FindIndex(other => other.Format == decoder.Format)))
        {
            double best = times[decoder].Min(), rate = decoder.WeightBytes / best / 1e6;
            double Share(ReadBandwidth read) => 100 * rate / read.Best.GigabytesPerSecond;
            table.AddRow(
                decoder.Format, Markup.Escape(decoder.Name), Text($"{decoder.WeightBytes / 1e6:F1}"), Text($"{1000 / MedianOf(decoder):F1}"),
                Text($"{1000 / best:F1}"),
                plain is null ? "" : Text($"{MedianOf(plain) / MedianOf(decoder):F2}×"), Text($"{rate:F1}"),
                Text($"{Share(reads[decoder.WeightBytes]):F0} %"), ownReads.TryGetValue(decoder, out ReadBandwidth? own) ? Text($"{Share(own):F0} %") : "");
        }

        string plural = threads == 1 ? "" : "s";
        console.WriteLine(Text($"{Cpu.Name}, {threads} thread{plural}: 12 layers of 576 with 9 heads, 3 KV heads and 1,536 between the products,"));
        console.WriteLine("32,000 tokens.");
        console.Write(table);
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
