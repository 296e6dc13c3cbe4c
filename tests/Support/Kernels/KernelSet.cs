namespace AttentionGen.Tests.Support;

/// <summary>Named configurations, compiled together when the first of them is needed, for this processor's vectors where nothing else is said.</summary>
internal sealed class KernelSet
{
    private readonly Dictionary<string, TestConfiguration> configurations;
    private readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> types;

    public KernelSet(params (string Name, TestConfiguration Configuration)[] entries)
        : this(ProjectProperties.OfThisProcessor, entries)
    {
    }

    /// <summary>For the vector targets of a project's properties, or for every one where these are null.</summary>
    public KernelSet(ProjectProperties? properties, params (string Name, TestConfiguration Configuration)[] entries)
    {
        configurations = entries.ToDictionary(entry => entry.Name, entry => entry.Configuration);
        types = new(() => KernelFactory.Compile(configurations.Values, properties));
    }

    public IEnumerable<string> Names => configurations.Keys;

    /// <summary>The names as theory data.</summary>
    public TheoryData<string> All => Where(_ => true);

    /// <summary>The names of some configurations as theory data.</summary>
    public TheoryData<string> Where(Func<TestConfiguration, bool> predicate) =>
        [.. configurations.Where(entry => predicate(entry.Value)).Select(entry => entry.Key)];

    public TestConfiguration Configuration(string name) => configurations[name];

    public IKernelType Type(string name) => types.Value[configurations[name]];
}
