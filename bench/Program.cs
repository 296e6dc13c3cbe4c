using System.CommandLine;
using AttentionGen.Bench.ColdStart;
using AttentionGen.Bench.Compare;
using AttentionGen.Bench.Decode;
using AttentionGen.Bench.Explain;
using AttentionGen.Bench.Suites;
using AttentionGen.Bench.Training;

return args is [ColdStartCommand.ChildName, string started] ? ColdStartCommand.RunChild(started) : Commands.Run(args);

/// <summary>What the command line offers; apart from the entry point, so that a cold start loads none of it.</summary>
internal static class Commands
{
    public static int Run(string[] args)
    {
        var root = new RootCommand("Measures AttentionGen.")
        {
            CompareCommand.Create(), AccuracyCommand.Create(), DecodeCommand.Create(), ExplainCommand.Create(), TrainingCommand.Create(),
            ColdStartCommand.Create(), SuitesCommand.Create(),
        };
        return root.Parse(args).Invoke();
    }
}
