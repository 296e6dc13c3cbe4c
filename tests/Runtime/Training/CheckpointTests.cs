using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>A run of training that is killed, or fails, at any point of writing a checkpoint goes on from the last whole one to the same bits.</summary>
public sealed class CheckpointTests : IDisposable
{
    private const int LastStep = 6;

    private static readonly AttentionShape Shape =
        TestNumbers.Shape(2, 4, 8) with { QueryKeyNorm = QueryKeyNorm.Rms, Sinks = true, QueryKeyNormEpsilon = 1e-6f };

    private static readonly AttentionTensorNames Names = AttentionTensorNames.Llama("model.layers.0.self_attn");

    private readonly string folder = Directory.CreateTempSubdirectory("checkpoints").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_killed_run_goes_on_to_the_same_bits()
    {
        Run whole = Run.Start();
        whole.GoOn(LastStep);
        string path = Path.Combine(folder, "checkpoint.safetensors");
        Run run = Run.Start();
        run.GoOn(2);
        run.Builder().Save(path);
        run.GoOn(4);
        // What the disk holds before, between and after all writes of the second checkpoint.
        var snapshots = new List<string>();
        FileWriting.Save(path, stream =>
        {
            using var watched = new WatchedStream(stream, written => snapshots.Add(Snapshot(snapshots.Count, path, written)));
            run.Builder().Save(watched);
            snapshots.Add(Snapshot(snapshots.Count, path, watched.Written));
        });
        snapshots.Add(Snapshot(snapshots.Count, path, null));
        Assert.InRange(snapshots.Count, 10, 200);
        Assert.Equal(4, Run.From(Path.Combine(snapshots[^1], "checkpoint.safetensors")).Steps);
        foreach (string snapshot in snapshots)
        {
            Run resumed = Run.From(Path.Combine(snapshot, "checkpoint.safetensors"));
            resumed.GoOn(LastStep);
            resumed.AssertSameBits(whole);
            // A new checkpoint replaces what the killed run left.
            resumed.Builder().Save(Path.Combine(snapshot, "checkpoint.safetensors"));
            Assert.Single(Directory.GetFiles(snapshot));
        }
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_leaves_the_last_one()
    {
        string path = Path.Combine(folder, "checkpoint.safetensors");
        Run run = Run.Start();
        run.GoOn(2);
        run.Builder().Save(path);
        byte[] before = File.ReadAllBytes(path);
        run.GoOn(3);
        for (int writes = 0, failed = 1; failed > 0; writes++)
        {
            failed = 0;
            int left = writes;
            try
            {
                FileWriting.Save(path, stream =>
                {
                    using var watched = new WatchedStream(stream, _ =>
                    {
                        if (left-- == 0)
                            throw new IOException("No space left.");
                    });
                    run.Builder().Save(watched);
                });
            }
            catch (IOException)
            {
                failed = 1;
                Assert.Equal(before, File.ReadAllBytes(path));
                Assert.Single(Directory.GetFiles(folder));
            }
        }

        Assert.Equal(3, Run.From(path).Steps);
    }

    [Fact]
    public void A_file_without_the_state_of_these_tensors_is_refused_and_nothing_is_taken()
    {
        string path = Path.Combine(folder, "other.safetensors");
        Run run = Run.Start();
        run.GoOn(2);
        var other = new AdamW([new("other", new float[3], new float[3])]);
        var longer = new AdamW([.. Tensors.Of(run.Weights).Select(tensor => new GradientTensor(tensor.Name, new float[999], new float[999]))]);
        foreach (Action<SafetensorsBuilder> add in (Action<SafetensorsBuilder>[])[_ => { }, other.AddTo, longer.AddTo])
        {
            var builder = new SafetensorsBuilder();
            add(builder);
            builder.Save(path);
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Throws<InvalidDataException>(() => run.Optimiser.Restore(file));
        }

        Run whole = Run.Start();
        whole.GoOn(3);
        run.GoOn(3);
        run.AssertSameBits(whole);
    }

    /// <summary>What a kill at this moment leaves: whole files, and what has been written of the one that is open.</summary>
    private string Snapshot(int index, string path, byte[]? written)
    {
        string copy = Directory.CreateDirectory(Path.Combine(folder, $"snapshot{index}")).FullName;
        string[] open = [.. Directory.GetFiles(folder).Where(file => file != path)];
        if (File.Exists(path) && (written is null || open.Length > 0))
            File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
        else
            open = [path];
        Assert.Equal(written is null ? 0 : 1, open.Length);
        foreach (string file in open)
            File.WriteAllBytes(Path.Combine(copy, Path.GetFileName(file)), written!);
        return copy;
    }

    /// <summary>A run whose gradients depend on the weights and on the number of the step.</summary>
    private sealed class Run
    {
        private readonly GradientTensor[] tensors;

        private Run(AttentionWeights weights)
        {
            Weights = weights;
            tensors = [.. Tensors.Of(weights).Select(tensor => new GradientTensor(tensor.Name, tensor.Values, new float[tensor.Values.Length]))];
            Optimiser = new AdamW(tensors) { LearningRate = 0.01 };
        }

        public AttentionWeights Weights { get; }

        public AdamW Optimiser { get; }

        public long Steps => Optimiser.Steps;

        public static Run Start() => new(AttentionWeights.Random(Shape, 1));

        public static Run From(string path)
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            var run = new Run(AttentionWeights.From(file, Names));
            run.Optimiser.Restore(file);
            return run;
        }

        public void GoOn(int to)
        {
            while (Steps < to)
            {
                foreach ((_, Memory<float> values, Memory<float> gradient) in tensors)
                {
                    float[] noise = TestNumbers.Random((int)Steps, values.Length);
                    for (int i = 0; i < noise.Length; i++)
                        gradient.Span[i] = values.Span[i] + noise[i];
                }

                Optimiser.Step();
            }
        }

        public SafetensorsBuilder Builder()
        {
            var builder = new SafetensorsBuilder();
            Weights.AddTo(builder, Names, Shape);
            Optimiser.AddTo(builder);
            return builder;
        }

        public void AssertSameBits(Run other)
        {
            foreach ((GradientTensor one, GradientTensor two) in tensors.Zip(other.tensors))
                Compare.SameBits(one.Values.Span, two.Values.Span, 1, one.Name);
        }
    }

    /// <summary>Tells before every write, and makes small writes of large ones.</summary>
    private sealed class WatchedStream(Stream inner, Action<byte[]> before) : Stream
    {
        private readonly MemoryStream written = new();

        public byte[] Written => written.ToArray();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            const int Part = 199;
            for (int start = 0; start < buffer.Length; start += Part)
            {
                before(Written);
                ReadOnlySpan<byte> part = buffer.Slice(start, Math.Min(Part, buffer.Length - start));
                inner.Write(part);
                written.Write(part);
                inner.Flush();
            }
        }
    }
}
