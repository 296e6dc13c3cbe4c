using System.CommandLine;
using Spectre.Console;

namespace AttentionGen.Samples.Heads;

/// <summary>What all commands have in common: where the page and the JSON go, and what the terminal shows.</summary>
internal sealed class HeadsCommand
{
    private const int MostTokens = 512;

    private readonly Option<string> page = new("--out")
    {
        Description = "The page.", HelpName = "FILE", DefaultValueFactory = _ => "heads.html", Recursive = true,
    };

    private readonly Option<string?> json = new("--json") { Description = "The same as JSON, with all probabilities.", HelpName = "FILE", Recursive = true };

    private readonly Option<int> tokens = new("--tokens")
    {
        Description = "The most tokens of a text; a longer one is cut off.", HelpName = "N", DefaultValueFactory = _ => 128, Recursive = true,
    };

    private readonly Option<int> rows = new("--rows")
    {
        Description = "Heads that the terminal shows of each text: those whose removal changes most.", HelpName = "N", DefaultValueFactory = _ => 12,
        Recursive = true,
    };

    public HeadsCommand()
    {
        tokens.Between(2, MostTokens);
        rows.Between(0, int.MaxValue);
    }

    /// <summary>Adds the options to the program.</summary>
    public void AddOptions(RootCommand command)
    {
        command.Add(page);
        command.Add(json);
        command.Add(tokens);
        command.Add(rows);
    }

    /// <summary>Runs a command that makes a report of so many tokens.</summary>
    public void OnRun(Command command, Func<ParseResult, int, HeadReport> create) => command.OnRun((result, _) =>
    {
        HeadReport report = create(result, result.GetValue(tokens));
        Show(report, result.GetValue(rows));
        Write(result.GetRequiredValue(page), path => HeadsPage.Save(report, path));
        if (result.GetValue(json) is { } file)
        {
            Write(file, path =>
            {
                using FileStream stream = File.Create(path);
                HeadsJson.Write(report, stream, withProbabilities: true);
            });
        }
    });

    private static void Write(string path, Action<string> write)
    {
        write(path);
        Console.Error.WriteLine(FormattableString.Invariant($"{path}: {new FileInfo(path).Length / 1e6:F1} MB"));
    }

    private static void Show(HeadReport report, int count)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        IReadOnlyList<Measure> measures = MeasureList.Create(report.AblationText);
        foreach (ReadText text in report.Texts)
        {
            foreach (BlockOfLayers block in text.Blocks)
            {
                string loss = double.IsNaN(text.Loss) ? "" : $", loss {text.Loss:F4}";
                console.Write(new Text($"{text.Name}\n{block.Name}, {block.Queries.Count} × {block.Keys.Count} tokens{loss}\n"));
                console.Write(TableOf(block, measures, count));
            }
        }

        if (count > 0)
            console.Write(new Text($"ablation: {report.AblationText}\n"));
    }

    private static Table TableOf(BlockOfLayers block, IReadOnlyList<Measure> measures, int count)
    {
        Measure[] shown = [.. measures.Where(measure => measure.Key is "ablation" or "confidence" or "entropy")];
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("head").NoWrap())
            .AddColumn(new TableColumn("what it does").NoWrap());
        foreach (Measure measure in shown)
            table.AddColumn(new TableColumn(measure.Name).RightAligned());
        IEnumerable<(LayerOfHeads Layer, int Index, int Head)> heads = block.Layers
            .SelectMany((layer, index) => Enumerable.Range(0, layer.Measures.Count).Select(head => (layer, index, head)))
            .OrderByDescending(one => Math.Abs(one.layer.Ablation[one.head])).Take(count);
        foreach ((LayerOfHeads layer, int index, int head) in heads)
            table.AddRow(
                [new Text($"layer {index + 1}, head {head + 1}"), new Text(layer.Measures[head].Label),
                    .. shown.Select(measure => new Text(measure.Of(layer, head).ToString("F4")))]);
        return table;
    }
}
