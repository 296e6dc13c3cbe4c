using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>The row tiles of a block ask for the next panels together.</summary>
public sealed class PrefetchTests
{
    [Fact]
    public void The_shares_of_all_row_tiles_are_the_next_panels_once()
    {
        const int TileRows = 12;
        foreach (int floats in new[] { 16, 32, 64 })
        {
            foreach (int multiple in new[] { 1, 4, 16 })
            {
                for (int rows = 1; rows <= 300; rows++)
                {
                    int tiles = (rows + TileRows - 1) / TileRows;
                    nint share = Prefetch.Share(rows, TileRows, floats, multiple);
                    if (tiles == 1)
                    {
                        Assert.Equal(0, share);
                        continue;
                    }

                    Assert.Equal(0, share % multiple);
                    Assert.True(share * tiles >= floats, $"{rows} rows, {floats} floats: {tiles} tiles ask for {share} each.");
                    Assert.True((share - multiple) * tiles < floats, $"{rows} rows, {floats} floats: {tiles} tiles need not ask for {share} each.");
                }
            }
        }
    }
}
