using System.Diagnostics;
using System.Globalization;
using AttentionGen.Tests.Fuzz;

// How many files for each reader, and the seed. A failure names reader, seed and number, which make the same file again.
int files = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200_000;
int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
const long SpareBytes = 1 << 20;
TimeSpan longest = TimeSpan.FromSeconds(10);

// In memory where there is such a folder: the disk is not what is tested.
string folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"attentiongen-fuzz-{Environment.ProcessId}")).FullName;
var watch = Stopwatch.StartNew();
int failures = 0;
try
{
    Parallel.ForEach(Target.All, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, target => Interlocked.Add(ref failures, Run(target) ? 0 : 1));
}
finally
{
    Directory.Delete(folder, recursive: true);
}

Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Target.All.Count * (long)files:N0} mutated files in {watch.Elapsed.TotalSeconds:F0} s; {failures} readers failed"));
return failures == 0 ? 0 : 1;

bool Run(Target target)
{
    var random = new Random(seed);
    string path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, target.Name.Replace(' ', '-'))).FullName, "file" + target.Extension);
    foreach ((string name, byte[] whole) in target.Beside)
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(path)!, name), whole);
    int accepted = 0;
    long mostBytes = 0;
    // A reader that hangs is ended with the process, by a thread that it cannot block.
    string current = "";
    using var watchdog = new Timer(_ => Environment.FailFast($"{target.Name} hangs: {current}"));
    for (int number = 0; number < files; number++)
    {
        byte[] file = Mutation.Apply(target.Files[number % target.Files.Length], random);
        File.WriteAllBytes(path, file);
        current = $"{target.Name}, seed {seed}, file {number}";
        watchdog.Change(longest, Timeout.InfiniteTimeSpan);
        long before = GC.GetAllocatedBytesForCurrentThread();
        object? read = null;
        try
        {
            read = target.Read(path);
        }
        catch (Exception exception) when (target.IsRefusal(exception))
        {
            // The one answer to a malformed file.
        }
        catch (Exception exception)
        {
            Console.WriteLine($"{current}: {exception}");
            return false;
        }

        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        mostBytes = Math.Max(mostBytes, bytes - (2 * file.Length));
        if (bytes > (2 * file.Length) + SpareBytes)
        {
            Console.WriteLine($"{current}: {bytes} bytes allocated for a file of {file.Length}");
            return false;
        }

        if (read is null)
            continue;
        accepted++;
        if (!target.Holds(read, file))
        {
            Console.WriteLine($"{current}: what was read is not what the file holds");
            return false;
        }
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name,-20} {files:N0} files, {accepted:N0} read and compared, {files - accepted:N0} refused; at most {mostBytes:N0} bytes beyond twice the file"));
    // Damage that is always seen at once would test nothing further in.
    return accepted > 0 && accepted < files;
}
