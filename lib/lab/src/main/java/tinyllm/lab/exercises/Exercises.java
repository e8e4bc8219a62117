package tinyllm.lab.exercises;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.exercises.week0.BigramExercise;
import tinyllm.lab.exercises.week0.BroadcastExercise;
import tinyllm.lab.exercises.week0.ChoiceExercise;
import tinyllm.lab.exercises.week0.MatmulExercise;
import tinyllm.lab.exercises.week0.MergeExercise;
import tinyllm.lab.exercises.week0.PlanesExercise;
import tinyllm.lab.exercises.week0.RowSoftmaxExercise;
import tinyllm.lab.exercises.week1.AttentionExercises;
import tinyllm.lab.exercises.week1.AttentionLayerExercise;
import tinyllm.lab.exercises.week1.BlockExercise;
import tinyllm.lab.exercises.week1.DecoderExercise;
import tinyllm.lab.exercises.week1.EmbeddingExercise;
import tinyllm.lab.exercises.week1.GenerateExercise;
import tinyllm.lab.exercises.week1.GroupedExercise;
import tinyllm.lab.exercises.week1.HeaderExercise;
import tinyllm.lab.exercises.week1.MaskExercises;
import tinyllm.lab.exercises.week1.MlpExercises;
import tinyllm.lab.exercises.week1.MultiHeadExercise;
import tinyllm.lab.exercises.week1.NormExercise;
import tinyllm.lab.exercises.week1.Qwen3Exercise;
import tinyllm.lab.exercises.week1.RopeExercises;
import tinyllm.lab.exercises.week1.SoftmaxExercise;
import tinyllm.lab.exercises.week1.TemperatureExercise;
import tinyllm.lab.exercises.week1.TemplateExercise;
import tinyllm.lab.exercises.week1.TopKExercise;
import tinyllm.lab.exercises.week1.TopPExercise;
import tinyllm.lab.exercises.week1.WarmUpExercise;
import tinyllm.lab.exercises.week2.CacheExercise;
import tinyllm.lab.exercises.week2.CachedLoopExercise;
import tinyllm.lab.exercises.week2.ChunkExercise;
import tinyllm.lab.exercises.week2.ChunkedExercise;
import tinyllm.lab.exercises.week2.CppAttentionExercise;
import tinyllm.lab.exercises.week2.CppLinearExercise;
import tinyllm.lab.exercises.week2.DecodeExercises;
import tinyllm.lab.exercises.week2.ElementKernels;
import tinyllm.lab.exercises.week2.GroupExercise;
import tinyllm.lab.exercises.week2.JoinExercise;
import tinyllm.lab.exercises.week2.LinearExercises;
import tinyllm.lab.exercises.week2.LinearKernel;
import tinyllm.lab.exercises.week2.MatrixKernels;
import tinyllm.lab.exercises.week2.MatvecKernels;
import tinyllm.lab.exercises.week2.OnlineExercise;
import tinyllm.lab.exercises.week2.PackingExercise;
import tinyllm.lab.exercises.week2.PaddedBatchExercise;
import tinyllm.lab.exercises.week2.PartialsExercise;
import tinyllm.lab.exercises.week2.PrefillExercises;
import tinyllm.lab.exercises.week2.ReuseExercise;
import tinyllm.lab.exercises.week2.RopeKernel;
import tinyllm.lab.exercises.week2.RowKernelExercises;
import tinyllm.lab.exercises.week2.SchedulerExercise;
import tinyllm.lab.exercises.week2.TileKernels;
import tinyllm.lab.exercises.week2.TiledExercises;
import tinyllm.lab.exercises.week3.BlockTableExercise;
import tinyllm.lab.exercises.week3.CancelExercise;
import tinyllm.lab.exercises.week3.DeltaExercise;
import tinyllm.lab.exercises.week3.EventsExercise;
import tinyllm.lab.exercises.week3.EvictionExercise;
import tinyllm.lab.exercises.week3.KeepExercises;
import tinyllm.lab.exercises.week3.KvCodecExercise;
import tinyllm.lab.exercises.week3.PageKeysExercise;
import tinyllm.lab.exercises.week3.PagedCacheExercise;
import tinyllm.lab.exercises.week3.PagedExercises;
import tinyllm.lab.exercises.week3.PolicyExercise;
import tinyllm.lab.exercises.week3.PoolExercise;
import tinyllm.lab.exercises.week3.SharedPagesExercise;
import tinyllm.lab.exercises.week4.AllowedTokensExercise;
import tinyllm.lab.exercises.week4.DerivativeExercise;
import tinyllm.lab.exercises.week4.MinPExercise;
import tinyllm.lab.exercises.week4.PenaltyExercises;
import tinyllm.lab.exercises.week4.RoofExercise;
import tinyllm.lab.exercises.week4.StopwatchExercise;
import tinyllm.lab.exercises.week4.WorkExercise;

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
