using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace AttentionGen.Bench.Suites;

/// <summary><c>suites</c>: the BenchmarkDotNet suites, for work on one thing at a time.</summary>
internal static class SuitesCommand
{
    private const int ParameterWidth = 60;

    public static Command Create()
    {
        // What follows belongs to BenchmarkDotNet, such as --filter and --job.
        var command = new Command("suites", "Runs BenchmarkDotNet suites; its own options follow, such as --list flat or --filter '*Block*'.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(result => Run([.. result.UnmatchedTokens]));
        return command;
    }

    private static int Run(string[] arguments)
    {
        // In this process, as compare does it: no project has to be written, restored and built for each suite.
        ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator())
            .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(ParameterWidth))
            .WithOptions(ConfigOptions.DisableOptimizationsValidator);
        BenchmarkSwitcher.FromTypes([typeof(BlockSuite), typeof(GeneratorSuite), typeof(ColdStartSuite)]).Run(arguments, config);
        return 0;
    }
}
