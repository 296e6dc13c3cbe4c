using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the online softmax: powers of two of a block's scores, their sums in 32 virtual lanes, and the factors that
/// merge blocks (Milakov and Gimelshein 2018). Every width computes the same bits: lane i holds the keys i mod 32, and
/// one tree adds the lanes.
/// </summary>
internal static class SoftmaxEmitter
{
    public const int VirtualLanes = 32;

    /// <summary>
    /// Coefficients of x⁶ … x¹ of a polynomial for 2ˣ on [−½, ½] with constant term 1, fitted for the least relative
    /// error and then, as float32 values, for the least error in ulp: 0.80 at worst over every float32 of the interval.
    /// </summary>
    private static readonly float[] Coefficients =
        [0.000153488989f, 0.00134009169f, 0.00961860642f, 0.0555033684f, 0.240226448f, 0.693147182f];

    public static int CoefficientCount => Coefficients.Length;

    /// <summary>A coefficient as a literal, the highest power first.</summary>
    public static string Coefficient(int index) => Literal(Coefficients[index]);

    /// <summary>The power of a difference of scores: of two where log2(e) is in the queries, else of e.</summary>
    public static string Power(AttentionPlan plan, string difference) => plan.Steps.NaturalScores
        ? $"Exp2(({difference}) * {plan.Target.VectorType}.Create(1.44269502f))"
        : $"Exp2({difference})";

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteExp2(writer, plan.Target);
        writer.Line();
        if (plan.Steps.TakesSigmoid)
            SigmoidEmitter.WriteFunction(writer, plan);
        if (plan.Steps.NormalizesBlocks)
        {
            if (plan.Steps.HasRowRanges)
                RangeSoftmaxEmitter.Write(writer, plan);
            else
                WriteBlock(writer, plan);
            writer.Line();
        }

