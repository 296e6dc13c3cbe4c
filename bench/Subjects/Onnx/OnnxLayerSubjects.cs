using AttentionGen.Bench.Onnx;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Subjects;

/// <summary>The forms of whole layers that onnxruntime has.</summary>
internal static class OnnxLayerSubjects
{
    public static IEnumerable<ISubject> Of(LayerWorkload workload) => workload.Layer switch
    {
        { NormPlacement: NormPlacement.Post, Norm: Norm.Layer, Gated: false, Activation: Activation.Gelu } when OnnxSubject.SupportsAttention(workload) =>
        [
            new OnnxSubject("fused, Attention", OnnxBertLayers.Attention),
            new OnnxSubject("fused, MultiHeadAttention", OnnxBertLayers.MultiHeadAttention),
            new OnnxSubject("plain, optimised", OnnxBertLayers.Plain),
        ],
        { NormPlacement: NormPlacement.Pre, Norm: Norm.Rms, Gated: true, Activation: Activation.Silu } when OnnxGroupQuerySubject.Supports(workload) =>
        [
            new OnnxGroupQuerySubject("fused", OnnxLlamaLayers.Separate),
            new OnnxGroupQuerySubject("fused, packed QKV", OnnxLlamaLayers.Packed),
        ],
        _ => [],
    };
}
