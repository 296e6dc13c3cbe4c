using AttentionGen;
using AttentionGen.Generic;
using AttentionGen.Samples.Quickstart;
using Spectre.Console;

const int rows = 128;

// Your own weights would come from a file: AttentionWeights.From(SafetensorsFile.Open("model.safetensors"), ...).
AttentionWeights weights = AttentionWeights.Random(EncoderAttention.Shape, seed: 1);
var attention = new EncoderAttention(weights);
var input = new float[rows * EncoderAttention.DModel];
var output = new float[input.Length];
var random = new Random(2);
foreach (ref float value in input.AsSpan())
    value = 2 * random.NextSingle() - 1;

attention.Forward(input, output);

var generic = new GenericAttention(
    new GenericAttentionOptions { Heads = EncoderAttention.Heads, DModel = EncoderAttention.DModel },
    new GenericAttentionWeights
    {
        Query = weights.Query.ToArray(), QueryBias = weights.QueryBias.ToArray(),
        Key = weights.Key.ToArray(), KeyBias = weights.KeyBias.ToArray(),
        Value = weights.Value.ToArray(), ValueBias = weights.ValueBias.ToArray(),
        Output = weights.Output.ToArray(), OutputBias = weights.OutputBias.ToArray(),
    });
var genericOutput = new float[input.Length];
generic.Forward(input, genericOutput);

double[] expected = ReferenceAttention.Forward(EncoderAttention.Shape, weights, input);
(double Generated, double Generic) times = Timing.Interleave(() => attention.Forward(input, output), () => generic.Forward(input, genericOutput));

Console.WriteLine(
    $"{nameof(EncoderAttention)}: {EncoderAttention.Heads} heads of {EncoderAttention.HeadDim}, {EncoderAttention.DModel} wide; {rows} rows in, {rows} rows "
        + $"out.");
Console.WriteLine(EncoderAttention.IsAccelerated
    ? "The accelerated path runs here."
    : "This processor lacks the vector instructions of the accelerated path: the portable path runs here, and gives the same results, slowly.");
Console.WriteLine();
Console.WriteLine(EncoderAttention.Plan.Trim());
Console.WriteLine();

var table = new Table { Border = TableBorder.Rounded };
table.AddColumn("");
table.AddColumn(new TableColumn("median µs").RightAligned());
table.AddColumn(new TableColumn("error against float64").RightAligned());
table.AddRow("generated", $"{times.Generated:F0}", $"{LargestError(output):0.0e-0}");
table.AddRow("by hand with TensorPrimitives", $"{times.Generic:F0}", $"{LargestError(genericOutput):0.0e-0}");
AnsiConsole.Write(table);
Console.WriteLine($"The generated class is {times.Generic / times.Generated:F1} times as fast.");

double LargestError(float[] values) => values.Select((value, i) => Math.Abs(value - expected[i])).Max();
