using System;
using System.Globalization;
using System.Text;

namespace AttentionGen.Generator.Emit;

/// <summary>Indented text with <c>\n</c> line ends; numbers are always invariant.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder text = new();
    private int indentation;

    /// <summary>Writes one or more lines at the present indentation; blank lines carry no spaces.</summary>
    public void Line(string lines = "")
    {
        int start = 0;
        while (true)
        {
            int end = lines.IndexOf('\n', start);
            int length = (end < 0 ? lines.Length : end) - start;
            if (length > 0)
                text.Append(' ', indentation * 4).Append(lines, start, length);
            text.Append('\n');
            if (end < 0)
                return;
            start = end + 1;
        }
    }

    /// <summary>Writes a header, an opening brace, and at disposal the closing one and what follows it.</summary>
    public BlockScope Block(string header = "", string after = "")
    {
        if (header.Length > 0)
            Line(header);
        Line("{");
        indentation++;
        return new(this, after);
    }

    /// <summary>A number of things, such as <c>1 head</c> or <c>8 heads</c>.</summary>
    public static string Count(int count, string thing) => Invariant($"{count} {thing}{(count == 1 ? "" : "s")}");

    /// <summary>Formats with the invariant culture.</summary>
    public static string Invariant(FormattableString value) => value.ToString(CultureInfo.InvariantCulture);

    public override string ToString() => text.ToString();

    internal readonly struct BlockScope(CodeWriter writer, string after) : IDisposable
    {
        public void Dispose()
        {
            writer.indentation--;
            writer.Line("}" + after);
        }
    }
}
