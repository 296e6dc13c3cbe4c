namespace AttentionGen.Generator.Model;

// Members of the class and of the shape that emitters of the path and of the products still ask the spec for.
internal sealed partial record AttentionSpec
{
    public KernelClass Target => Class;

    public int Heads => Shape.Heads;

    public int KvHeads => Shape.KvHeads;

    public int HeadDim => Shape.HeadDim;

    public int ValueHeadDim => Shape.ValueHeadDim;

    public bool HasProjections => Shape.HasProjections;

    public HeadLayout Layout => Shape.Layout;

    public int DModel => Shape.DModel;

    public int MemoryDim => Shape.MemoryDim;

    public bool IsCrossAttention => Shape.IsCrossAttention;

    public int SequenceLength => Shape.SequenceLength;

    public bool HasCache => Shape.HasCache;

    public int CacheWindow => Shape.CacheWindow;

    public int Group => Shape.Group;

    public int QueryDim => Shape.QueryDim;

    public int KeyDim => Shape.KeyDim;

    public int ValueDim => Shape.ValueDim;

    public int JoinedDim => Shape.JoinedDim;

    public bool Causal => Shape.Causal;

    public CausalAlignment CausalAlignment => Shape.CausalAlignment;

    public bool KeyLengths => Shape.KeyLengths;

    public bool KeyStarts => Shape.KeyStarts;

    public int WindowLeft => Shape.WindowLeft;

    public int WindowRight => Shape.WindowRight;

    public bool PrefixLengths => Shape.PrefixLengths;

    public int ChunkSize => Shape.ChunkSize;

    public bool Documents => Shape.Documents;

    public MaskAxes BooleanMask => Shape.BooleanMask;

    public MaskAxes AdditiveMask => Shape.AdditiveMask;

    public int DeclaredMasks => Shape.DeclaredMasks;

    public bool Ragged => Shape.Ragged;

    public bool SkipPadding => Shape.SkipPadding;

    public float Scale => Shape.Scale;

    public float Softcap => Shape.Softcap;

    public bool Sinks => Shape.Sinks;

    public QueryKeyNorm QueryKeyNorm => Shape.QueryKeyNorm;

    public AttentionOutputs Outputs => Shape.Outputs;

    public RotaryKind Rotary => Shape.Rotary;

    public int RotaryDim => Shape.RotaryDim;

    public bool ChangesKeys => Shape.ChangesKeys;

    public int AppendedKeys => Shape.AppendedKeys;

    public bool HasDistanceBias => Shape.HasDistanceBias;

    public AttentionOutputs ScoreOutput => Shape.ScoreOutput;

    public bool HasProbabilities => Shape.HasProbabilities;

    public bool HasLogSumExp => Shape.HasLogSumExp;
}
