using System.Collections.Immutable;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Generator.Model;

/// <summary>All errors that an annotated class can have. Each has a help page in <c>docs/diagnostics</c>.</summary>
internal static class DiagnosticDescriptors
{
    private const string Category = "AttentionGen";

    // The class.
    public static readonly DiagnosticDescriptor NotPartial = Create(
        "AG0001", "The annotated class must be partial",
        "'{0}' must be partial, because the generator adds members to it: write 'partial class {0}'");

    public static readonly DiagnosticDescriptor ContainingTypeNotPartial = Create(
        "AG0002", "Types around the annotated class must be partial",
        "'{0}' is nested in '{1}', which must be partial too: write 'partial {2} {1}'");

    public static readonly DiagnosticDescriptor Generic = Create(
        "AG0003", "The annotated class and the types around it must not be generic",
        "'{0}' must have no type parameters, because a kernel has one shape: remove them{1}");

    public static readonly DiagnosticDescriptor Static = Create(
        "AG0004", "The annotated class must not be static",
        "'{0}' must not be static, because each instance holds the packed weights of a layer: write 'sealed partial class {0}'");

    public static readonly DiagnosticDescriptor Abstract = Create(
        "AG0005", "The annotated class must not be abstract",
        "'{0}' must not be abstract, because the generated Create makes instances of it: write 'sealed partial class {0}'");

    public static readonly DiagnosticDescriptor FileLocal = Create(
        "AG0006", "The annotated class must be visible outside its file",
        "'{0}' must not be file-local, because the generated part is in another file: write 'internal' in place of 'file'{1}");

    public static readonly DiagnosticDescriptor NotClass = Create(
        "AG0007", "Only a plain class can be annotated",
        "'{0}' is a {1} but must be a class: write 'sealed partial class {0}'");

    public static readonly DiagnosticDescriptor PrimaryConstructor = Create(
        "AG0008", "The annotated class must not have a primary constructor",
        "'{0}' must not have a primary constructor, because the generated constructor cannot call it: remove the parameter list, or write a constructor that "
            + "ends in ': this(weights)'");

    public static readonly DiagnosticDescriptor MemberClash = Create(
        "AG0009", "A member has the name of a generated member",
        "'{0}' {1} '{2}', a name that the generated part of the class uses: choose another name");

    public static readonly DiagnosticDescriptor ConstructorClash = Create(
        "AG0010", "A constructor conflicts with the generated constructor",
        "A constructor of '{0}' {1}");

    public static readonly DiagnosticDescriptor BaseClass = Create(
        "AG0011", "The base class cannot be constructed without arguments",
        "'{0}' derives from '{1}', which {2}: derive from a class with an accessible constructor without parameters, which the generated constructor calls, or "
            + "from no class");

    public static readonly DiagnosticDescriptor RequiredMember = Create(
        "AG0012", "The annotated class must have no required members",
        "'{0}' has the required member '{1}', but the generated Create cannot set it: remove 'required'");

    public static readonly DiagnosticDescriptor LanguageVersion = Create(
        "AG0013", "The C# language version is too old",
        "The generated code needs C# 12 or later, but this project uses {0}: remove <LangVersion> or raise it");

    // The configuration.
    public static readonly DiagnosticDescriptor Heads = Create(
        "AG0014", "Heads is missing or out of range", $"Heads {{0}} but must be from 1 to {ShapeLimits.MaxHeads}: use {{1}}");

    public static readonly DiagnosticDescriptor DModel = Create(
        "AG0015", "DModel is missing or out of range", $"DModel {{0}} but must be from 1 to {ShapeLimits.MaxDModel}: use {{1}}");

    public static readonly DiagnosticDescriptor KvHeads = Create(
        "AG0016", "KvHeads does not divide Heads",
        "KvHeads is {0} but must be a divisor of Heads, {1}: use {2}, or leave it out for one KV head per query head");

