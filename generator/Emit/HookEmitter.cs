using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
namespace AttentionGen.Generator.Emit;
internal static class HookEmitter
{
    public static void Modify(CodeWriter writer, VectorTarget target, AttentionSpec spec, string scores, string head, string query, string firstKey) { }
    public static void Predicate(CodeWriter writer, VectorTarget target, AttentionSpec spec, string scores, string head, string query, string firstKey) { }
}
