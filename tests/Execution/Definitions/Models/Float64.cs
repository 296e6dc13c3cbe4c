namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>Operations on rows in float64, as the models' papers have them. Rows are [row][column], heads [head][row][column].</summary>
internal static class Float64
{
    /// <summary>y = x Wᵀ + b, with W as [outputs, inputs].</summary>
    public static double[][] Linear(double[][] rows, Tensor weight, Tensor? bias = null) => Product(
        rows, weight.Shape[0], weight.Shape[1], (output, input) => weight[output, input], bias);

    /// <summary>y = x W + b, with W as [inputs, outputs].</summary>
    public static double[][] Conv1D(double[][] rows, Tensor weight, Tensor bias) => Product(
        rows, weight.Shape[1], weight.Shape[0], (output, input) => weight[input, output], bias);

    /// <summary>A module of a file: its weight, and its bias if it has one.</summary>
    public static double[][] Linear(double[][] rows, Tensors tensors, string module) =>
        Linear(rows, tensors[module + ".weight"], tensors.Find(module + ".bias"));

    /// <summary><c>(x − mean) / √(variance + ε) · w + b</c>.</summary>
    public static double[][] LayerNorm(double[][] rows, Tensors tensors, string module, double epsilon)
    {
        // Older files say gamma and beta.
        Tensor weight = tensors.Find(module + ".weight") ?? tensors[module + ".gamma"];
        Tensor? bias = tensors.Find(module + ".bias") ?? tensors.Find(module + ".beta");
        return [.. rows.Select(row =>
        {
            double mean = row.Average(), deviation = Math.Sqrt(row.Average(value => (value - mean) * (value - mean)) + epsilon);
            return (double[])[.. row.Select((value, i) => ((value - mean) / deviation * weight[i]) + (bias?[i] ?? 0))];
        })];
    }

    /// <summary><c>x / √(mean(x²) + ε) · (offset + w)</c>.</summary>
    public static double[][] RmsNorm(double[][] rows, Tensor weight, double epsilon, double offset = 0) => [.. rows.Select(row =>
    {
        double root = Math.Sqrt(row.Average(value => value * value) + epsilon);
        return (double[])[.. row.Select((value, i) => value / root * (offset + weight[i]))];
    })];

    /// <summary>The sum of rows, element by element.</summary>
    public static double[][] Add(double[][] first, params double[][][] others) =>
        [.. first.Select((row, index) => (double[])[.. row.Select((value, i) => value + others.Sum(other => other[index][i]))])];

    /// <summary>The product of rows, element by element.</summary>
    public static double[][] Times(double[][] first, double[][] second) => [.. first.Zip(second, (a, b) => (double[])[.. a.Zip(b, (x, y) => x * y)])];

    /// <summary>Each element through a function.</summary>
    public static double[][] Each(double[][] rows, Func<double, double> function) => [.. rows.Select(row => (double[])[.. row.Select(function)])];

    /// <summary>Some neighbouring columns.</summary>
    public static double[][] Columns(double[][] rows, int first, int count) => [.. rows.Select(row => row[first..(first + count)])];

    /// <summary>Rows cut into heads.</summary>
    public static double[][][] Heads(double[][] rows, int width) =>
        [.. Enumerable.Range(0, rows[0].Length / width).Select(head => Columns(rows, head * width, width))];

    /// <summary>
    /// Each head's softmax(scale · q kᵀ + bias) v over the keys that a row sees, joined to rows. Neighbouring query heads share a key head where there are
    /// fewer of those.
    /// </summary>
    /// <param name="queries">[head][row][column].</param>
    /// <param name="keys">[key head][row][column].</param>
    /// <param name="values">[key head][row][column].</param>
    /// <param name="scale">What the scores are multiplied by.</param>
    /// <param name="sees">Whether a query sees a key.</param>
    /// <param name="bias">What is added to a score, by head, query and key.</param>
    /// <param name="cap">c of c · tanh(score / c); 0 for none.</param>
    /// <param name="sinks">For each head, a further logit whose value is zero.</param>
    public static double[][] Attend(
        double[][][] queries, double[][][] keys, double[][][] values, double scale, Func<int, int, bool> sees, Func<int, int, int, double>? bias = null,
        double cap = 0, Tensor? sinks = null)
    {
        int share = queries.Length / keys.Length;
        return [.. Enumerable.Range(0, queries[0].Length).Select(row =>
            (double[])[.. Enumerable.Range(0, queries.Length).SelectMany(head => OfHead(head, row))])];

        double[] OfHead(int head, int row)
        {
            int[] seen = [.. Enumerable.Range(0, keys[0].Length).Where(key => sees(row, key))];
            double[] powers = [.. seen.Select(key =>
            {
                double score = scale * queries[head][row].Zip(keys[head / share][key], (a, b) => a * b).Sum();
                return Math.Exp((cap == 0 ? score : cap * Math.Tanh(score / cap)) + (bias?.Invoke(head, row, key) ?? 0));
            })];
            double sum = powers.Sum() + (sinks is null ? 0 : Math.Exp(sinks[head]));
            return [.. Enumerable.Range(0, values[0][0].Length).Select(
                i => seen.Select((key, index) => powers[index] / sum * values[head / share][key][i]).Sum())];
        }
    }

    /// <summary>A row sees itself and those before it.</summary>
    public static bool Causal(int query, int key) => key <= query;

    /// <summary>A row sees every row.</summary>
    public static bool Everything(int query, int key) => true;

    /// <summary>A row sees itself and those before it, that many in all.</summary>
    public static Func<int, int, bool> Window(int keys) => (query, key) => key <= query && key > query - keys;

    /// <summary>x Φ(x).</summary>
    public static double Gelu(double x) => x * 0.5 * (1 + Erf(x / Math.Sqrt(2)));

    /// <summary>The approximation of <see cref="Gelu"/> by a hyperbolic tangent.</summary>
    public static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    /// <summary>x σ(1.702 x).</summary>
    public static double QuickGelu(double x) => x / (1 + Math.Exp(-1.702 * x));

    /// <summary>x σ(x).</summary>
    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double Relu(double x) => Math.Max(0, x);

    /// <summary>2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1 · 3 ⋯ (2n+1)), whose terms all have one sign.</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        double term = x, sum = 0;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            sum += term;
            term *= 2 * x * x / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    private static double[][] Product(double[][] rows, int outputs, int inputs, Func<int, int, double> weight, Tensor? bias) =>
        [.. rows.Select(row =>
        {
            Assert.Equal(inputs, row.Length);
            var result = new double[outputs];
            for (int output = 0; output < outputs; output++)
            {
                double sum = bias?[output] ?? 0;
                for (int input = 0; input < inputs; input++)
                    sum += weight(output, input) * row[input];
                result[output] = sum;
            }

            return result;
        })];
}
