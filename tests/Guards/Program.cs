using System.Globalization;
using System.Reflection;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AttentionGen;
using AttentionGen.Tests.Guards;
using AttentionGen.Tests.Support;

// Arguments: a file with a line for each kernel (image, class, name, tabs between them), and for one case its numbers and the one buffer that is guarded.
// Behind the last kernel comes what the runtime does without one. Each case is named before it runs: the last line is the one to blame where the process ends.
// Behind the cases of a kernel stands a hash of all their bits.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string[] lines = File.ReadAllLines(args[0]);
int onlyKernel = args.Length > 1 ? int.Parse(args[1]) : -1, onlyCase = args.Length > 2 ? int.Parse(args[2]) : -1;
string? onlyBuffer = args.Length > 3 ? args[3] : null;
var images = new Dictionary<string, Assembly>();
int cases = 0;
for (int number = 0; number <= lines.Length; number++)
{
    if (onlyKernel >= 0 && onlyKernel != number)
        continue;
    (string Name, IEnumerable<IGuardedCase> Cases) group = number == lines.Length
        ? ("runtime", [.. GuardedCache.All(), .. GuardedMerge.All()])
        : Kernel(lines[number].Split('\t'));
    int index = 0;
    ulong bits = 0;
    foreach (IGuardedCase one in group.Cases)
    {
        if (onlyCase >= 0 && onlyCase != index++)
            continue;
        Console.WriteLine($"case {number} {(onlyCase >= 0 ? onlyCase : index++)}: {group.Name}: {one}");
        one.RunGuarded(onlyBuffer, onlyCase >= 0 ? buffer => Console.WriteLine($"buffer {buffer}") : null);
        bits = one.AddBits(bits);
        cases++;
    }

    if (onlyCase < 0)
        Console.WriteLine($"bits {bits:x16} {group.Name}");
}

Console.WriteLine($"{cases} cases, Vector512 {Vector512.IsHardwareAccelerated}, Vector256 {Vector256.IsHardwareAccelerated}, FMA {Fma.IsSupported}");

(string Name, IEnumerable<IGuardedCase> Cases) Kernel(string[] parts)
{
    if (!images.TryGetValue(parts[0], out Assembly? image))
        images.Add(parts[0], image = Assembly.LoadFrom(parts[0]));
    Type generated = image.GetType(parts[1], throwOnError: true)!;
    if (Is(typeof(ILinear<>)))
        return (parts[2], GuardedLinear.All((ILinearType)Adapt(typeof(LinearAdapter<>))));
    if (Is(typeof(ITransformerLayer<>)))
        return (parts[2], GuardedLayer.All((ILayerType)Adapt(typeof(LayerAdapter<>))));
    return (parts[2], GuardedCase.All((IKernelType)Adapt(typeof(KernelAdapter<>))));

    bool Is(Type kind) => generated.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == kind);

    object Adapt(Type adapter) => Activator.CreateInstance(adapter.MakeGenericType(generated))!;
}
