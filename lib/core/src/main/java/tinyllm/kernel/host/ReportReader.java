package tinyllm.kernel.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The runner's report becomes records: addresses become lines of the kernel, equal lines are joined. */
final class ReportReader {
    private final SourceLines lines;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<List<Object>, HostReport.LineAccess> accesses = new LinkedHashMap<>();
    private final List<HostReport.Touch> touches = new ArrayList<>();
    private HostReport.Counts counts = HostReport.Counts.NONE;
    private boolean stopped;
    private double nanos;

    private ReportReader(SourceLines lines) {
        this.lines = lines;
    }

    static HostReport read(List<String> report, Path executable, List<String> warnings, String printed) {
        TreeSet<String> sites = new TreeSet<>();
        for (String text : report) {
            String[] field = text.split("\t", -1);
            switch (field[0]) {
                case "finding" -> sites.addAll(List.of(field[2], field[3]));
                case "access" -> sites.add(field[1]);
                case "touch" -> sites.add("P" + field[5]);
                default -> {}
            }
        }
        ReportReader reader = new ReportReader(SourceLines.of(executable, sites));
        report.forEach(text -> reader.read(text.split("\t", -1)));
        return new HostReport(
                reader.findings,
                reader.stopped,
                reader.counts,
                List.copyOf(reader.accesses.values()),
                reader.touches,
                warnings,
                reader.nanos,
                printed);
    }

    private void read(String[] field) {
        switch (field[0]) {
            case "stopped" -> stopped = true;
            case "nanos" -> nanos = Double.parseDouble(field[1]);
            case "finding" -> finding(field);
            case "access" -> access(field);
            case "counts" ->
                counts = new HostReport.Counts(
                        number(field[1]),
                        number(field[2]),
                        number(field[3]),
                        number(field[4]),
                        number(field[5]),
                        number(field[6]));
            case "touch" ->
                touches.add(new HostReport.Touch(
                        Integer.parseInt(field[1]),
                        Integer.parseInt(field[2]),
                        number(field[3]),
                        field[4].equals("w"),
                        lines.line("P" + field[5])));
            default -> {}
        }
    }

    private void finding(String[] field) {
        Finding.Kind kind = Finding.Kind.of(field[1]);
        int line = lines.line(field[2]);
        int other = lines.line(field[3]);
        boolean race = kind == Finding.Kind.DATA_RACE;
        findings.add(new Finding(
                kind,
                line == 0 && !race ? other : line,
                race ? other : 0,
                number(field[4]),
                field[5].replace("{other}", String.valueOf(other))));
    }

    private void access(String[] field) {
        int line = lines.line(field[1]);
        boolean threadgroup = field[2].equals("threadgroup");
        boolean write = field[3].equals("write");
        var one = new HostReport.LineAccess(
                line,
                threadgroup,
                write,
                number(field[4]),
                number(field[5]),
                number(field[6]),
                number(field[7]),
                number(field[8]),
                number(field[9]));
        accesses.merge(
                List.of(line, threadgroup, write),
                one,
                (a, b) -> new HostReport.LineAccess(
                        line,
                        threadgroup,
                        write,
                        a.accesses() + b.accesses(),
                        a.requests() + b.requests(),
                        a.transactions() + b.transactions(),
                        a.sectors() + b.sectors(),
                        a.bytes() + b.bytes(),
                        a.bankConflicts() + b.bankConflicts()));
    }

    private static long number(String text) {
        return Long.parseLong(text);
    }
}
