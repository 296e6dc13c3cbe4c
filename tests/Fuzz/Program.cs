using System.Diagnostics;
using System.Globalization;
using AttentionGen.Tests.Fuzz;

// How many files for each reader, and the seed. A failure names reader, seed and number, which make the same file again.
int filesOfReader = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200_000;
int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
const long SpareBytes = 1 << 20;
// One in so many files is large: a thousand small things in a file may take more than a megabyte, which a few cannot.
const int LargeEvery = 2_000;
TimeSpan longest = TimeSpan.FromSeconds(10);

// In memory where there is such a folder: the disk is not what is tested.
string folder = Directory.CreateDirectory(
    Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"attentiongen-fuzz-{Environment.ProcessId}")).FullName;
var watch = Stopwatch.StartNew();
int failures = 0;
try
{
    Parallel.ForEach(
        Target.All, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, target => Interlocked.Add(ref failures, Run(target) ? 0 : 1));
}
finally
{
    Directory.Delete(folder, recursive: true);
}

long all = Target.All.Sum(target => (long)(target.Share * filesOfReader));
Console.WriteLine(
    string.Create(CultureInfo.InvariantCulture, $"{all:N0} mutated files in {watch.Elapsed.TotalSeconds:F0} s; {failures} readers failed"));
return failures == 0 ? 0 : 1;

bool Run(Target target)
{
    var random = new Random(seed);
    int files = (int)(target.Share * filesOfReader);
    string path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, target.Name.Replace(' ', '-'))).FullName, "file" + target.Extension);
    foreach ((string name, byte[] whole) in target.Beside)
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(path)!, name), whole);
    int accepted = 0, large = 0;
    long mostBytes = long.MinValue;
    // A reader that hangs is ended with the process, by a thread that it cannot block.
    string current = "";
    using var watchdog = new Timer(_ => Environment.FailFast($"{target.Name} hangs: {current}"));

    // Whole ones first: whatever each process allocates once is not the first damaged file's, and none may be refused.
    foreach (byte[] whole in target.Files.Concat(target.Large))
    {
        if (!IsRight(whole, $"{target.Name}, a whole file") || accepted == 0)
            return false;
    }

    (accepted, mostBytes) = (0, long.MinValue);
    for (int number = 0; number < files; number++)
    {
        bool isLarge = target.Large.Length > 0 && number % LargeEvery == 0;
        byte[] original = isLarge ? target.Large[large++ % target.Large.Length] : target.Files[number % target.Files.Length];
        if (!IsRight(Mutation.Apply(original, random), $"{target.Name}, seed {seed}, file {number}"))
            return false;
    }

    Console.WriteLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{target.Name,-20} {files:N0} files, {large:N0} of them large, {accepted:N0} read and compared, {files - accepted:N0} refused; at most "
                + $"{mostBytes:N0} bytes beyond twice the file"));
    // Damage that is always seen at once would test nothing further in.
    return accepted > 0 && accepted < files;

    bool IsRight(byte[] file, string name)
    {
        File.WriteAllBytes(path, file);
        current = name;
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
        long allowed = 2 * (file.Length + target.BytesBeside(file));
        mostBytes = Math.Max(mostBytes, bytes - allowed);
        if (bytes > allowed + SpareBytes)
        {
            Console.WriteLine($"{current}: {bytes} bytes allocated for a file of {file.Length}, {bytes - allowed} beyond twice what it has and names");
            return false;
        }

        if (read is null)
            return true;
        accepted++;
        if (target.Holds(read, file))
            return true;
        Console.WriteLine($"{current}: what was read is not what the file holds");
        return false;
    }
}