        MergeEmitter.Write(writer, plan);
    }

    private static void WriteExp2(CodeWriter writer, VectorTarget target)
    {
        string name = target.VectorType;
        writer.Line("/// <summary>2ˣ for x ≤ 0 within one ulp; exactly 0 from −127 down, NaN for NaN.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block($"private static {name}<float> Exp2({name}<float> x)"))
        {
            writer.Line("// In this order the maximum keeps a NaN of x.");
            writer.Line($"x = {name}.MaxNative({name}.Create(-127f), x);");
            writer.Line("// Adding 1.5·2²³ + 127 rounds x to an integer and leaves it, biased, in the low bits.");
            writer.Line($"{name}<float> shifted = x + {name}.Create(12583039f);");
            writer.Line($"{name}<float> fraction = x - (shifted - {name}.Create(12583039f));");
            writer.Line($"{name}<float> power = {name}.Create({Literal(Coefficients[0])});");
            foreach (float coefficient in Coefficients.Skip(1).Append(1f))
                writer.Line($"power = {name}.{target.MultiplyAdd}(power, fraction, {name}.Create({Literal(coefficient)}));");
            writer.Line($"return power * {name}.ShiftLeft(shifted.AsInt32(), 23).AsSingle();");
        }
    }

    private static void WriteBlock(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line(
            $"/// <summary>Turns each row's scores into {Probabilities(plan)}; masked ones become exactly 0.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block((plan.Shape.Causal ? KernelSignature.CausalSoftmax : KernelSignature.Softmax).Declaration))
        {
            if (plan.Steps.TakesSigmoid)
                SigmoidEmitter.WritePass(writer, () => WriteSeenScores(writer, plan), () => WriteSigmoids(writer, plan));
            else
                WritePasses(writer, () => WriteMaximum(writer, plan), () => WritePowers(writer, plan));
        }
    }

    /// <summary>What scores become, in words.</summary>
    public static string Probabilities(AttentionPlan plan) =>
        plan.Steps.TakesSigmoid ? "probabilities, each by itself" : "probabilities relative to its own maximum in this block";

    /// <summary>The passes over the rows of a block.</summary>
    public static void WritePasses(CodeWriter writer, Action maximum, Action powers)
    {
        writer.Line("// The maxima of all rows first: folding a row's lanes is one long chain, which the next row's loads need not wait for.");
        using (writer.Block("for (nint row = 0; row < rows; row++)"))
            maximum();
        writer.Line();
        using (writer.Block("for (nint row = 0; row < rows; row++)"))
            powers();
    }

    /// <summary>The vectors of a group of virtual lanes.</summary>
    public static IEnumerable<int> Vectors(VectorTarget target) => Enumerable.Range(0, VirtualLanes / target.Lanes);

    /// <summary>The row's scores, how many of them it sees, and where its last group of virtual lanes ends.</summary>
    private static void WriteRow(CodeWriter writer, AttentionPlan plan, params string[] withoutKeys)
    {
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
        if (plan.Shape.Causal)
        {
            string grouped = plan.Shape.Group == 1 ? "first + row" : $"((first + row) / {plan.Shape.Group})";
            writer.Line("// Keys of this block that the row sees.");
            writer.Line($"nint count = Math.Min({grouped} + seen, columns);");
            using (writer.Block("if (count <= 0)"))
            {
                foreach (string line in withoutKeys)
                    writer.Line(line);
                writer.Line("continue;");
            }

            writer.Line();
        }
        else
        {
            writer.Line("nint count = columns;");
        }

        writer.Line($"nint end = (count + {VirtualLanes - 1}) & ~(nint){VirtualLanes - 1};");
    }

    private static void WriteMaximum(CodeWriter writer, AttentionPlan plan)
    {
        WriteSeenScores(writer, plan);
        writer.Line();
        WriteRowMaximum(writer, plan.Target, "key", null, "end");
    }

    /// <summary>The row, with −∞ in the place of scores that it does not see.</summary>
    private static void WriteSeenScores(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        WriteRow(writer, plan, WithoutKeys("MemoryMarshal.CreateSpan(ref line, (int)columns)"));
        using (writer.Block("if (count < end)"))
        {
            writer.Line("// Whole vectors: a load would wait for smaller stores before it.");
            writer.Line($"ref float last = ref Unsafe.Add(ref line, end - {VirtualLanes});");
            writer.Line($"{target.VectorType}<int> left = {target.VectorType}.Create((int)(count - end) + {VirtualLanes});");
            WriteEdge(writer, target, "last", "left", "LessThan");
        }
    }

    private static void WriteSigmoids(CodeWriter writer, AttentionPlan plan)
    {
        SigmoidEmitter.WriteRow(writer, plan.Target, "key", "0", "end");
        WriteRest(writer, plan);
    }

    /// <summary>What becomes of a row that sees no key of the block, whose probabilities are given.</summary>
    public static string[] WithoutKeys(string probabilities) =>
    [
        $"{probabilities}.Clear();",
        $"Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row) = float.NegativeInfinity;",
        $"Unsafe.Add(ref state, {KernelConstantsEmitter.Sum} + row) = 0;",
    ];

    /// <summary>Makes those scores of a group of virtual lanes −∞ whose place in it does not compare to the bound.</summary>
    public static void WriteEdge(CodeWriter writer, VectorTarget target, string group, string bound, string comparison)
    {
        writer.Line($"{target.VectorType}<float> none = {target.VectorType}.Create(float.NegativeInfinity);");
        foreach (int i in Vectors(target))
        {
            string lanes = $"{target.VectorType}<int>.Indices" + (i == 0 ? "" : $" + {target.VectorType}.Create({i * target.Lanes})");
            string place = i == 0 ? $"ref {group}" : $"ref {group}, {i * target.Lanes}";
            writer.Line(
                $"{target.VectorType}.ConditionalSelect({target.VectorType}.{comparison}({lanes}, {bound}).AsSingle(), "
                    + $"{target.VectorType}.LoadUnsafe({place}), none).StoreUnsafe({place});");
        }
    }

    /// <summary>The largest of a row's scores.</summary>
    /// <param name="key">Names the loop's variable.</param>
    /// <param name="first">Where the first group of virtual lanes begins; null for the row's first score.</param>
    /// <param name="end">Where the last one ends.</param>
    public static void WriteRowMaximum(CodeWriter writer, VectorTarget target, string key, string? first, string end)
    {
        foreach (int i in Vectors(target))
            writer.Line($"{target.VectorType}<float> max_{i} = {Load(target, i, first)};");
        using (writer.Block($"for (nint {key} = {(first is null ? "" : $"{first} + ")}{VirtualLanes}; {key} < {end}; {key} += {VirtualLanes})"))
        {
            foreach (int i in Vectors(target))
                writer.Line($"max_{i} = {target.VectorType}.MaxNative(max_{i}, {Load(target, i, key)});");
        }

        Reduce(writer, target, "max", (a, b, width) => $"{width}.MaxNative({a}, {b})");
        writer.Line($"Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row) = max;");
    }

    private static void WritePowers(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        WriteRow(writer, plan);
        writer.Line($"{target.VectorType}<float> shift = {target.VectorType}.Create(Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row));");
        WriteSummedPowers(writer, plan, "key", "0", "end");
        WriteRest(writer, plan);
    }

    /// <summary>Clears the probabilities behind the last group of virtual lanes.</summary>
    private static void WriteRest(CodeWriter writer, AttentionPlan plan)
    {
        if (plan.Shape.Causal)
        {
            using (writer.Block("if (end < columns)"))
                writer.Line("MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, end), (int)(columns - end)).Clear();");
        }
    }

    /// <summary>The powers of a row's scores above <c>shift</c>, in their place, and their sum.</summary>
    /// <param name="key">Names the loops' variable.</param>
    /// <param name="first">Where the first group of virtual lanes begins.</param>
    /// <param name="end">Where the last one ends.</param>
    public static void WriteSummedPowers(CodeWriter writer, AttentionPlan plan, string key, string first, string end)
    {
        VectorTarget target = plan.Target;
        string loop = $"for (nint {key} = {first}; {key} < {end}; {key} += {VirtualLanes})";
        if (!target.SumsApart)
            WriteSums(writer, target);
        using (writer.Block(loop))
        {
            foreach (int i in Vectors(target))
            {
                writer.Line($"{target.VectorType}<float> p_{i} = {Power(plan, $"{Load(target, i, key)} - shift")};");
                writer.Line($"p_{i}.StoreUnsafe(ref Unsafe.Add(ref line, {key}{(i == 0 ? "" : $" + {i * target.Lanes}")}));");
                if (!target.SumsApart)
                    writer.Line($"sum_{i} += p_{i};");
            }
        }

        if (target.SumsApart)
        {
            writer.Line("// In a loop of their own: beside ten constants, sixteen registers do not hold them.");
            WriteSums(writer, target);
            using (writer.Block(loop))
            {
                foreach (int i in Vectors(target))
                    writer.Line($"sum_{i} += {Load(target, i, key)};");
            }
        }

        Reduce(writer, target, "sum", (a, b, _) => $"{a} + {b}");
        writer.Line($"Unsafe.Add(ref state, {KernelConstantsEmitter.Sum} + row) = sum;");
    }

    private static void WriteSums(CodeWriter writer, VectorTarget target)
    {
        foreach (int i in Vectors(target))
            writer.Line($"{target.VectorType}<float> sum_{i} = {target.VectorType}<float>.Zero;");
    }

    /// <summary>Folds 32 virtual lanes by halves: 16, 8, 4, 2, 1 apart. The tree is the same for every width.</summary>
    private static void Reduce(CodeWriter writer, VectorTarget target, string name, Func<string, string, string, string> combine)
    {
        var parts = Enumerable.Range(0, VirtualLanes / target.Lanes).Select(i => $"{name}_{i}").ToList();
        while (parts.Count > 1)
        {
            int half = parts.Count / 2;
            for (int i = 0; i < half; i++)
                writer.Line($"{parts[i]} = {combine(parts[i], parts[i + half], target.VectorType)};");
            parts.RemoveRange(half, half);
        }

        string part = parts[0];
        for (int lanes = target.Lanes; lanes > 4; lanes /= 2)
        {
            string lower = $"{name}Of{lanes / 2}";
            writer.Line($"Vector{lanes * 16}<float> {lower} = {combine($"{part}.GetLower()", $"{part}.GetUpper()", $"Vector{lanes * 16}")};");
            part = lower;
        }

        writer.Line($"Vector128<float> {name}Pairs = {combine(part, $"Vector128.Shuffle({part}, Vector128.Create(2, 3, 2, 3))", "Vector128")};");
        writer.Line(
            $"float {name} = {combine($"{name}Pairs", $"Vector128.Shuffle({name}Pairs, Vector128.Create(1, 1, 1, 1))", "Vector128").Wrap()}.ToScalar();");
    }

    private static string Wrap(this string expression) => expression.Contains(" + ") ? $"({expression})" : expression;

    /// <summary>A vector of the row's scores.</summary>
    public static string Load(VectorTarget target, int vector, string? index = null)
    {
        int offset = vector * target.Lanes;
        return (index, offset) switch
        {
            (null, 0) => $"{target.VectorType}.LoadUnsafe(ref line)",
            (null, _) => $"{target.VectorType}.LoadUnsafe(ref line, {offset})",
            (_, 0) => $"{target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref line, {index}))",
            _ => $"{target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref line, {index} + {offset}))",
        };
    }

    /// <summary>A number as the kernels write it.</summary>
    public static string Literal(float value) => value.ToString("G9", CultureInfo.InvariantCulture) + "f";
}
