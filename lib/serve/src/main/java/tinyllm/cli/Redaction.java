package tinyllm.cli;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tinyllm.weights.ModelFiles;

/** Takes out of a text what says whose machine it is from: folders of the home, the user's name, the machine's name. */
final class Redaction {

    /** Shorter names are syllables of other words. */
    private static final int SHORTEST_NAME = 3;

    private final Map<Pattern, String> replacements = new LinkedHashMap<>();

    /**
     * What to replace.
     *
     * @param folders folder to its stand-in; null and empty folders are passed over
     * @param users names of the user
     * @param hosts names of the machine
     */
    Redaction(Map<String, String> folders, List<String> users, List<String> hosts) {
        // The longest first: a folder inside another keeps its own stand-in.
        folders.entrySet().stream()
                .filter(entry -> entry.getKey().length() > 1)
                .sorted((a, b) -> b.getKey().length() - a.getKey().length())
                .forEach(entry -> replacements.put(Pattern.compile(Pattern.quote(entry.getKey())), entry.getValue()));
        replacements.put(Pattern.compile("(/home|/Users)/[^/\\s:;,)]+"), "~");
        hosts.forEach(host -> name(host, "HOST"));
        users.forEach(user -> name(user, "USER"));
    }

    /** What this process knows of its machine. */
    static Redaction here() {
        Map<String, String> folders = new LinkedHashMap<>();
        put(folders, System.getenv("HOME"), "~");
        put(folders, System.getenv("TINYLLM_ROOT"), "CLONE");
        put(folders, ModelFiles.home().toString(), "TINYLLM_HOME");
        List<String> users = known(System.getProperty("user.name"), System.getenv("USER"), System.getenv("LOGNAME"));
        return new Redaction(folders, users, known(System.getenv("HOSTNAME"), hostName()));
    }

    private static void put(Map<String, String> folders, @Nullable String folder, String standIn) {
        if (folder != null) {
            folders.put(folder, standIn);
        }
    }

    private static List<String> known(@Nullable String... names) {
        List<String> out = new ArrayList<>();
        for (String name : names) {
            if (name != null) {
                out.add(name);
            }
        }
        return out;
    }

    private static @Nullable String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    private void name(String name, String standIn) {
        if (name.length() >= SHORTEST_NAME && !name.equals("localhost")) {
            replacements.put(
                    Pattern.compile("(?<![\\p{L}\\p{N}])" + Pattern.quote(name) + "(?![\\p{L}\\p{N}])"), standIn);
        }
    }

    String apply(String text) {
        String out = text;
        for (Map.Entry<Pattern, String> entry : replacements.entrySet()) {
            out = entry.getKey().matcher(out).replaceAll(entry.getValue());
        }
        return out;
    }
}
