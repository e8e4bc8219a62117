package tinyllm.lab;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;
import tinyllm.cache.KvArrays;
import tinyllm.cache.KvCache;
import tinyllm.lab.chart.RoofPainter;
import tinyllm.lab.view.Picture;
import tinyllm.model.CausalLm;
import tinyllm.profile.Work;

/**
 * Work placed under this machine's ceiling: at few operations per byte memory limits the speed, at many the arithmetic does (chapters
 * 2.1 and 4.6).
 */
public final class Roofline {

    private static final int RUNS = 5;

    /**
     * One piece of work.
     *
     * @param step what it is a part of, such as "decode"; empty for none
     * @param opsPerByte operations for each byte of memory
     * @param gflops operations a second that it reached, in thousands of millions
     * @param gbPerS bytes a second that it needed for that, in thousands of millions
     * @param percentOfRoof of what this machine could reach at this intensity
     */
    public record Point(
            String step,
            String what,
            double opsPerByte,
            double ms,
            double gflops,
            double gbPerS,
            double percentOfRoof) {

        String name() {
            return step.isEmpty() ? what : what + " (" + step + ")";
        }
    }

    private final double peakGflops;
    private final double peakGbs;
    private final List<Point> points = new ArrayList<>();

    private Roofline(double peakGflops, double peakGbs) {
        this.peakGflops = peakGflops;
        this.peakGbs = peakGbs;
    }

    /** An empty one under this machine's ceilings, measured now: a large matrix product, and reading memory. */
    public static Roofline measured() {
        return of(Ceilings.matmulGflops(), Ceilings.memoryGbs());
    }

    /** An empty one under ceilings that are known. */
    public static Roofline of(double gflops, double gbPerS) {
        if (!(gflops > 0) || !(gbPerS > 0)) {
            throw new IllegalArgumentException(
                    "a ceiling lies above 0, not at " + gflops + " GFLOP/s and " + gbPerS + " GB/s");
        }
        return new Roofline(gflops, gbPerS);
    }

    /**
     * The two halves of an answer: a prompt in one step, and one token after it, by a float32 model with a cache; medians.
     *
     * @param cache makes the learner's cache
     * @param promptTokens 2 or more
     */
    public static Roofline ofSteps(CausalLm model, Supplier<? extends KvArrays> cache, int promptTokens) {
        if (promptTokens < 2) {
            throw new IllegalArgumentException("a prompt of " + promptTokens + " tokens is no prefill: give 2 or more");
        }
        int[] prompt = IntStream.range(0, promptTokens).map(i -> 100 + i % 900).toArray();
        Roofline roof = measured();
        try (KvCache memory = model.newCache(promptTokens + 1, cache.get())) {
            double prefill = Timing.medianMs(3, () -> {
                memory.rewind(memory.length());
                model.lastLogits(prompt, memory).eval();
            });
            double decode = Timing.medianMs(RUNS, () -> {
                model.lastLogits(new int[] {7}, memory).eval();
                memory.rewind(1);
            });
            return roof.with("prefill of " + promptTokens, StepWork.of(model, promptTokens, 0), prefill)
                    .with("decode of 1", StepWork.of(model, 1, promptTokens), decode);
        }
    }

    /** One more piece of work that took so many milliseconds. */
    public Roofline with(String what, Work work, double ms) {
        return with("", what, work, ms);
    }

    /** The same as a part of a step, such as "decode". */
    public Roofline with(String step, String what, Work work, double ms) {
        double gflops = work.flops() / ms / 1e6;
        double gbs = work.bytes() / ms / 1e6;
        points.add(
                new Point(step, what, work.intensity(), ms, gflops, gbs, 100 * gflops / attainable(work.intensity())));
        return this;
    }

    /** GFLOP/s that this machine could reach at this many operations per byte. */
    public double attainable(double opsPerByte) {
        return Math.min(peakGflops, opsPerByte * peakGbs);
    }

    /** Operations per byte from which on arithmetic is the limit, and memory no longer. */
    public double ridge() {
        return peakGflops / peakGbs;
    }

    public List<Point> points() {
        return List.copyOf(points);
    }

    public Table table() {
        return Tables.of(points);
    }

    /** Points under the roof, both axes logarithmic; those of one step, such as decode, in one colour. */
    public Picture chart() {
        if (points.isEmpty()) {
            throw new IllegalArgumentException("there is nothing under the roof yet: call with(…) first");
        }
        Point first = points.getFirst();
        Point last = points.getLast();
        if (points.size() > 2) {
            Point best = Collections.max(points, Comparator.comparingDouble(Point::percentOfRoof));
            Point worst = Collections.min(points, Comparator.comparingDouble(Point::percentOfRoof));
            return chart(String.format(
                    Locale.ROOT,
                    "%s reaches %.0f %% of the roof, %s %.0f %%",
                    best.name(),
                    best.percentOfRoof(),
                    worst.name(),
                    worst.percentOfRoof()));
        }
        return chart(String.format(
                Locale.ROOT,
                "%s reaches %.3g GFLOP/s, %s reaches %.3g",
                first.what(),
                first.gflops(),
                last.what(),
                last.gflops()));
    }

    /** The same with a title that states another finding. */
    public Picture chart(String title) {
        List<String> groups = points.stream().map(Point::step).distinct().toList();
        List<RoofPainter.Mark> marks = points.stream()
                .map(p -> new RoofPainter.Mark(p.what(), groups.indexOf(p.step()), p.opsPerByte(), p.gflops()))
                .toList();
        StringBuilder text = new StringBuilder(title).append(": ");
        for (Point p : points) {
            text.append(String.format(
                    Locale.ROOT,
                    "%s%s %.1f GFLOP/s, %.0f %% of the roof; ",
                    p.step().isEmpty() ? "" : p.step() + ", ",
                    p.what(),
                    p.gflops(),
                    p.percentOfRoof()));
        }
        text.append(String.format(Locale.ROOT, "roof: %.1f GB/s, then %.0f GFLOP/s.", peakGbs, peakGflops));
        return RoofPainter.paint(title, peakGflops, peakGbs, marks, groups, text.toString());
    }
}
