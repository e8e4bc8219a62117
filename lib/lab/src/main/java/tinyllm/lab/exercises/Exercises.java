package tinyllm.lab.exercises;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.attention.AttentionExercises;
import tinyllm.lab.exercises.attention.MultiHeadExercise;
import tinyllm.lab.exercises.attention.SoftmaxExercise;
import tinyllm.lab.exercises.batching.ChunkExercise;
import tinyllm.lab.exercises.batching.ChunkedExercise;
import tinyllm.lab.exercises.batching.JoinExercise;
import tinyllm.lab.exercises.batching.PaddedBatchExercise;
import tinyllm.lab.exercises.batching.SchedulerExercise;
import tinyllm.lab.exercises.flash.cpu.CppAttentionExercise;
import tinyllm.lab.exercises.flash.cpu.OnlineExercise;
import tinyllm.lab.exercises.flash.cpu.TiledExercises;
import tinyllm.lab.exercises.flash.gpu.DecodeExercises;
import tinyllm.lab.exercises.flash.gpu.PartialsExercise;
import tinyllm.lab.exercises.flash.gpu.PrefillExercises;
import tinyllm.lab.exercises.generate.GenerateExercise;
import tinyllm.lab.exercises.generate.TemplateExercise;
import tinyllm.lab.exercises.grouped.GroupedExercise;
import tinyllm.lab.exercises.grouped.MaskExercises;
import tinyllm.lab.exercises.kvcache.CacheExercise;
import tinyllm.lab.exercises.kvcache.CachedLoopExercise;
import tinyllm.lab.exercises.kvcache.KeepExercises;
import tinyllm.lab.exercises.kvcache.KvCodecExercise;
import tinyllm.lab.exercises.kvcache.ReuseExercise;
import tinyllm.lab.exercises.metal.ElementKernels;
import tinyllm.lab.exercises.metal.LinearKernel;
import tinyllm.lab.exercises.metal.RopeKernel;
import tinyllm.lab.exercises.metal.RowKernelExercises;
import tinyllm.lab.exercises.mlp.MlpExercises;
import tinyllm.lab.exercises.mlp.NormExercise;
import tinyllm.lab.exercises.paged.BlockTableExercise;
import tinyllm.lab.exercises.paged.PagedCacheExercise;
import tinyllm.lab.exercises.paged.PagedExercises;
import tinyllm.lab.exercises.paged.PoolExercise;
import tinyllm.lab.exercises.prefix.EvictionExercise;
import tinyllm.lab.exercises.prefix.PageKeysExercise;
import tinyllm.lab.exercises.prefix.SharedPagesExercise;
import tinyllm.lab.exercises.profiling.RoofExercise;
import tinyllm.lab.exercises.profiling.StopwatchExercise;
import tinyllm.lab.exercises.profiling.WorkExercise;
import tinyllm.lab.exercises.quantized.cpu.CppLinearExercise;
import tinyllm.lab.exercises.quantized.cpu.GroupExercise;
import tinyllm.lab.exercises.quantized.cpu.LinearExercises;
import tinyllm.lab.exercises.quantized.cpu.PackingExercise;
import tinyllm.lab.exercises.quantized.gpu.MatrixKernels;
import tinyllm.lab.exercises.quantized.gpu.MatvecKernels;
import tinyllm.lab.exercises.quantized.gpu.TileKernels;
import tinyllm.lab.exercises.rope.RopeExercises;
import tinyllm.lab.exercises.sampling.AllowedTokensExercise;
import tinyllm.lab.exercises.sampling.DerivativeExercise;
import tinyllm.lab.exercises.sampling.MinPExercise;
import tinyllm.lab.exercises.sampling.PenaltyExercises;
import tinyllm.lab.exercises.sampling.TemperatureExercise;
import tinyllm.lab.exercises.sampling.TopKExercise;
import tinyllm.lab.exercises.sampling.TopPExercise;
import tinyllm.lab.exercises.server.CancelExercise;
import tinyllm.lab.exercises.server.DeltaExercise;
import tinyllm.lab.exercises.server.EventsExercise;
import tinyllm.lab.exercises.server.PolicyExercise;
import tinyllm.lab.exercises.tensors.BroadcastExercise;
import tinyllm.lab.exercises.tensors.MatmulExercise;
import tinyllm.lab.exercises.tensors.PlanesExercise;
import tinyllm.lab.exercises.tensors.RowSoftmaxExercise;
import tinyllm.lab.exercises.tensors.WarmUpExercise;
import tinyllm.lab.exercises.tokens.BigramExercise;
import tinyllm.lab.exercises.tokens.ChoiceExercise;
import tinyllm.lab.exercises.tokens.MergeExercise;
import tinyllm.lab.exercises.transformer.AttentionLayerExercise;
import tinyllm.lab.exercises.transformer.BlockExercise;
import tinyllm.lab.exercises.transformer.DecoderExercise;
import tinyllm.lab.exercises.transformer.EmbeddingExercise;
import tinyllm.lab.exercises.transformer.HeaderExercise;
import tinyllm.lab.exercises.transformer.Qwen3Exercise;

/**
 * All exercises, in reading order. A new one: write a class like {@link SoftmaxExercise} and add it to {@link #ALL}.
 */
