extern alias train;
using train::AttentionGen.Samples.Train;

namespace AttentionGen.Tests.Models;

/// <summary>The sample that trains: its gradients, and runs that break off.</summary>
public sealed class TrainTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("train").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Every part of the model passes gradients on: along a direction in each tensor the loss changes as its gradient says.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_loss_changes_as_the_gradients_say(bool isWhole)
    {
        const float Step = 1 / 256f;
        var task = new InductionTask();
        int[] tokens = new int[4 * task.Length], labels = new int[tokens.Length];
        task.Fill(1, 1, tokens, labels, new bool[tokens.Length]);
        CausalModel model = ModelFactory.Create(new TrainingPlan(task, 2, 4, 10, 1, null, 1, isWhole), null, batch: 4, width: TrainingRun.Width);
        model.Step(tokens, labels);
        float[][] gradients = [.. model.Tensors.Select(tensor => tensor.Gradient.ToArray())];
        for (int index = 0; index < model.Tensors.Length; index++)
        {
            GradientTensor tensor = model.Tensors[index];
            float[] before = tensor.Values.ToArray(), gradient = gradients[index];
            float norm = MathF.Sqrt(gradient.Sum(slope => slope * slope));
            if (norm < 1e-6f)
            {
                // A key bias moves all scores of a row alike where nothing is rotated; here it must count.
                Assert.DoesNotContain("weight", tensor.Name);
                continue;
            }

            double expected = (Moved(Step) - Moved(-Step)) / (2 * Step);
            Assert.True(Math.Abs(expected - norm) <= 0.01 * norm + 1e-4, $"{tensor.Name}: differences give {expected:R}, the gradient gives {norm:R}.");

            double Moved(float step)
            {
                for (int i = 0; i < before.Length; i++)
                    tensor.Values.Span[i] = before[i] + (step * gradient[i] / norm);
                model.Pack();
                double loss = model.Step(tokens, labels);
                before.CopyTo(tensor.Values);
                return loss;
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_that_breaks_off_goes_on_to_the_same_bits(bool isWhole)
    {
        string whole = Train("whole", breakAt: 0, threads: 1, isWhole);
        string broken = Train("broken", breakAt: 5, threads: 2, isWhole);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "model.safetensors")), File.ReadAllBytes(Path.Combine(broken, "model.safetensors")));
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "checkpoint.safetensors")), File.ReadAllBytes(Path.Combine(broken, "checkpoint.safetensors")));
        var other = new TrainingPlan(new InductionTask(), 2, 2, 12, 1, whole, 1);
        Assert.Contains("4 heads", Assert.Throws<InvalidDataException>(() => new TrainingRun(other, resume: true)).Message);
    }

    /// <summary>From the second period on a sequence repeats what was, and no token comes twice in a period.</summary>
    [Fact]
    public void Sequences_repeat_and_their_labels_are_the_tokens_after()
    {
        var task = new InductionTask();
        int[] tokens = new int[200 * task.Length], labels = new int[tokens.Length], again = new int[tokens.Length];
        bool[] repeated = new bool[tokens.Length];
        task.Fill(3, 7, tokens, labels, repeated);
        var periods = new HashSet<int>();
        for (int start = 0; start < tokens.Length; start += task.Length)
        {
            int period = Array.IndexOf(repeated, true, start) - start;
            periods.Add(period);
            for (int place = 0; place < task.Length; place++)
            {
                Assert.Equal(place >= period, repeated[start + place]);
                if (place + 1 < task.Length)
                    Assert.Equal(tokens[start + place + 1], labels[start + place]);
                if (place >= period)
                    Assert.Equal(tokens[start + place - period], tokens[start + place]);
            }

            Assert.Equal(period, tokens.AsSpan(start, period).ToArray().Distinct().Count());
        }

        Assert.Equal(17, periods.Count);
        task.Fill(3, 7, again, labels, repeated);
        Assert.Equal(tokens, again);
        task.Fill(4, 7, again, labels, repeated);
        Assert.NotEqual(tokens, again);
    }

    [Fact]
    public void The_table_reads_what_explain_wrote()
    {
        string path = Path.Combine(folder, "explained.json");
        File.WriteAllText(path, """{"name":"train-h4-d64-s48","forward":13.4,"bound":10.5}""");
        Assert.Equal([new Explained(Explained.WorkloadOf(4), 13.4, 10.5)], Explained.Read([path]));
        foreach (string other in (string[])["{}", "null", "", "[1]"])
        {
            File.WriteAllText(path, other);
            Assert.Contains("is no file of explain", Assert.Throws<InvalidDataException>(() => Explained.Read([path])).Message);
        }
    }

    private string Train(string name, int breakAt, int threads, bool isWhole)
    {
        var plan = new TrainingPlan(new InductionTask(), 2, 4, 12, 1, Directory.CreateDirectory(Path.Combine(folder, name)).FullName, threads, isWhole);
        using var stop = new CancellationTokenSource();
        if (breakAt > 0)
        {
            Assert.Throws<OperationCanceledException>(() => new TrainingRun(plan, resume: false).Train((step, _) =>
            {
                if (step == breakAt)
                    stop.Cancel();
            }, stop.Token));
        }

        new TrainingRun(plan, resume: breakAt > 0).Train((_, _) => { }, CancellationToken.None);
        return plan.Folder!;
    }
}