    public static readonly DiagnosticDescriptor HeadDim = Create(
        "AG0017", "HeadDim is out of range",
        $"HeadDim is {{0}} but must be from 1 to {ShapeLimits.MaxHeadDim}: use {{1}}{{2}}");

    public static readonly DiagnosticDescriptor HeadDimDefault = Create(
        "AG0018", "There is no default HeadDim for this DModel and Heads", "{0}: use {1}");

    public static readonly DiagnosticDescriptor MemoryDim = Create(
        "AG0019", "MemoryDim or ValueInputDim is out of range",
        $"{{2}} is {{0}} but must be from 1 to {ShapeLimits.MaxDModel}: use {{1}}, or leave it out {{3}}");

    public static readonly DiagnosticDescriptor Scale = Create(
        "AG0020", "Scale must be positive and finite",
        "Scale is {0} but must be positive and finite: use {1}, or leave it out for 1/√HeadDim");

    public static readonly DiagnosticDescriptor SequenceLength = Create(
        "AG0021", "SequenceLength is out of range",
        "SequenceLength is {0} but must be from 1 to {1}{2}: use {3}, or leave it out if the number of rows varies");

    public static readonly DiagnosticDescriptor RotaryDim = Create(
        "AG0022", "RotaryDim must be even and no wider than a head",
        "{0} but must be even and from 2 to HeadDim, {1}: {2}");

    public static readonly DiagnosticDescriptor RotaryBase = Create(
        "AG0023", "RotaryBase must be greater than 1 and finite",
        "RotaryBase is {0} but must be greater than 1 and finite: use a value such as 10000, the default");

    public static readonly DiagnosticDescriptor WithoutEffect = Create(
        "AG0024", "A setting has no effect",
        "{0} has no effect without {1}: add {2}, or remove {0}");

    public static readonly DiagnosticDescriptor RotaryCrossAttention = Create(
        "AG0025", "Rotary embedding needs self-attention",
        "Rotary cannot be combined with MemoryDim, because the rows of a memory have no distance from the rows of the input: remove Rotary, or remove "
            + "MemoryDim for self-attention");

    public static readonly DiagnosticDescriptor UndefinedEnumValue = Create(
        "AG0026", "A setting has an undefined value", "{0} is {1}, an undefined value: use {2}");

    public static readonly DiagnosticDescriptor WeightsTooLarge = Create(
        "AG0027", "A weight matrix is too large",
        "The {0} matrix would have {1} elements ({2}), but an array holds at most 2147483591: use a smaller {3}");

    // Modifiers and mask predicates.
    public static readonly DiagnosticDescriptor HookTwice = Create(
        "AG0028", "A class has two score modifiers, probability modifiers or mask predicates",
        "'{0}' has more than one method with {1}: keep the attribute on '{2}' only, and call the other methods from it");

    public static readonly DiagnosticDescriptor HookKind = Create(
        "AG0029", "A modifier or mask predicate must be a plain static method",
        "'{0}' must be {2}, because the kernel calls it by its name: write a {1} as a static method without type parameters");

    public static readonly DiagnosticDescriptor HookSignature = Create(
        "AG0030", "A modifier or mask predicate has another signature",
        "'{0}' does not have the signature of a {1}: write '{2}', or '{3}' for eight neighbouring keys at once");

    public static readonly DiagnosticDescriptor HookRange = Create(
        "AG0031", "The range of a mask predicate is missing or has another signature",
        "The mask predicate '{0}' has Range = \"{1}\", which {2}: write 'static (int First, int End) {1}(int head, int query, int keys)', or leave Range out");

    public static readonly DiagnosticDescriptor HookWithoutConfig = Create(
        "AG0032", "A modifier or mask predicate needs an annotated class",
        "'{0}' is marked {1} but '{2}' has no AttentionConfig, so nothing calls the method: annotate the class, or remove the attribute");

