package tinyllm.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts a class of the tests as a process of its own: one that may be killed, or that gets less than this one. */
final class ChildJvm {

    private ChildJvm() {}

    /** A process that runs {@code main}, quick to start. */
    static ProcessBuilder of(Class<?> main, String... arguments) {
        return under(List.of(), main, arguments);
    }

    /** The same, started by a command that changes its surroundings first; the command ends in what it has to run. */
    static ProcessBuilder under(List<String> wrapper, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true);
    }

    /** A wrapper under which no file may grow beyond so many kilobytes: the system refuses the write, as a full disk does. */
    static List<String> fileLimit(int kilobytes) {
        return List.of("bash", "-c", "ulimit -f " + kilobytes + " && exec \"$@\"", "limited");
    }
}