public final class Exercises {

    private static final List<Exercise<?>> ALL = List.of(
            WarmUpExercise.WARM_UP,
            MatmulExercise.MATMUL,
            BroadcastExercise.BROADCASTING,
            PlanesExercise.PLANES,
            RowSoftmaxExercise.SOFTMAX,
            MergeExercise.MERGE,
            BigramExercise.BIGRAM,
            ChoiceExercise.SAMPLE,
            SoftmaxExercise.SOFTMAX,
            AttentionExercises.WEIGHTS,
            AttentionExercises.ATTENTION,
            MultiHeadExercise.MULTI_HEAD,
            RopeExercises.ROPE,
            RopeExercises.BOTH,
            GroupedExercise.GROUPED,
            MaskExercises.CAUSAL,
            MaskExercises.PADDING,
            NormExercise.RMSNORM,
            MlpExercises.SILU,
            MlpExercises.MLP,
            HeaderExercise.HEADER,
            EmbeddingExercise.EMBEDDING,
            AttentionLayerExercise.LAYER,
            BlockExercise.BLOCK,
            DecoderExercise.DECODER,
            Qwen3Exercise.QWEN3,
            TemplateExercise.TEMPLATE,
            GenerateExercise.GENERATE,
            TemperatureExercise.TEMPERATURE,
            TopKExercise.TOP_K,
            TopPExercise.TOP_P,
            CacheExercise.CACHE,
            CachedLoopExercise.DECODE,
            ReuseExercise.SECOND_TURN,
            StopwatchExercise.STOPWATCH,
            WorkExercise.WORK,
            RoofExercise.ROOFLINE,
            GroupExercise.GROUP,
            PackingExercise.PACKING,
            LinearExercises.LOOP,
            LinearExercises.VECTOR,
            CppLinearExercise.CPP,
            ElementKernels.AXPY,
            RowKernelExercises.SOFTMAX,
            RowKernelExercises.NORM,
            RopeKernel.ROPE,
            ElementKernels.SWIGLU,
            LinearKernel.LINEAR,
            MatvecKernels.NAIVE,
            MatvecKernels.MATVEC,
            TileKernels.TILE,
            TileKernels.REGISTERS,
            MatrixKernels.MATRICES,
            MatrixKernels.SPLIT,
            OnlineExercise.ONLINE,
            TiledExercises.TILED,
            TiledExercises.VECTOR,
            CppAttentionExercise.CPP,
            DecodeExercises.ONE,
            PartialsExercise.MERGE,
            DecodeExercises.DECODE,
            PrefillExercises.SHARED,
            PrefillExercises.SKIPPED,
            PaddedBatchExercise.PADDED,
            JoinExercise.JOIN,
            SchedulerExercise.SCHEDULER,
            ChunkExercise.CHUNKS,
            ChunkedExercise.SCHEDULER,
            PoolExercise.POOL,
            BlockTableExercise.TABLE,
            PagedCacheExercise.CACHE,
            PagedExercises.GATHERED,
            PagedExercises.WALKED,
            PagedExercises.DECODED,
            SharedPagesExercise.OWNERS,
            PageKeysExercise.KEYS,
            EvictionExercise.EVICTION,
            KvCodecExercise.CODEC,
            KeepExercises.WINDOW,
            KeepExercises.HEAVY,
            MinPExercise.MIN_P,
            PenaltyExercises.REPETITION,
            PenaltyExercises.ANSWER,
            DerivativeExercise.DERIVATIVE,
            AllowedTokensExercise.MASK,
            PolicyExercise.POLICY,
            DeltaExercise.DELTAS,
            EventsExercise.EVENTS,
            CancelExercise.CANCEL);

    private static final Map<String, Exercise<?>> BY_ID = byId();

    private Exercises() {}

    /** Every exercise, in reading order. */
    public static List<Exercise<?>> all() {
        return ALL;
    }

    /**
     * The exercise of this id.
     *
     * @throws IllegalArgumentException when there is none; the message offers the nearest ids
     */
    public static Exercise<?> get(String id) {
        Exercise<?> exercise = BY_ID.get(id.strip());
        if (exercise == null) {
            throw new IllegalArgumentException(
                    "there is no exercise \"" + id + "\"; did you mean " + String.join(" or ", nearest(id)) + "?");
        }
        return exercise;
    }

    private static List<String> nearest(String id) {
        return BY_ID.keySet().stream()
                .sorted(Comparator.comparingInt(known -> distance(known, id.strip())))
                .limit(3)
                .map(known -> "\"" + known + "\"")
                .toList();
    }

    /** Levenshtein's distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replace, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private static Map<String, Exercise<?>> byId() {
        Map<String, Exercise<?>> map = new LinkedHashMap<>();
        for (Exercise<?> exercise : ALL) {
            if (map.put(exercise.id(), exercise) != null) {
                throw new IllegalStateException("two exercises have the id \"" + exercise.id() + "\"");
            }
        }
        return map;
    }

    /** The ids of a chapter, in order. */
    public static Stream<Exercise<?>> ofChapter(String chapter) {
        return ALL.stream().filter(exercise -> exercise.chapter().equals(chapter));
    }
}
