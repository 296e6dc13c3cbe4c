using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Support;

/// <summary>The numbers of a block of one head of 16, for kernels that a test writes by hand.</summary>
internal readonly struct TinyNumbers : IAttentionConstants
{
    public static AttentionShape Shape { get; } = new() { Heads = 1, KvHeads = 1, HeadDim = 16, DModel = 16, MemoryDim = 16, Scale = 0.25f };

    public static AttentionFeatures Features => AttentionFeatures.Projections;

    public static int Heads => 1;

    public static int KvHeads => 1;

    public static int HeadDim => 16;

    public static int ValueHeadDim => 16;

    public static int DModel => 16;

    public static int MemoryDim => 16;

    public static int QueryBlock => 24;

    public static int QueryRun => 120;

    public static int RowBlock => 120;

    public static int ScoreStride => 272;

    public static int FewRows => 48;

    public static int PartRows => 8;

    public static int PartsPerThread => 1;

    public static int ScratchFloats => 6000 + QueryBlock * ScoreStride;

    public static int StripOffset => 0;

    public static int QueriesOffset => 2000;

    public static int RunningHeadsOffset => 4000;

    public static int BlockHeadsOffset => 4000;

    public static int SoftmaxOffset => 4000;

    public static int ScoresOffset => 6000;
}

/// <summary>The same for a block of cross-attention.</summary>
internal readonly struct TinyMemoryNumbers : IAttentionConstants
{
    public static AttentionShape Shape { get; } = TinyNumbers.Shape with { IsCrossAttention = true };

    public static AttentionFeatures Features => AttentionFeatures.Projections | AttentionFeatures.CrossAttention | AttentionFeatures.Cache;

    public static int Heads => TinyNumbers.Heads;

    public static int KvHeads => TinyNumbers.KvHeads;

    public static int HeadDim => TinyNumbers.HeadDim;

    public static int ValueHeadDim => TinyNumbers.ValueHeadDim;

    public static int DModel => TinyNumbers.DModel;

    public static int MemoryDim => TinyNumbers.MemoryDim;

    public static int QueryBlock => TinyNumbers.QueryBlock;

    public static int QueryRun => TinyNumbers.QueryRun;

    public static int RowBlock => TinyNumbers.RowBlock;

    public static int ScoreStride => TinyNumbers.ScoreStride;

    public static int FewRows => TinyNumbers.FewRows;

    public static int PartRows => TinyNumbers.PartRows;

    public static int PartsPerThread => TinyNumbers.PartsPerThread;

    public static int ScratchFloats => TinyNumbers.ScratchFloats;

    public static int StripOffset => TinyNumbers.StripOffset;

    public static int QueriesOffset => TinyNumbers.QueriesOffset;

    public static int RunningHeadsOffset => TinyNumbers.RunningHeadsOffset;

    public static int BlockHeadsOffset => TinyNumbers.BlockHeadsOffset;

    public static int SoftmaxOffset => TinyNumbers.SoftmaxOffset;

    public static int ScoresOffset => TinyNumbers.ScoresOffset;
}

/// <summary>Kernels that compute nothing.</summary>
/// <typeparam name="TStep">What a projection does instead.</typeparam>
internal readonly struct IdleKernels<TStep> : IAttentionKernels
    where TStep : struct, IProjectionStep
{
    public static bool PinsRows => TStep.PinsRows;

    public static void ProjectInput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) => TStep.Project(ref a);

    public static void ProjectMemory(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) => TStep.Project(ref a);

    public static void ProjectOutput(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)
    {
    }

    public static void Scores(ref float queries, nint rows, ref float keys, nint panels, ref float scores)
    {
    }

    public static void Softmax(ref float scores, nint rows, nint columns, ref float state)
    {
    }

    public static void Merge(ref float softmax, nint rows)
    {
    }

    public static void Values(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, ref float heads)
    {
    }

    public static void MergeHeads(ref float heads, ref float blockHeads, nint rows, ref float softmax)
    {
    }

    public static bool JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined) => false;
}

/// <summary>What a projection of <see cref="IdleKernels{TStep}"/> does.</summary>
internal interface IProjectionStep
{
    static abstract bool PinsRows { get; }

    static abstract void Project(ref float rows);
}