    // The variants.
    public static readonly DiagnosticDescriptor ValueHeadDim = Create(
        "AG0033", "ValueHeadDim is out of range",
        $"ValueHeadDim is {{0}} but must be from 1 to {ShapeLimits.MaxHeadDim}: use {{1}}, or leave it out for HeadDim");

    public static readonly DiagnosticDescriptor WithoutProjections = Create(
        "AG0034", "A setting belongs to projections that are left out",
        "{0} belongs to the projections, which Projections = false leaves out: remove {0}, or remove Projections = false");

    public static readonly DiagnosticDescriptor HeadDimMissing = Create(
        "AG0035", "HeadDim is missing without projections",
        $"HeadDim is missing, and without projections it has no default: set it to a number from 1 to {ShapeLimits.MaxHeadDim}, for example {{0}}");

    public static readonly DiagnosticDescriptor Window = Create(
        "AG0036", "A window is negative",
        "{0} is {1} but must be a number of keys, 0 or more, or -1 for all keys: use -1, or leave it out");

    public static readonly DiagnosticDescriptor ChunkSize = Create(
        "AG0037", "ChunkSize is negative",
        "ChunkSize is {0} but must be 1 or more: use 1, or leave it out for attention without chunks");

    public static readonly DiagnosticDescriptor Softcap = Create(
        "AG0038", "Softcap must be positive and finite",
        "Softcap is {0} but must be positive and finite: use {1}, or leave it out for scores without a cap");

    public static readonly DiagnosticDescriptor RelativePositionBuckets = Create(
        "AG0039", "RelativePositionBuckets is out of range",
        $"RelativePositionBuckets is {{0}} but must be {{1}} to {ShapeLimits.MaxRelativePositionBuckets}: use {{2}}, or leave it out for attention without "
            + $"buckets");

    public static readonly DiagnosticDescriptor RelativePositionMaxDistance = Create(
        "AG0040", "RelativePositionMaxDistance is too small",
        "RelativePositionMaxDistance is {0} but must be greater than {1}, the number of distances with their own bucket: use {2} or more");

    public static readonly DiagnosticDescriptor QueryKeyNormEpsilon = Create(
        "AG0041", "QueryKeyNormEpsilon must be 0 or more and finite",
        "QueryKeyNormEpsilon is {0} but must be 0 or more and finite: use {1}, or leave it out for 1e-6");

    public static readonly DiagnosticDescriptor RotaryScalingFactor = Create(
        "AG0042", "RotaryScalingFactor is missing or less than 1",
        "RotaryScalingFactor {0} but must be 1 or more and finite: use {1}, or remove RotaryScaling");

    public static readonly DiagnosticDescriptor RotaryOriginalLength = Create(
        "AG0043", "RotaryOriginalLength is missing or less than 1",
        "RotaryOriginalLength {0} but RotaryScaling.{1} needs the length of the trained context, {2} or more: use your model's value, for example 8192");

    public static readonly DiagnosticDescriptor RotaryScalingBounds = Create(
        "AG0044", "Bounds of a rotary scaling are out of order",
        "{0} is {1} and {2} is {3}, but both must be positive and finite, and {0} must be the smaller: use for example {4}, the defaults");

    public static readonly DiagnosticDescriptor RotaryAttentionFactor = Create(
        "AG0045", "A factor of YaRN or LongRoPE must be positive and finite",
        "{2} is {0} but must be positive and finite: use {1}, or leave it out for the factor that follows from RotaryScalingFactor");

    public static readonly DiagnosticDescriptor MaskWithoutKeys = Create(
        "AG0046", "A mask has no axis of keys",
        "{0} is {1} but must include MaskAxes.Key, because a mask has a value for each key: use {1} | MaskAxes.Key");

    public static readonly DiagnosticDescriptor OutputsTogether = Create(
        "AG0047", "Outputs exclude each other",
        "Outputs cannot have {0} together, because {1}: use {2}");

