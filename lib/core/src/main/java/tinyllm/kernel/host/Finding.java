package tinyllm.kernel.host;

import java.util.Locale;

/**
 * One thing that is wrong in a kernel, found while it ran.
 *
 * @param line the line of the kernel's source, from 1; 0 if the finding has none
 * @param otherLine the line of the other access of a race, or 0
 * @param times how often it happened at these lines
 * @param text what happened, with the thread, the buffer and the index
 */
public record Finding(Kind kind, int line, int otherLine, long times, String text) {

    /** What the detectors know. */
    public enum Kind {
        OUT_OF_BOUNDS,
        WRITE_TO_INPUT,
        DATA_RACE,
        UNINITIALISED_READ,
        UNWRITTEN_OUTPUT,
        DIVERGENT_BARRIER,
        DIVERGENT_SIMD,
        INACTIVE_LANE,
        THREADGROUP_MEMORY,
        DIVISION_BY_ZERO,
        TIME_LIMIT,
        STACK,
        CRASH,
        MEMORY,
        JOB;

        static Kind of(String name) {
            return valueOf(name.replace('-', '_').toUpperCase(Locale.ROOT));
        }
    }

    /** The finding as one sentence: where, who, what. */
    public String sentence() {
        String where = line > 0 ? "line " + line + ": " : "";
        String often = times > 1 ? " (" + times + " times)" : "";
        return where + text + often;
    }

    @Override
    public String toString() {
        return sentence();
    }
}
