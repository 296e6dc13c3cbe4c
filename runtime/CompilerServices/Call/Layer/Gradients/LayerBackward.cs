using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The gradients of what a layer has around its attention. Norms and residual sums go row block by row block, whose sums over rows are added in ascending
/// order; of the products of the feed-forward network threads share the columns. So no bit depends on the number of threads.
/// </summary>
internal static unsafe class LayerBackward
{
    private const int BlockRows = RowNorm.SumRows;

    /// <summary>Computes a step, and adds the sums of its norms.</summary>
    public static void Run(in LayerBackwardWork call, LayerStep step)
    {
        LayerBackwardWork work = call;
        work.Step = step;
        TransformerLayerShape shape = work.Saved.Shape;
        LayerBackwardLayout layout = LayoutOf(in work);
        nint chunk = nint.Min(work.Rows, LayerBackwardLayout.ChunkRows), widest = nint.Max(chunk, nint.Max(shape.DModel, shape.FeedForwardDim));
        bool isNetwork = step == LayerStep.FeedForward;
        nint own = isNetwork
            ? MatrixProduct.ScratchFloats(widest, widest, widest)
            : work.Layer.AttentionNorm.BackwardFloats;
        int chunks = (int)((work.Rows + LayerBackwardLayout.ChunkRows - 1) / LayerBackwardLayout.ChunkRows);
        WorkSchedule schedule = isNetwork
            ? new(work.Slices, 0, own, chunks, new WorkPhase(work.Slices, 1), new WorkPhase(FeedForwardBackward.Products * work.Slices, 1))
            : new(work.Slices, 0, own, 1, new WorkPhase((int)layout.Blocks, 1));
        if (work.Slices > 1)
        {
            SharedWork<LayerBackwardWork>.Run(in work, default(NoSpanList), in schedule);
        }
        else
        {
            using ScratchLease lease = ScratchLease.Rent(schedule.ScratchFloats);
            for (int phase = 0; phase < schedule.Phases; phase++)
            {
                for (int part = 0; part < schedule[phase].Parts; part++)
                    RunPart(in work, phase, part, ref lease.Reference);
            }
        }

        if (!isNetwork)
            AddSums(in work, in layout);
    }

    /// <summary>Where everything lies.</summary>
    public static LayerBackwardLayout LayoutOf(in LayerBackwardWork work) => new(work.Saved.Shape, work.Rows, work.Layer.AttentionNorm.SumFloats);

    /// <summary>One part of a step.</summary>
    public static void RunPart(in LayerBackwardWork work, int phase, int part, ref float own)
    {
        work.CancellationToken.ThrowIfCancellationRequested();
        if (work.Step == LayerStep.FeedForward)
        {
            FeedForwardBackward.RunPart(in work, phase / 2, phase % 2, part, ref own);
            return;
        }

        var block = new Block(in work, part, ref own);
        if (work.Step == LayerStep.BeforeFeedForward)
            block.BeforeFeedForward();
        else if (work.Step == LayerStep.BeforeAttention)
            block.BeforeAttention();
        else
            block.Input();
    }

    /// <summary>Adds the sums of the norms of a step to the gradients of their weights.</summary>
    private static void AddSums(in LayerBackwardWork work, in LayerBackwardLayout layout)
    {
        TransformerLayerGradients gradients = work.Gradients;
        TransformerLayerShape shape = work.Saved.Shape;
        ref float first = ref *(work.Shared + layout.Sums);
        ref float second = ref *(work.Shared + layout.Sums + layout.NormFloats);
        void Add(ref float sums, Memory<float> weight, Memory<float> bias, RowNorm norm, nint blocks) =>
            norm.AddSums(ref sums, blocks, weight.Span, bias.Span);
        RowNorm norm = work.Layer.AttentionNorm;
        bool both = shape.NormPlacement == NormPlacement.Both, post = shape.NormPlacement == NormPlacement.Post;
        switch (work.Step)
        {
            case LayerStep.BeforeFeedForward when post:
                Add(ref first, gradients.FeedForwardNorm, gradients.FeedForwardNormBias, norm, layout.Blocks);
                break;
            case LayerStep.BeforeFeedForward when both:
                Add(ref first, gradients.FeedForwardOutputNorm, gradients.FeedForwardOutputNormBias, norm, layout.Blocks);
                break;
            case LayerStep.BeforeAttention when post:
                Add(ref first, gradients.AttentionNorm, gradients.AttentionNormBias, norm, layout.Blocks);
                break;
            case LayerStep.BeforeAttention when !shape.ParallelBranches:
                Add(ref first, gradients.FeedForwardNorm, gradients.FeedForwardNormBias, norm, layout.Blocks);
                if (both)
                    Add(ref second, gradients.AttentionOutputNorm, gradients.AttentionOutputNormBias, norm, layout.Blocks);
                break;
            case LayerStep.Input when !post:
                Add(ref first, gradients.AttentionNorm, gradients.AttentionNormBias, norm, layout.Blocks);
                if (shape.ParallelNorms)
                    Add(ref second, gradients.FeedForwardNorm, gradients.FeedForwardNormBias, norm, layout.Blocks);
                break;
        }
    }

    /// <summary>Threads pin nothing: the caller has done so.</summary>
    private readonly struct NoSpanList : ISpanList
    {
        /// <inheritdoc/>
        public int Count => 0;

        /// <inheritdoc/>
        public ref byte Start(int index, out int length) => throw new System.Diagnostics.UnreachableException();
    }