    public static readonly DiagnosticDescriptor OutputsOfAppendedKeys = Create(
        "AG0048", "Outputs have no place for appended keys",
        "Outputs cannot have {0} together with {1}, because the appended key has no column in them: remove one of the two");

    public static readonly DiagnosticDescriptor Ragged = Create(
        "AG0049", "A setting cannot be combined with Ragged",
        "{0} cannot be combined with Ragged, because it {1}: remove one of the two");

    public static readonly DiagnosticDescriptor DocumentsCrossAttention = Create(
        "AG0050", "Documents need self-attention",
        "Documents cannot be combined with MemoryDim, because the rows of the input have no position in the memory: remove Documents, or remove MemoryDim for "
            + "self-attention");

    public static readonly DiagnosticDescriptor SkipPaddingCrossAttention = Create(
        "AG0051", "SkipPadding needs self-attention",
        "SkipPadding cannot be combined with MemoryDim, because the key lengths are those of the memory, not of the input: remove SkipPadding, or remove "
            + "MemoryDim for self-attention");

    public static readonly DiagnosticDescriptor KeyValuesWithoutCache = Create(
        "AG0052", "KeyValues needs a kernel with a cache",
        "KeyValues is KeyValueFormat.{0}, but this attention has no cache, because {1}: remove KeyValues, or {2}");

    public static readonly DiagnosticDescriptor Gradients = Create(
        "AG0053", "A setting cannot be combined with Gradients",
        "{0} cannot be combined with Gradients, because {1}: {2}");

    public static readonly DiagnosticDescriptor SigmoidBias = Create(
        "AG0056", "SigmoidBias must be finite",
        "SigmoidBias {0}; it must be a finite number: use -ln of the number of keys in training, for example SigmoidBias = -6.93f for 1,024 keys");

    public static readonly DiagnosticDescriptor NoDenominator = Create(
        "AG0057", "A setting needs the denominator of a softmax",
        "{0} needs the denominator of a softmax, which ScoreFunction.Sigmoid does not have: remove {1}, or remove ScoreFunction");

    // One product.
    public static readonly DiagnosticDescriptor SeveralConfigurations = Create(
        "AG0060", "A class has two configurations",
        "'{0}' has both {1} and {2}, but a class computes one thing: remove one of the two, or move it to another class");

    public static readonly DiagnosticDescriptor LinearInputs = Create(
        "AG0061", "Inputs is missing or out of range", $"Inputs {{0}} but must be from 1 to {ShapeLimits.MaxFeedForwardDim}: use {{1}}");

    public static readonly DiagnosticDescriptor LinearOutputs = Create(
        "AG0062", "Outputs is missing or out of range", $"Outputs {{0}} but must be from 1 to {ShapeLimits.MaxOutputs}: use {{1}}");

    // Transformer layers.
    public static readonly DiagnosticDescriptor FeedForwardDim = Create(
        "AG0070", "FeedForwardDim is missing or out of range",
        $"FeedForwardDim {{0}} but must be from 1 to {ShapeLimits.MaxFeedForwardDim}: use {{1}}");

    public static readonly DiagnosticDescriptor LayerAttention = Create(
        "AG0072", "A setting cannot be used in a Transformer layer",
        "{0} cannot be used with TransformerLayerConfig, because such an attention {1}: remove {0}, or use AttentionConfig for the attention alone");

    public static readonly DiagnosticDescriptor ParallelBranches = Create(
        "AG0073", "ParallelBranches needs NormPlacement.Pre",
        "ParallelBranches cannot be combined with {0}, because both branches read the normalised input: use NormPlacement.Pre, or remove ParallelBranches");

    public static readonly DiagnosticDescriptor ByteInputs = Create(
        "AG0079", "WeightFormat.Int8 cannot sum so many inputs",
        $"{{0}} is {{1}}, but products of WeightFormat.Int8 are summed in 32 bits, which hold {{2}} of them: use WeightFormat.Int8Blocks, or {{0}} = {{2}}");

