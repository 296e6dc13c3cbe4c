#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The function between two products of a feed-forward network, applied to each element.</summary>
public enum Activation
{
    /// <summary><c>x</c>.</summary>
    None,

    /// <summary><c>max(x, 0)</c>.</summary>
    Relu,

    /// <summary><c>x · ½ · (1 + erf(x / √2))</c> (Hendrycks and Gimpel 2016), with the error function to 2 ulp.</summary>
    Gelu,

    /// <summary><c>x · ½ · (1 + tanh(√(2/π) · (x + 0.044715 x³)))</c>, as GPT-2 and Gemma approximate GELU.</summary>
    GeluTanh,

    /// <summary><c>x / (1 + exp(−1.702 x))</c>, as OpenAI's CLIP approximates GELU.</summary>
    QuickGelu,

    /// <summary><c>x / (1 + exp(−x))</c>, the swish of SwiGLU (Shazeer 2020).</summary>
    Silu,
}

/// <summary>The normalisation of rows.</summary>
public enum Norm
{
    /// <summary><c>(x − mean(x)) / √(variance(x) + ε) · weight + bias</c>, with the biased variance (Ba et al. 2016).</summary>
    Layer,

    /// <summary><c>x / √(mean(x²) + ε) · weight</c> (Zhang and Sennrich 2019).</summary>
    Rms,
}

/// <summary>Where a layer normalises its rows. A branch is the attention, or the feed-forward network.</summary>
public enum NormPlacement
{
    /// <summary>The input of each branch: <c>x + branch(norm(x))</c>, as in GPT-2 and Llama.</summary>
    Pre,

    /// <summary>The sum: <c>norm(x + branch(x))</c>, as in the original Transformer and BERT.</summary>
    Post,

    /// <summary>The input and the result of each branch: <c>x + norm(branch(norm(x)))</c>, as in Gemma 2.</summary>
    Both,
}