    /// <summary>A row block of a step.</summary>
    private readonly ref struct Block
    {
        private readonly ref readonly LayerBackwardWork work;
        private readonly ref float own;
        private readonly LayerBackwardLayout layout;
        private readonly nint index;
        private readonly nint rows;
        private readonly nint width;

        public Block(in LayerBackwardWork work, nint index, ref float own)
        {
            this.work = ref work;
            this.own = ref own;
            this.index = index;
            layout = LayoutOf(in work);
            width = work.Saved.Shape.DModel;
            rows = nint.Min(BlockRows, work.Rows - (index * BlockRows));
        }

        private PackedLayer Layer => work.Layer;

        private TransformerLayerShape Shape => work.Saved.Shape;

        private nint Start => index * BlockRows * width;

        private ref float Given => ref *(work.Input + Start);

        private ref float OutputGradient => ref *(work.OutputGradient + Start);

        private ref float InputGradient => ref *(work.InputGradient + Start);

        private ref float Attention => ref Unsafe.Add(ref work.Saved.Attention, Start);

        private ref float FeedForward => ref Unsafe.Add(ref work.Saved.FeedForward, Start);

        private ref float Source => ref At(layout.Source);

        private ref float Sum => ref At(layout.Sum);

        private ref float Branch => ref At(layout.Branch);

        private ref float SumGradient => ref At(layout.SumGradient);

        private ref float FeedForwardGradient => ref At(layout.FeedForwardGradient);

        private ref float AttentionGradient => ref At(layout.AttentionGradient);

        public void BeforeFeedForward()
        {
            switch (Shape.NormPlacement)
            {
                case NormPlacement.Post:
                    // The second sum stands where the first one comes later.
                    Layer.AttentionNorm.AddAndApply(
                        ref Given, width, ref Attention, width, Layer.ResidualScale, ref Sum, width, ref Source, width, rows);
                    RowSums.Add(ref Source, width, ref FeedForward, width, Layer.ResidualScale, ref AttentionGradient, width, rows, width);
                    Backward(Layer.FeedForwardNorm, ref AttentionGradient, ref OutputGradient, ref SumGradient, false, 0);
                    Scale(ref SumGradient);
                    break;
                case NormPlacement.Both:
                    Layer.AttentionResultNorm.Apply(ref Attention, width, ref Source, width, rows);
                    Layer.FeedForwardNorm.AddAndApply(ref Given, width, ref Source, width, Layer.ResidualScale, ref Sum, width, ref Source, width, rows);
                    Scale(ref OutputGradient);
                    Backward(Layer.FeedForwardResultNorm, ref FeedForward, ref Branch, ref Branch, false, 0);
                    break;
                default:
                    if (Shape.ParallelBranches)
                        (Shape.ParallelNorms ? Layer.FeedForwardNorm : Layer.AttentionNorm).Apply(ref Given, width, ref Source, width, rows);
                    else
                        Layer.FeedForwardNorm.AddAndApply(
                            ref Given, width, ref Attention, width, Layer.ResidualScale, ref Sum, width, ref Source, width, rows);
                    Scale(ref OutputGradient);
                    break;
            }
        }

        public void BeforeAttention()
        {
            switch (Shape.NormPlacement)
            {
                case NormPlacement.Post:
                    RowSums.Add(ref SumGradient, width, ref FeedForwardGradient, width, 1, ref SumGradient, width, rows, width);
                    Backward(Layer.AttentionNorm, ref Sum, ref SumGradient, ref SumGradient, false, 0);
                    Scale(ref SumGradient);
                    break;
                case NormPlacement.Pre when Shape.ParallelBranches:
                    if (Shape.ParallelNorms)
                        Layer.AttentionNorm.Apply(ref Given, width, ref Source, width, rows);
                    break;
                default:
                    StridedRows.Copy(ref OutputGradient, width, ref SumGradient, width, rows, (int)width);
                    Backward(Layer.FeedForwardNorm, ref Sum, ref FeedForwardGradient, ref SumGradient, true, 0);
                    Scale(ref SumGradient);
                    if (Shape.NormPlacement == NormPlacement.Both)
                        Backward(Layer.AttentionResultNorm, ref Attention, ref Branch, ref Branch, false, 1);
                    Layer.AttentionNorm.Apply(ref Given, width, ref Source, width, rows);
                    break;
            }
        }

        public void Input()
        {
            ref float sum = ref Shape.ParallelBranches ? ref OutputGradient : ref SumGradient;
            if (Shape.NormPlacement == NormPlacement.Post)
            {
                RowSums.Add(ref sum, width, ref AttentionGradient, width, 1, ref InputGradient, width, rows, width);
                return;
            }

            if (Shape.ParallelBranches && !Shape.ParallelNorms)
                RowSums.Add(ref AttentionGradient, width, ref FeedForwardGradient, width, 1, ref AttentionGradient, width, rows, width);
            StridedRows.Copy(ref sum, width, ref InputGradient, width, rows, (int)width);
            Backward(Layer.AttentionNorm, ref Given, ref AttentionGradient, ref InputGradient, true, 0);
            if (Shape.ParallelNorms)
                Backward(Layer.FeedForwardNorm, ref Given, ref FeedForwardGradient, ref InputGradient, true, 1);
        }

        /// <summary>The gradients of what a branch gave: those of the sum that it went into, times its factor.</summary>
        private void Scale(ref float gradient)
        {
            StridedRows.Copy(ref gradient, width, ref Branch, width, rows, (int)width);
            if (Layer.ResidualScale != 1)
                ScoreGradients.Scale(ref Branch, rows * width, Layer.ResidualScale);
        }

        private void Backward(RowNorm norm, ref float source, ref float gradient, ref float target, bool adds, nint sums) => norm.Backward(
            ref source, width, ref gradient, width, ref target, width, rows, adds,
            ref *(work.Shared + layout.Sums + (sums * layout.NormFloats) + (index * norm.SumFloats)), ref own);

        private ref float At(nint place) => ref *(work.Shared + place + Start);
    }
}