    public static readonly DiagnosticDescriptor ParallelMemory = Create(
        "AG0076", "ParallelBranches cannot be combined with cross-attention",
        "ParallelBranches cannot be combined with MemoryDim, because the cross-attention reads what the self-attention gives: remove ParallelBranches, or "
            + "remove MemoryDim");

    public static readonly DiagnosticDescriptor NormEpsilon = Create(
        "AG0074", "NormEpsilon must be 0 or more and finite",
        "NormEpsilon is {0} but must be 0 or more and finite: use {1}, or leave it out for 1e-5");

    public static readonly DiagnosticDescriptor ResidualScale = Create(
        "AG0075", "ResidualScale must be finite",
        "ResidualScale is {0} but must be finite: use 1, or leave it out");

    // Rotary embedding.
    public static readonly DiagnosticDescriptor RotaryList = Create(
        "AG0080", "A list of the rotary embedding does not fit",
        "{0} {1} but must have {2}, each {3}, because so many pairs are rotated, half of RotaryDim: copy your model's list, or set RotaryDim");

    public static readonly DiagnosticDescriptor RotaryLength = Create(
        "AG0081", "RotaryLength is missing or less than 1",
        "RotaryLength {0} but RotaryScaling.{1} needs the length of the contexts that the kernel is for, 1 or more: use for example 8192");

    public static readonly DiagnosticDescriptor RotaryExclusion = Create(
        "AG0082", "Two settings of the rotary embedding exclude each other",
        "{0} cannot be combined with {1}, because {2}: remove one of the two");

    public static readonly DiagnosticDescriptor RotarySections = Create(
        "AG0085", "RotarySections do not fit the rotated pairs",
        "RotarySections are {0} but must be 2 or more sections of 1 or more pairs, {1} in all, half of RotaryDim, that every axis can reach: copy your model's "
            + "mrope_section, or leave it out for one axis of positions");

    // Linear biases.
    public static readonly DiagnosticDescriptor AlibiScale = Create(
        "AG0083", "AlibiScale must be positive and finite",
        "AlibiScale is {0} but must be positive and finite: use {1}, or leave it out for the slopes as they are");

    public static readonly DiagnosticDescriptor AlibiSlopes = Create(
        "AG0084", "AlibiSlopes must have a finite slope for each head",
        "AlibiSlopes {0} but must have a finite slope for each of {1} heads: copy your model's slopes, or leave it out for those of the paper");

    // Latent attention.
    public static readonly DiagnosticDescriptor LatentSize = Create(
        "AG0088", "A width of latent attention is missing or out of range", "{0} {1} but must be {2}: use {3}");

    public static readonly DiagnosticDescriptor LatentRotary = Create(
        "AG0089", "Latent attention rotates the last part of each head",
        "Rotary is {0} but must be RotaryKind.Interleaved or RotaryKind.HalfSplit, because the rotated key is all that heads share beside the latent vector: "
            + "use RotaryKind.Interleaved, or leave it out");

    /// <summary>All of the above, in the order of their ids.</summary>
    public static readonly ImmutableArray<DiagnosticDescriptor> All = typeof(DiagnosticDescriptors)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.FieldType == typeof(DiagnosticDescriptor))
        .Select(field => (DiagnosticDescriptor)field.GetValue(null)!)
        .OrderBy(descriptor => descriptor.Id, System.StringComparer.Ordinal)
        .ToImmutableArray();

    // Not configurable: the generator emits nothing for such a class, and the user must learn why.
    private static DiagnosticDescriptor Create(string id, string title, string message) => new(
        id, title, message, Category, DiagnosticSeverity.Error, isEnabledByDefault: true,
        helpLinkUri: $"https://github.com/attentiongen/attentiongen/blob/main/docs/diagnostics/{id}.md",
        customTags: WellKnownDiagnosticTags.NotConfigurable);
}
