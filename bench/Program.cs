using System.CommandLine;
using AttentionGen.Bench.Compare;

var root = new RootCommand("Measures AttentionGen.") { CompareCommand.Create() };
return root.Parse(args).Invoke();
