using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;

namespace AttentionGen.Tests.Support;

/// <summary>Members of the runtime as metadata writes them: two are the same line exactly where one binds to the other without compiling anew.</summary>
internal static unsafe class RuntimeMembers
{
    private const string Runtime = "AttentionGen";

    /// <summary>Types and members of the runtime that a compiled assembly refers to, and those of its interfaces that it implements.</summary>
    public static IEnumerable<string> ReferredToBy(Assembly assembly)
    {
        MetadataReader reader = Read(assembly);
        foreach (TypeReferenceHandle handle in reader.TypeReferences)
        {
            if (IsOfRuntime(reader, handle))
                yield return $"type {Names.Instance.GetTypeFromReference(reader, handle, 0)}";
        }

        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (OfRuntime(reader, member.Parent) is not { } owner)
                continue;
            yield return member.GetKind() == MemberReferenceKind.Field
                ? Field(owner, reader.GetString(member.Name), member.DecodeFieldSignature(Names.Instance, null))
                : Method(owner, reader.GetString(member.Name), member.DecodeMethodSignature(Names.Instance, null));
        }

        IEnumerable<Type> interfaces = assembly.GetTypes().SelectMany(type => type.GetInterfaces())
            .Where(type => type.Assembly.GetName().Name == Runtime)
            .Select(type => type.IsGenericType ? type.GetGenericTypeDefinition() : type);
        foreach (Type type in interfaces.Distinct())
        {
            foreach (string member in ToImplement(type.FullName!))
                yield return $"implemented {member}";
        }
    }

    /// <summary>Every line that another assembly may refer to today.</summary>
    public static IEnumerable<string> All()
    {
        MetadataReader reader = Read(typeof(AttentionShape).Assembly);
        foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            if ((type.Attributes & TypeAttributes.VisibilityMask) != TypeAttributes.Public)
                continue;
            string name = Names.Instance.GetTypeFromDefinition(reader, handle, 0);
            yield return $"type {name}";
            foreach (FieldDefinition field in type.GetFields().Select(reader.GetFieldDefinition))
            {
                if ((field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public)
                    yield return Field(name, reader.GetString(field.Name), field.DecodeSignature(Names.Instance, null));
            }

            foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition))
            {
                if ((method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public)
                    yield return Method(name, reader.GetString(method.Name), method.DecodeSignature(Names.Instance, null));
            }
        }
    }

    /// <summary>What a class must have to implement an interface of the runtime.</summary>
    /// <param name="name">The interface's name in metadata.</param>
    public static IEnumerable<string> ToImplement(string name)
    {
        MetadataReader reader = Read(typeof(AttentionShape).Assembly);
        TypeDefinition type = reader.TypeDefinitions.Where(
            handle => Names.Instance.GetTypeFromDefinition(reader, handle, 0) == name).Select(reader.GetTypeDefinition).Single();
        return [.. type.GetMethods().Select(reader.GetMethodDefinition)
            .Where(method => (method.Attributes & MethodAttributes.Abstract) != 0)
            .Select(method => Method(name, reader.GetString(method.Name), method.DecodeSignature(Names.Instance, null)))];
    }

    private static MetadataReader Read(Assembly assembly) =>
        assembly.TryGetRawMetadata(out byte* blob, out int length)
            ? new MetadataReader(blob, length)
            : throw new InvalidOperationException($"{assembly} has no metadata.");

    private static bool IsOfRuntime(MetadataReader reader, TypeReferenceHandle handle)
    {
        EntityHandle scope = reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind == HandleKind.AssemblyReference && reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name) == Runtime;
    }

    private static string? OfRuntime(MetadataReader reader, EntityHandle parent) =>
        parent.Kind == HandleKind.TypeReference && IsOfRuntime(reader, (TypeReferenceHandle)parent)
            ? Names.Instance.GetTypeFromReference(reader, (TypeReferenceHandle)parent, 0)
            : null;

    private static string Field(string owner, string name, string type) => $"{owner}.{name} -> {type}";

    private static string Method(string owner, string name, MethodSignature<string> signature) =>
        $"{(signature.Header.IsInstance ? "" : "static ")}{owner}.{name}({string.Join(", ", signature.ParameterTypes)}) -> {signature.ReturnType}";

    /// <summary>Types by their full names.</summary>
    private sealed class Names : ISignatureTypeProvider<string, object?>
    {
        public static Names Instance { get; } = new();

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            TypeDefinition type = reader.GetTypeDefinition(handle);
            return Full(reader, type.Namespace, type.Name);
        }

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            TypeReference type = reader.GetTypeReference(handle);
            return Full(reader, type.Namespace, type.Name);
        }

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{new string(',', shape.Rank - 1)}]";

        public string GetSZArrayType(string elementType) => $"{elementType}[]";

        public string GetByReferenceType(string elementType) => $"ref {elementType}";

        public string GetPointerType(string elementType) => $"{elementType}*";

        public string GetPinnedType(string elementType) => elementType;

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) =>
            $"{unmodifiedType} {(isRequired ? "modreq" : "modopt")}({modifier})";

        public string GetFunctionPointerType(MethodSignature<string> signature) => "function pointer";

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(", ", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        private static string Full(MetadataReader reader, StringHandle space, StringHandle name) =>
            space.IsNil ? reader.GetString(name) : $"{reader.GetString(space)}.{reader.GetString(name)}";
    }
}
