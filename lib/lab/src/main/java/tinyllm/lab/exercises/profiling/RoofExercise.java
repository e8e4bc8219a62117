package tinyllm.lab.exercises.profiling;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.profile.Roof;
import tinyllm.profile.RoofFn;
import tinyllm.profile.Work;

/** Exercise "4.6 roofline". */
public final class RoofExercise {

    private record Task(Work work, double flopsPerSecond, double bytesPerSecond) {}

    public static final Exercise<RoofFn> ROOFLINE = Exercise.of("4.6 roofline", RoofFn.class)
            .title("What a machine can reach at best")
            .reference(Roof::new)
            .hint(
                    "Two times: one if only the bytes counted, one if only the operations did. Both go on at the same time.")
            .hint("seconds is the larger of work.flops() / flopsPerSecond and work.bytes() / bytesPerSecond.")
            .hint("memoryBound compares the same two times: memory decides where its time is the longer one.")
            .check(situation("one token, float32", 0.5, 100e9, 12e9))
            .check(situation("a prompt", 60, 100e9, 12e9))
            .check(situation("just left of the ridge", 0.9 * 100 / 12, 100e9, 12e9))
            .check(situation("just right of the ridge", 1.1 * 100 / 12, 100e9, 12e9))
            .check(situation("exactly at the ridge", 2, 100e9, 50e9))
            .check(situation("a GPU: more of both", 40, 60e12, 3e12))
            .check(situation("a machine of much memory", 3, 5e9, 50e9))
            .check(Case.of(
                    "bytes alone",
                    seed -> new Task(new Work(0, new Draw(seed).between(1, 90) * 1e6), 1e11, 1e10),
                    RoofExercise::seen))
            .mistake(
                    "one after the other",
                    "The two times were added. While one part of the data is computed with, the next one is on its way: the"
                            + " slower of the two decides, not their sum.",
                    of((compute, memory) -> compute + memory, (compute, memory) -> memory > compute))
            .mistake(
                    "the faster one decides",
                    "The shorter time came back. The work is done when the slower one of memory and arithmetic is done.",
                    of(Math::min, (compute, memory) -> memory > compute))
            .mistake(
                    "memory alone",
                    "Only the bytes counted. With many operations per byte arithmetic takes longer.",
                    of((compute, memory) -> memory, (compute, memory) -> true))
            .mistake(
                    "arithmetic alone",
                    "Only the operations counted. With few operations per byte memory takes longer: that is every decode step.",
                    of((compute, memory) -> compute, (compute, memory) -> false))
            .mistake(
                    "the bound upside down",
                    "The time is right, and the bound is upside down: work is bound by memory where memory takes longer.",
                    of(Math::max, (compute, memory) -> memory < compute))
            .mistake(
                    "bound by one operation per byte",
                    "Whether memory decides depends on the machine, not only on the work: the limit lies at flopsPerSecond /"
                            + " bytesPerSecond operations per byte, not at 1.",
                    () -> new RoofFn() {
                        @Override
                        public double seconds(Work work, double flops, double bytes) {
                            return Math.max(work.flops() / flops, work.bytes() / bytes);
                        }

                        @Override
                        public boolean memoryBound(Work work, double flops, double bytes) {
                            return work.flops() < work.bytes();
                        }
                    })
            .mistake(
                    "ceilings exchanged",
                    "Operations were divided by bytes per second, and bytes by operations per second.",
                    () -> new RoofFn() {
                        @Override
                        public double seconds(Work work, double flops, double bytes) {
                            return Math.max(work.flops() / bytes, work.bytes() / flops);
                        }

                        @Override
                        public boolean memoryBound(Work work, double flops, double bytes) {
                            return work.bytes() / flops > work.flops() / bytes;
                        }
                    })
            .mistake(
                    "a speed, not a time",
                    "This is how many operations a second can be reached. Asked for are the seconds that the work takes.",
                    () -> new RoofFn() {
                        @Override
                        public double seconds(Work work, double flops, double bytes) {
                            return Math.min(flops, work.flops() / work.bytes() * bytes);
                        }

                        @Override
                        public boolean memoryBound(Work work, double flops, double bytes) {
                            return work.bytes() / bytes > work.flops() / flops;
                        }
                    })
            .build();

    private RoofExercise() {}

    private interface Time {
        double of(double compute, double memory);
    }

    private interface Bound {
        boolean of(double compute, double memory);
    }

    private static Supplier<RoofFn> of(Time time, Bound bound) {
        return () -> new RoofFn() {
            @Override
            public double seconds(Work work, double flops, double bytes) {
                return time.of(work.flops() / flops, work.bytes() / bytes);
            }

            @Override
            public boolean memoryBound(Work work, double flops, double bytes) {
                return bound.of(work.flops() / flops, work.bytes() / bytes);
            }
        };
    }

    private static Case<RoofFn> situation(String name, double opsPerByte, double flops, double bytes) {
        return Case.of(
                name,
                seed -> {
                    double size = new Draw(seed).between(1, 900) * 1e6;
                    return new Task(new Work(opsPerByte * size, size), flops, bytes);
                },
                RoofExercise::seen);
    }

    private static Map<String, Object> seen(RoofFn answer, Task task) {
        Map<String, Object> seen = new LinkedHashMap<>();
        seen.put("milliseconds", 1e3 * answer.seconds(task.work(), task.flopsPerSecond(), task.bytesPerSecond()));
        seen.put(
                "bound by",
                answer.memoryBound(task.work(), task.flopsPerSecond(), task.bytesPerSecond())
                        ? "memory"
                        : "arithmetic");
        return seen;
    }
}
