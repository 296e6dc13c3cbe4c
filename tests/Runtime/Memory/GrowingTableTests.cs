using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class GrowingTableTests
{
    private readonly List<nint> grown = [];

    [Fact]
    public void It_reaches_the_smallest_first_and_doubles_then()
    {
        GrowingTable<string> table = Create(smallest: 64, most: 1000);
        Assert.Equal("64", table.Ensure(0));
        Assert.Equal("64", table.Ensure(64));
        Assert.Equal("64 128", table.Ensure(65));
        Assert.Equal("64 128 300", table.Ensure(300));
        Assert.Equal("64 128 300", table.Ensure(1));
        Assert.Equal([64, 128, 300], grown);
    }

    [Fact]
    public void It_does_not_double_beyond_the_most_and_still_makes_what_is_asked_for()
    {
        GrowingTable<string> table = Create(smallest: 64, most: 100);
        Assert.Equal("70", table.Ensure(70));
        Assert.Equal("70 100", table.Ensure(71));
        // More than there can be: the maker of the table says so.
        Assert.Equal("70 100 101", table.Ensure(101));
    }

    [Fact]
    public void A_table_that_reaches_further_than_was_asked_grows_later()
    {
        GrowingTable<string> table = new(smallest: 10, most: 1000, (_, reach) =>
        {
            grown.Add(reach);
            return ("", reach + 5);
        });
        table.Ensure(10);
        table.Ensure(15);
        table.Ensure(16);
        Assert.Equal([10, 30], grown);
    }

    [Fact]
    public void A_failure_leaves_the_table_as_it_was()
    {
        GrowingTable<string> table = new(smallest: 10, most: 1000, (_, reach) => reach > 20 ? throw new OutOfMemoryException() : ("small", reach));
        table.Ensure(10);
        Assert.Throws<OutOfMemoryException>(() => table.Ensure(50));
        Assert.Equal("small", table.Ensure(10));
    }

    [Fact]
    public async Task Callers_at_once_make_it_once()
    {
        GrowingTable<string> table = Create(smallest: 64, most: 1000);
        using var start = new Barrier(4);
        string[] found = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return table.Ensure(200);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.All(found, one => Assert.Same(found[0], one));
        Assert.Equal([200], grown);
    }

    private GrowingTable<string> Create(nint smallest, nint most) => new(smallest, most, (old, reach) =>
    {
        grown.Add(reach);
        return ($"{old} {reach}".TrimStart(), reach);
    });
}
