namespace AttentionGen.Tests.Properties;

/// <summary>What a public entry point may answer to bad arguments: an exception of a documented kind that says what was expected.</summary>
internal static class Refusal
{
    private static readonly string[] Sayings = ["xpect", "must be", "cannot be null", "cannot be an empty", "has no tensor", "equal to"];

    /// <summary>The exception, or null where the call went through; fails on any other exception.</summary>
    public static Exception? Of(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or InvalidDataException or NotSupportedException)
        {
            bool namesArgument = exception is not ArgumentException { ParamName: null or "" };
            Assert.True(namesArgument, $"The argument is not named: {exception}");
            bool saysWhat = exception is not (ArgumentException or InvalidOperationException) || exception is ObjectDisposedException
                || Sayings.Any(exception.Message.Contains);
            Assert.True(saysWhat, $"What was expected is not said: {exception}");
            return exception;
        }
    }

    /// <summary>Fails unless the call is refused exactly where it must be.</summary>
    public static bool Where(bool expected, string what, Action action)
    {
        Exception? exception = Of(action);
        Assert.True(expected == exception is not null, exception is null ? $"{what} went through and must not" : $"{what} must go through: {exception}");
        return exception is not null;
    }
}
