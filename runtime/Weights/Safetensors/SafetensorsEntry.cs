namespace AttentionGen;

/// <summary>A tensor's description, and where its bytes stand behind the header of its file. Its dimensions stand among those of its header.</summary>
internal readonly record struct SafetensorsEntry(string Name, string Type, int FirstDimension, int Rank, long Begin, long End);

/// <summary>Where a tensor is: which shard, and which of the entries in its order, or -1 where the index names a tensor that the shard does not have.</summary>
internal readonly record struct SafetensorsPlace(int Shard, int Entry)
{
    /// <summary>Whether only the index knows the tensor.</summary>
    public bool IsLost => Entry < 0;

    /// <summary>
    /// What one takes in a dictionary of names: hash, next, name and place, and a bucket; a table is up to a fifth longer than was asked for.
    /// </summary>
    public const long SlotBytes = 34;
}
