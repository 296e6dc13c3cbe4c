using System.Collections;
using System.Reflection;
using System.Runtime.Loader;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>
/// A build of this program from other code, loaded beside ours: its kernels, on its own runtime. All that is asked of it is <c>WorkloadList.All</c>
/// with <c>Name</c>, <c>CreateGenerated</c> and <c>CreateData</c>, and a subject's <c>Prepare</c>, <c>Run</c> and <c>Output</c>. Builds of the time when
/// there were attention blocks only have a constructor of <see cref="WorkloadData"/> in the place of <c>CreateData</c>.
/// </summary>
internal sealed class OtherBuild
{
    /// <summary>Its subjects' name in reports.</summary>
    public const string SubjectName = "attentiongen-before";

    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    // What the two builds have of their own; everything else they share.
    private static readonly string[] Required = ["AttentionGen", "AttentionGen.Bench"];
    private static readonly string[] Own = [.. Required, "AttentionGen.Samples.Sentences"];

    private readonly Dictionary<string, object> workloads = [];
    private readonly Type dataType;

    /// <param name="folder">A folder such as <c>bench/bin/Release/net10.0</c>, see <see cref="IsIn"/>.</param>
    public OtherBuild(string folder)
    {
        Assembly bench = new Context(folder).LoadFromAssemblyName(new AssemblyName("AttentionGen.Bench"));
        dataType = TypeOf(bench, nameof(WorkloadData));
        foreach (object workload in (IEnumerable)TypeOf(bench, nameof(WorkloadList)).GetProperty(nameof(WorkloadList.All), Any)!.GetValue(null)!)
            workloads.Add((string)Get(workload, nameof(Workload.Name))!, workload);
    }

    /// <summary>Whether a folder holds such a build.</summary>
    public static bool IsIn(string folder) => Required.All(name => File.Exists(Path.Combine(folder, name + ".dll")));

    /// <summary>Its subject for the workload of this name; null where it has none.</summary>
    public ISubject? CreateSubject(string workload) => workloads.TryGetValue(workload, out object? found) ? new Subject(found, dataType) : null;

    private static Type TypeOf(Assembly bench, string name) => bench.GetType($"AttentionGen.Bench.Workloads.{name}", throwOnError: true)!;

    private static object? Get(object instance, string property) => instance.GetType().GetProperty(property, Any)!.GetValue(instance);

    /// <summary>Finds the assemblies that a build has of its own in its folder, and all others where ours are.</summary>
    private sealed class Context(string folder) : AssemblyLoadContext("other build")
    {
        protected override Assembly? Load(AssemblyName name)
        {
            string file = Path.Combine(folder, name.Name + ".dll");
            return Own.Contains(name.Name) && File.Exists(file) ? LoadFromAssemblyPath(file) : null;
        }
    }

    /// <summary>One of its subjects: called through delegates, which cost both sides the same call of an interface.</summary>
    private sealed class Subject(object workload, Type dataType) : ISubject
    {
        private Action run = () => { };
        private OutputGetter output = () => [];

        private delegate ReadOnlySpan<float> OutputGetter();

        public string Name => SubjectName;

        public string Form => "";

        public ReadOnlySpan<float> Output => output();

        public void Prepare(WorkloadData data, int threads)
        {
            object subject = ((Delegate)Get(workload, nameof(Workload.CreateGenerated))!).DynamicInvoke()!;
            Type type = subject.GetType();
            // Made anew from the same seed: the other build's shape is of another type.
            type.GetMethod(nameof(ISubject.Prepare), Any)!.Invoke(subject, [CreateData(), threads]);
            run = type.GetMethod(nameof(ISubject.Run), Any)!.CreateDelegate<Action>(subject);
            output = type.GetProperty(nameof(ISubject.Output), Any)!.GetMethod!.CreateDelegate<OutputGetter>(subject);
        }

        public void Run() => run();

        private object? CreateData() => workload.GetType().GetMethod(nameof(Workload.CreateData), Any) is { } create
            ? create.Invoke(workload, [])
            : Activator.CreateInstance(dataType, workload);

        public void Dispose()
        {
        }
    }
}
