package tinyllm.kernel.host;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a run on the host saw. The counts are of the program as it was written; they say nothing of time on a GPU.
 *
 * @param findings what is wrong; empty for a good kernel
 * @param stopped whether a finding ended the run before its end; then there are no outputs
 * @param accesses what each load and store of the source did, by line
 * @param touches the first accesses of the first threadgroup, if they were asked for
 * @param warnings the compiler's, with their lines
 * @param nanos the median time of a timed run; 0 for a run with detectors
 * @param printed what a C++ kernel printed, at most 4,000 characters
 */
public record HostReport(
        List<Finding> findings,
        boolean stopped,
        Counts counts,
        List<LineAccess> accesses,
        List<Touch> touches,
        List<String> warnings,
        double nanos,
        String printed) {

    public HostReport {
        findings = List.copyOf(findings);
        accesses = List.copyOf(accesses);
        touches = List.copyOf(touches);
        warnings = List.copyOf(warnings);
    }

    /** The same report with more findings after its own. */
    HostReport with(List<Finding> more) {
        List<Finding> all = new ArrayList<>(findings);
        all.addAll(more);
        return more.isEmpty()
                ? this
                : new HostReport(all, stopped, counts, accesses, touches, warnings, nanos, printed);
    }

    /**
     * Sums over the whole grid.
     *
     * @param barriers threadgroup barriers, counted once for each group that passes
     * @param partialSimdOperations SIMD operations in which some lanes took no part
     * @param uncounted accesses beyond what is kept per group and line: the counts are lower bounds if this is not 0
     * @param threadgroupBytes threadgroup memory of one group
     */
    public record Counts(
            long barriers,
            long simdBarriers,
            long simdOperations,
            long partialSimdOperations,
            long uncounted,
            long threadgroupBytes) {
        public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0);
    }

    /**
     * One load or store of the source.
     *
     * @param threadgroup threadgroup memory, else device memory
     * @param accesses how many times a thread executed it
     * @param requests how many times a SIMD group did, its lanes together
     * @param transactions segments of 128 bytes that the requests touch, each counted once per request; device memory only
     * @param sectors the same for 32 bytes
     * @param bytes what the threads asked for
     * @param bankConflicts turns beyond the first that 32 banks of four bytes need; threadgroup memory only
     */
    public record LineAccess(
            int line,
            boolean threadgroup,
            boolean write,
            long accesses,
            long requests,
            long transactions,
            long sectors,
            long bytes,
            long bankConflicts) {

        /** Asked-for bytes over moved bytes: 1 where neighbours read neighbours, 1/8 where each float costs a sector. */
        public double efficiency() {
            return sectors == 0 ? 1 : (double) bytes / (32.0 * sectors);
        }
    }

    /** A thread's access to an element of a buffer; buffers are counted from 0, inputs first. */
    public record Touch(int thread, int buffer, long element, boolean write, int line) {}

    public boolean clean() {
        return findings.isEmpty();
    }

    public boolean has(Finding.Kind kind) {
        return findings.stream().anyMatch(f -> f.kind() == kind);
    }

    /** Transactions with device memory, reads and writes. */
    public long transactions() {
        return accesses.stream().mapToLong(LineAccess::transactions).sum();
    }

    /** Bytes that device memory moves: 32 for every sector touched. */
    public long deviceBytes() {
        return 32 * accesses.stream().mapToLong(LineAccess::sectors).sum();
    }

    public long bankConflicts() {
        return accesses.stream().mapToLong(LineAccess::bankConflicts).sum();
    }

    /** All findings, one a line. */
    public String sentences() {
        return findings.stream().map(Finding::sentence).collect(Collectors.joining("\n"));
    }
}
