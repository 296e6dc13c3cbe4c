using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>One implementation, made ready for one workload.</summary>
internal interface ISubject : IDisposable
{
    /// <summary>Name of the library, as in the JSON report.</summary>
    string Name { get; }

    /// <summary>Which of the library's forms it is; empty where it has one only.</summary>
    string Form { get; }

    /// <summary>Everything that a program would do once: packing weights, filling the cache, binding buffers.</summary>
    void Prepare(WorkloadData data, int threads);

    /// <summary>The call that is measured; it may be repeated without end.</summary>
    void Run();

    /// <summary>What the last <see cref="Run"/> gave, in the order of <see cref="WorkloadData.Expected"/>.</summary>
    ReadOnlySpan<float> Output { get; }
}

/// <summary>A subject for workloads whose data are of one type.</summary>
internal abstract class Subject<TData> : ISubject
    where TData : WorkloadData
{
    public abstract string Name { get; }

    public virtual string Form => "";

    public abstract ReadOnlySpan<float> Output { get; }

    public void Prepare(WorkloadData data, int threads) => PrepareFor((TData)data, threads);

    public abstract void Run();

    public virtual void Dispose()
    {
    }

    /// <inheritdoc cref="ISubject.Prepare"/>
    protected abstract void PrepareFor(TData data, int threads);
}
