using AttentionGen.CompilerServices;

namespace AttentionGen.Bench.Decode;

/// <summary>A model that decodes one token after another.</summary>
internal interface IDecoder : IDisposable
{
    /// <summary>Library and format, as in the report.</summary>
    string Name { get; }

    /// <summary>The format by GGUF's name: what has the same format reads the same bytes.</summary>
    string Format { get; }

    /// <summary>The format of the weights.</summary>
    WeightFormat Weights { get; }

    /// <summary>Bytes of weights that a token reads.</summary>
    long WeightBytes => SmallLlama.WeightBytes(Weights);

    /// <summary>Where the matrices lie; empty where we cannot know.</summary>
    IReadOnlyList<AlignedMemory> Matrices => [];

    /// <summary>Forgets all tokens.</summary>
    void Reset();

    /// <summary>Computes the logits after one more token, and returns the index of the largest.</summary>
    int Step(int token);
}
