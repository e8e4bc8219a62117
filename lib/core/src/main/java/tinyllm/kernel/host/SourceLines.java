package tinyllm.kernel.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which line of the kernel an instruction comes from. Functions of the headers are inlined: the debug information names the whole
 * chain of calls, and the innermost place in the kernel's own text counts.
 */
final class SourceLines {
    private static final Pattern PLACE =
            Pattern.compile("^(?:.*/)?" + Pattern.quote(HostCompiler.SOURCE) + ":(\\d+).*");

    private final Map<String, Integer> lines;

    private SourceLines(Map<String, Integer> lines) {
        this.lines = lines;
    }

    /** Sites are "L12", a line; "P40a1b2", an address; or "-", none. */
    static SourceLines of(Path executable, Collection<String> sites) {
        Map<String, Integer> lines = new HashMap<>();
        List<String> addresses = new ArrayList<>();
        for (String site : sites) {
            if (site.startsWith("L")) {
                String digits = site.substring(1);
                lines.put(site, Integer.parseInt(digits));
            } else if (site.startsWith("P")) {
                addresses.add("0x" + site.substring(1));
            }
        }
        if (!addresses.isEmpty()) {
            ask(executable, addresses, lines);
        }
        return new SourceLines(lines);
    }

    // Without addr2line (it comes with every gcc) findings have no lines, and are still right.
    private static void ask(Path executable, List<String> addresses, Map<String, Integer> lines) {
        List<String> command = new ArrayList<>(List.of("addr2line", "-a", "-i", "-e", executable.toString()));
        command.addAll(addresses);
        String text;
        try {
            text = HostCompiler.run(command, null).text();
        } catch (HostException e) {
            return;
        }
        String site = "";
        for (String answer : text.split("\n")) {
            Matcher place = PLACE.matcher(answer);
            if (answer.startsWith("0x")) {
                site = "P" + Long.toHexString(Long.parseUnsignedLong(answer.substring(2), 16));
            } else if (place.matches()) {
                lines.putIfAbsent(site, Integer.parseInt(place.group(1)));
            }
        }
    }

    /** From 1; 0 if the site is not in the kernel's text. */
    int line(String site) {
        return lines.getOrDefault(site, 0);
    }
}
