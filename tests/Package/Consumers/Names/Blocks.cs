using AttentionGen;

[AttentionConfig(Heads = 2, DModel = 16)]
internal sealed partial class Block;

namespace First
{
    [AttentionConfig(Heads = 2, DModel = 32)]
    internal sealed partial class Block;
}

namespace Second
{
    [AttentionConfig(Heads = 2, DModel = 48)]
    internal sealed partial class Block;
}

namespace Models
{
    internal static partial class Encoder
    {
        [AttentionConfig(Heads = 2, DModel = 64)]
        internal sealed partial class Block;
    }
}
