using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using AttentionGen.Tests.Digest;

// The bits of the kernels and their text, as digests: run before a change and after it. Arguments, all of them optional:
//   pairs conformance random   the sets to run, rather than all
//   --save-list FILE           writes the configurations of the sets, one a line, and ends
//   --list FILE                takes the pair grid's and the random configurations from such a file: new settings change which ones are drawn
//   --lines FILE               writes a digest for each configuration, to find the ones that differ
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var watch = Stopwatch.StartNew();
string? save = Option("--save-list"), list = Option("--list"), lines = Option("--lines");
string[] sets = args.Where(argument => ConfigurationList.Sets.Contains(argument)).DefaultIfEmpty("").ToArray() is [not "", ..] chosen
    ? chosen
    : ConfigurationList.Sets;

IReadOnlyList<ListedClass> classes = ConfigurationList.Read(list, sets);
if (save is not null)
{
    ConfigurationList.Save(save, classes);
    return;
}

Console.WriteLine(
    $"{(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)}-bit vectors, {Environment.ProcessorCount} processors");
var digests = new KernelDigests();
digests.Add(classes);
digests.Print(Console.Out);
Console.WriteLine($"{watch.Elapsed.TotalSeconds:F0} s");
if (lines is not null)
    File.WriteAllLines(lines, digests.Lines);

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and int index && index + 1 < args.Length ? args[index + 1] : null;
