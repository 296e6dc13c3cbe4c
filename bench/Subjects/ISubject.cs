using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>One implementation of attention, made ready for one workload.</summary>
internal interface ISubject : IDisposable
{
    /// <summary>Name of the library, as in the JSON report.</summary>
    string Name { get; }

    /// <summary>Which of the library's forms it is; empty where it has one only.</summary>
    string Form { get; }

    /// <summary>Whether the form can do this at all.</summary>
    bool Supports(Workload workload);

    /// <summary>Everything that a program would do once: packing weights, filling the cache, binding buffers.</summary>
    void Prepare(WorkloadData data, int threads);

    /// <summary>The call that is measured; it may be repeated without end.</summary>
    void Run();

    /// <summary>[batch, rows, DModel] of the last <see cref="Run"/>.</summary>
    ReadOnlySpan<float> Output { get; }
}
