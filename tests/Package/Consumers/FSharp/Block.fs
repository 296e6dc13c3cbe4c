namespace Blocks

open AttentionGen

[<Sealed; AttentionConfig(Heads = 2, DModel = 32)>]
type Block() =
    member _.Width = 32
