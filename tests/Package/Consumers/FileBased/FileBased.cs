#:package AttentionGen@0.2.*
#:property PublishAot=false
using AttentionGen;

System.Console.WriteLine(Block.DModel);

[AttentionConfig(Heads = 2, DModel = 32)]
internal sealed partial class Block;
