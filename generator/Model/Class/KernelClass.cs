using System.Linq;

namespace AttentionGen.Generator.Model;

/// <summary>The user's class, as the generator must re-open it.</summary>
internal sealed record KernelClass
{
    /// <summary>Namespace with <c>@</c> escapes where needed, or empty for the global one.</summary>
    public required string Namespace { get; init; }

    /// <summary>
    /// Declarations from the outermost type to the annotated class, such as <c>partial class Outer</c>, <c>partial record struct Middle&lt;T&gt;</c>,
    /// <c>partial class Inner</c>.
    /// </summary>
    public required EquatableArray<string> Declarations { get; init; }

    /// <summary>Simple name of the annotated class, escaped where it is a keyword, or a name that generated text uses.</summary>
    public required string Name { get; init; }

    /// <summary>Whether a simple name of what generated text uses may mean something else inside the class, see <see cref="FrameworkNames"/>.</summary>
    public bool HidesNames { get; init; }

    /// <summary>
    /// Where the runtime's namespaces are looked up: <c>global</c>, or the extern alias of a project that references the runtime under no other.
    /// </summary>
    public string RuntimeAlias { get; init; } = Model.RuntimeAlias.Global;

    /// <summary>Name that means the class wherever it stands, such as <c>global::My.Namespace.Outer.Inner</c>.</summary>
    public string FullName => "global::" + string.Join(".", new[] { Namespace }.Where(space => space.Length > 0)
        .Concat(Declarations.Select(declaration => declaration.Substring(declaration.LastIndexOf(' ') + 1))));

    /// <summary>A class inside this one that the generator alone declares.</summary>
    /// <param name="name">Its name, which the class reserves.</param>
    public KernelClass Nested(string name) => this with
    {
        Declarations = new([.. Declarations, $"private sealed partial class {name}"]), Name = name, HintName = $"{HintName}+{name}",
    };

    /// <summary>Unique and legal file name stem, such as <c>My.Namespace.Outer+Inner</c>.</summary>
    public required string HintName { get; init; }
}
