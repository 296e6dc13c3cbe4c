namespace AttentionGen.Samples.Stories;

/// <summary>Tells a story: reads the prompt in one call, then decodes token by token.</summary>
public static class StoryTeller
{
    /// <summary>Writes the prompt and what follows, each token as soon as it is known.</summary>
    /// <param name="model">A model that has seen no token yet.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="sampler">Chooses each token.</param>
    /// <param name="prompt">How the story begins; may be empty.</param>
    /// <param name="steps">Tokens to write, those of the prompt included; fewer if the model ends the story.</param>
    /// <param name="output">Gets UTF-8 and nothing else.</param>
    /// <returns>How many tokens the model chose.</returns>
    public static int Tell(StoryModel model, StoryTokenizer tokenizer, StorySampler sampler, string prompt, int steps, Stream output)
    {
        int[] tokens = tokenizer.Encode(prompt);
        int previous = tokens[0];
        foreach (int token in tokens.AsSpan(1, Math.Min(steps, tokens.Length - 1)))
            previous = Write(token);

        int generated = 0;
        scoped ReadOnlySpan<int> unread = tokens;
        while (tokens.Length - 1 + generated < steps)
        {
            int next = sampler.Sample(model.Forward(unread));
            if (next is StoryTokenizer.BeginOfSequence or StoryTokenizer.EndOfSequence)
                break;
            previous = Write(next);
            generated++;
            unread = new ReadOnlySpan<int>(in previous);
        }
        return generated;

        int Write(int token)
        {
            output.Write(tokenizer.Decode(previous, token));
            output.Flush();
            return token;
        }
    }
}
