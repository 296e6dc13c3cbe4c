using System.Text.RegularExpressions;

namespace AttentionGen.Tests.Support;

/// <summary>One method as the JIT wrote it out (DOTNET_JitDisasm).</summary>
internal sealed partial record JitListing(string Name, string Tier, IReadOnlyList<string> Lines)
{
    /// <summary>Simple name without class and parameters.</summary>
    public string MethodName => Name[(Name.IndexOf(':') + 1)..].Split('(', '[')[0];

    /// <summary>The method's class, as in <c>Namespace.Outer+Inner</c>.</summary>
    public string ClassName => Name[..Name.IndexOf(':')];

    public static IReadOnlyList<JitListing> Parse(IEnumerable<string> lines)
    {
        var listings = new List<JitListing>();
        List<string>? body = null;
        foreach (string line in lines)
        {
            if (Header().Match(line) is { Success: true } header)
                listings.Add(new(header.Groups["name"].Value, header.Groups["tier"].Value, body = []));
            else
                body?.Add(line);
        }

        return listings;
    }

    /// <summary>
    /// Bodies of the innermost loops that multiply: from a label to a jump back to it, with no other such loop inside. Loops inside that do not
    /// multiply, such as those that ask for cache lines, belong to the body.
    /// </summary>
    public IEnumerable<IReadOnlyList<string>> MultiplyingLoops() => InnermostLoops(IsMultiplyAdd);

    /// <summary>Bodies of the loops that have a line of some kind, with no other such loop inside.</summary>
    private IEnumerable<IReadOnlyList<string>> InnermostLoops(Func<string, bool> counts)
    {
        var labels = new Dictionary<string, int>();
        var loops = new List<(int First, int Last)>();
        for (int index = 0; index < Lines.Count; index++)
        {
            if (Label().Match(Lines[index]) is { Success: true } label)
                labels[label.Groups["label"].Value] = index;
            else if (Jump().Match(Lines[index]) is { Success: true } jump && labels.TryGetValue(jump.Groups["label"].Value, out int first))
                loops.Add((first, index));
        }

        loops.RemoveAll(loop => !Lines.Take(loop.Last).Skip(loop.First).Any(counts));
        return loops
            .Where(loop => !loops.Any(other => other != loop && other.First >= loop.First && other.Last <= loop.Last))
            .Select(loop => Lines.Skip(loop.First).Take(loop.Last - loop.First + 1).ToArray());
    }

    /// <summary>Bodies of all innermost loops with vectors.</summary>
    public IEnumerable<IReadOnlyList<string>> VectorLoops() => InnermostLoops(line => Vector().IsMatch(line));

    /// <summary>Whether an instruction writes a vector, or a part of one, to the stack.</summary>
    public static bool IsVectorStore(string line) => VectorStore().IsMatch(line);

    /// <summary>Whether an instruction ends the method because an index is out of range.</summary>
    public static bool IsRangeFailure(string line) => line.Contains("RNGCHKFAIL", StringComparison.Ordinal);

    /// <summary>Whether an instruction moves a vector, or a part of one, from or to the stack.</summary>
    public static bool IsVectorSpill(string line) => VectorSpill().IsMatch(line);

    /// <summary>Whether an instruction calls a method, such as one that multiplies and adds in software.</summary>
    public static bool IsCall(string line) => Call().IsMatch(line);

    /// <summary>Whether an instruction multiplies, or multiplies and adds, vectors.</summary>
    public static bool IsMultiplyAdd(string line) => MultiplyAdd().IsMatch(line);

    [GeneratedRegex(@"^; Assembly listing for method (?<name>.+) \((?<tier>[^()]+)\)\s*$")]
    private static partial Regex Header();

    [GeneratedRegex(@"^(?<label>G_M\w+_IG\d+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+j\w+\s+(SHORT\s+)?(?<label>G_M\w+_IG\d+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"^\s+\w+\s(?=.*[xyz]mm).*\[r[sb]p[^\]]*\]")]
    private static partial Regex VectorSpill();

    [GeneratedRegex(@"^\s+(vfmadd\w+|v?mulps)\s")]
    private static partial Regex MultiplyAdd();

    [GeneratedRegex(@"\b[xyz]mm\d")]
    private static partial Regex Vector();

    [GeneratedRegex(@"^\s+\w+\s[^,]*\[r[sb]p[^\]]*\], ?[xyz]mm")]
    private static partial Regex VectorStore();

    [GeneratedRegex(@"^\s+call\s")]
    private static partial Regex Call();
}
