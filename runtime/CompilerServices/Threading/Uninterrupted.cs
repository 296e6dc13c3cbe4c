namespace AttentionGen.CompilerServices;

/// <summary>
/// Locks and waits that <see cref="Thread.Interrupt"/> does not end: while threads share a call, they read and write memory that is pinned and leased
/// only until the caller returns, so no thread may leave before the others have.
/// </summary>
internal static class Uninterrupted
{
    /// <summary>
    /// Does something that may lock and wait, and begins it anew where it is interrupted. The thread is interrupted again afterwards, as it would
    /// have been.
    /// </summary>
    /// <param name="state">What the action gets, so that it need not be made for each call.</param>
    /// <param name="action">What to do; where it is interrupted, it has done nothing yet.</param>
    public static void Run<T>(T state, Action<T> action)
    {
        bool isInterrupted = false;
        for (bool isDone = false; !isDone;)
        {
            try
            {
                action(state);
                isDone = true;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }

        if (isInterrupted)
            Thread.CurrentThread.Interrupt();
    }
}
