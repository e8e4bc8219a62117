package tinyllm.lab.check;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tinyllm.kernel.check.Problem;
import tinyllm.kernel.host.CompileException;
import tinyllm.kernel.host.Finding;

/** What a kernel did that no kernel may, as the compiler, the Metal checker or the host run's detectors say it, with its lines. */
public final class KernelFault extends RuntimeException {

    private static final long serialVersionUID = 1;
    private static final int SHOWN = 2;
    private static final int LONGEST = 380;

    /** At whatever place, these are the same idea: nothing orders two accesses, or not all threads come. */
    private static final List<String> IDEAS =
            List.of("DATA_RACE", "DIVERGENT", "UNINITIALISED_READ", "UNWRITTEN_OUTPUT", "INACTIVE_LANE");

    private static final Pattern LINES = Pattern.compile("\\blines? \\d+");

    private final String kinds;
    private final String first;

    private KernelFault(String message, String kinds, String first) {
        super(message.length() > LONGEST ? message.substring(0, LONGEST) + " …" : message, null, false, false);
        this.kinds = kinds;
        this.first = LINES.matcher(first).replaceAll("line");
    }

    /** @param findings one or more */
    static KernelFault of(List<Finding> findings) {
        String kinds = findings.stream()
                .map(finding -> finding.kind().name())
                .distinct()
                .sorted()
                .collect(Collectors.joining(" "));
        return new KernelFault(
                sentences(findings.stream().map(Finding::sentence).toList()),
                kinds,
                findings.getFirst().text());
    }

    static KernelFault of(CompileException e) {
        return new KernelFault(
                "it does not compile. "
                        + sentences(e.problems().stream()
                                .map(CompileException.Problem::sentence)
                                .toList()),
                "COMPILE",
                e.problems().getFirst().text());
    }

    static KernelFault ofMetal(List<Problem> problems) {
        return new KernelFault(
                "it runs here, and Apple's compiler would refuse it. "
                        + sentences(problems.stream().map(Problem::sentence).toList()),
                "METAL",
                problems.getFirst().text());
    }

    private static String sentences(List<String> all) {
        String shown = all.stream().limit(SHOWN).collect(Collectors.joining("\n"));
        return all.size() <= SHOWN ? shown : shown + "\nand " + (all.size() - SHOWN) + " more like these";
    }

    /** Of the same kind: two missing barriers. Two accesses out of bounds have nothing in common. */
    boolean like(KernelFault other) {
        return kinds.equals(other.kinds)
                && List.of(kinds.split(" ")).stream()
                        .allMatch(kind -> IDEAS.stream().anyMatch(kind::startsWith));
    }

    /** Stopped for its time, which another run on another day may not be. */
    boolean isOfTime() {
        return kinds.contains("TIME_LIMIT");
    }

    /** The same thread, buffer and element, whatever the line. */
    boolean sameAs(KernelFault other) {
        return kinds.equals(other.kinds) && first.equals(other.first);
    }
}
