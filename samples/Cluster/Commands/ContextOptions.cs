using System.CommandLine;

namespace AttentionGen.Samples.Cluster;

/// <summary>Which context a command is about.</summary>
internal sealed class ContextOptions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public ContextOptions()
    {
        Name.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !result.Tokens[0].Value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
                result.AddError($"CONTEXT must have letters, digits and hyphens only, but is '{result.Tokens[0].Value}'.");
        });
    }

    public Argument<string> Name { get; } = new("CONTEXT") { Description = "The context's name." };

    public Option<int> Seed { get; } = new("--seed")
    {
        Description = "Of the random numbers that stand for a model's keys, values and queries.", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    public SpreadContext Open(ParseResult result, IGrainFactory grains) => new(grains, result.GetRequiredValue(Name), Patience);
}
