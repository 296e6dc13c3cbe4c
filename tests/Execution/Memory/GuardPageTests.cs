using AttentionGen.Tests.Execution.Layers;
using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// No read or write outside of any buffer: inputs, results, weights, caches, tables and scratch lie against pages that can be neither read nor written,
/// once after them and
/// once before them, over the grid of shapes, that of the variants, products and layers; scratch is poisoned before every call. An access outside ends
/// the process that runs the kernels.
/// Every vector width with FMA gives the bits of the others.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class GuardPageTests(GuardPageTests.KernelFiles files, ITestOutputHelper log) : IClassFixture<GuardPageTests.KernelFiles>
{
    private const string Program = "AttentionGen.Tests.Guards";

    /// <summary>The processor's own width, and the others with every second or third kernel. Both names of the first switch: .NET 10 renamed it.</summary>
    public static TheoryData<string, string, int, int> Widths { get; } = new()
    {
        { "own", "", 1, 0 },
        { "without Vector512", "DOTNET_EnableAVX512=0 DOTNET_EnableAVX512F=0", 2, 1 },
        { "Vector128", "DOTNET_PreferredVectorBitWidth=128", 3, 0 },
        { "without AVX2", "DOTNET_EnableAVX2=0", 3, 1 },
    };

    [Theory]
    [MemberData(nameof(Widths))]
    public void Nothing_outside_a_buffer_is_touched(string width, string settings, int every, int first)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Guard pages are made with Linux's mmap and mprotect.");
        (string, string)[] variables =
            [.. settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(setting => (setting.Split('=')[0], setting.Split('=')[1])),
                ("DOTNET_TieredCompilation", "0")];
        string list = files.List(every, first);
        var (exitCode, lines, errors) = ChildProcess.Start(Program, [list], variables);
        string last = lines.Length == 0 ? "no case" : lines[^1];
        Assert.True(exitCode == 0, exitCode == 0 ? "" : $"{width}: {last}\nguarded buffers that end it: {Blame(list, last, variables)}\n{errors}");
        int compared = last.EndsWith("FMA True", StringComparison.Ordinal) ? files.AssertSameBits(width, lines) : 0;
        log.WriteLine($"{width}: {last}, the bits of {compared} kernels compared with another width's");
    }

    /// <summary>The buffers of a case that end the process where they alone are guarded.</summary>
    private static string Blame(string list, string line, (string, string)[] variables)
    {
        string[] parts = line.Split(' ', ':');
        if (parts[0] != "case")
            return "none was reached";
        string[] one = [list, parts[1], parts[2]];
        string[] buffers = [.. ChildProcess.Start(Program, one,
            variables).Lines.Where(text => text.StartsWith("buffer ", StringComparison.Ordinal)).Select(text => text[7..]).Distinct()];
        string[] found = [.. buffers.Where(buffer => ChildProcess.Start(Program, [.. one, buffer], variables).ExitCode != 0)];
        return found.Length == 0 ? "none of them alone" : string.Join(", ", found);
    }

    /// <summary>The kernels of both grids as other processes load them.</summary>
    public sealed class KernelFiles : IDisposable
    {
        private readonly Lazy<(string Folder, string[] Lines)> written = new(Write);
        private readonly Dictionary<string, (string Width, string Hash)> bits = [];

        /// <summary>A file that lists every so manieth kernel.</summary>
        public string List(int every, int first)
        {
            string list = Path.Combine(written.Value.Folder, $"{every}-{first}.txt");
            File.WriteAllLines(list, written.Value.Lines.Where((_, index) => index % every == first));
            return list;
        }

        /// <summary>Fails where a kernel gives other bits than at the width that ran before; returns how many kernels had run before.</summary>
        public int AssertSameBits(string width, IEnumerable<string> lines)
        {
            int compared = 0;
            foreach (string[] parts in lines.Where(line => line.StartsWith("bits ", StringComparison.Ordinal)).Select(line => line.Split(' ', 3)))
            {
                if (bits.TryAdd(parts[2], (width, parts[1])))
                    continue;
                (string other, string hash) = bits[parts[2]];
                Assert.True(hash == parts[1], $"{parts[2]}: {width} gives {parts[1]}, {other} {hash}.");
                compared++;
            }

            return compared;
        }

        public void Dispose()
        {
            if (written.IsValueCreated)
                Directory.Delete(written.Value.Folder, recursive: true);
        }

        private static (string Folder, string[] Lines) Write()
        {
            string folder = Directory.CreateTempSubdirectory("attentiongen-guards-").FullName;
            IEnumerable<(string Name, (string ClassName, byte[] Image) Image)> kernels =
            [
                .. GridConfigurations.All.Names.Select(name => (name, KernelFactory.ImageOf(GridConfigurations.All.Type(name)))),
                .. PairGrid.Configurations.Select(features => (string.Join(" + ", features.Select(feature => feature.Name)),
                    KernelFactory.ImageOf(PairGrid.Type(Feature.Configure(features))))),
                .. LinearConfigurations.List.Select(
                    (configuration, index) => (configuration.ToString(), LinearFactory.ImageOf(LinearConfigurations.Type(index)))),
            ];
            var images = new Dictionary<byte[], string>();
            var lines = new List<string>();
            foreach (var (name, (className, image)) in kernels)
            {
                if (!images.TryGetValue(image, out string? file))
                {
                    images.Add(image, file = Path.Combine(folder, $"kernels{images.Count}.dll"));
                    File.WriteAllBytes(file, image);
                }

                lines.Add($"{file}\t{className}\t{name}");
            }

            // Layers are classes of this assembly.
            lines.AddRange(LayerConfigurations.Types.Select(layer => $"{layer.Assembly.Location}\t{layer.FullName}\t{layer.Name}"));
            return (folder, [.. lines]);
        }
    }
}
