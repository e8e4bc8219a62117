import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs one module's tests without those tagged "slow", for {@code ./lab test --quick}. Several of these may serve one module side by
 * side: whoever makes a class's file in the folder of claims runs it.
 *
 * <p>Arguments: a file with the names of the test classes, a line each; the folder of claims; the file for the results. These are
 * lines whose fields a tab divides: {@code begin, class}; {@code passed|failed|skipped, class, test, message on one line};
 * {@code end, class, seconds, seconds of all cores}. Exit code 0 whatever the tests say: anything else means that the process itself has failed.
 */
public final class RunTests {

    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final PrintStream results;

    private RunTests(PrintStream results) {
        this.results = results;
    }

    public static void main(String[] arguments) throws IOException {
        Path claims = Path.of(arguments[1]);
        try (PrintStream results = new PrintStream(
                Files.newOutputStream(Path.of(arguments[2]), StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                true,
                StandardCharsets.UTF_8)) {
            RunTests tests = new RunTests(results);
            Launcher launcher = LauncherFactory.create();
            for (String name : Files.readAllLines(Path.of(arguments[0]))) {
                if (claimed(claims.resolve(name))) {
                    tests.run(launcher, name);
                }
            }
        }
        System.exit(0); // a test may have left a thread
    }

    private static boolean claimed(Path claim) {
        try {
            Files.createFile(claim);
            return true;
        } catch (FileAlreadyExistsException taken) {
            return false;
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    private void run(Launcher launcher, String name) {
        System.out.println("Running " + name);
        line("begin", name);
        long begun = System.nanoTime();
        long cpu = MACHINE.getProcessCpuTime();
        try {
            LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                    .selectors(selectClass(Class.forName(name, false, RunTests.class.getClassLoader())))
                    .filters(TagFilter.excludeTags("slow"))
                    .build();
            launcher.execute(request, new Listener(name));
        } catch (Throwable fault) { // a class that cannot be loaded must not end the others
            fault.printStackTrace();
            line("failed", name, "", fault.toString());
        }
        line("end", name, seconds(System.nanoTime() - begun), seconds(MACHINE.getProcessCpuTime() - cpu));
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / 1e9);
    }

    private void line(String... fields) {
        StringBuilder text = new StringBuilder();
        for (String field : fields) {
            text.append(text.isEmpty() ? "" : "\t").append(field.strip().replaceAll("\\s+", " "));
        }
        results.println(text);
    }

    /** Writes a line for each test, and for a class that fails or is skipped as a whole. */
    private final class Listener implements TestExecutionListener {

        private final String type;
        private TestPlan plan;

        private Listener(String type) {
            this.type = type;
        }

        @Override
        public void testPlanExecutionStarted(TestPlan started) {
            plan = started;
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            line("skipped", type, name(test), reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            Optional<Throwable> fault = result.getThrowable();
            String message = fault.map(Throwable::getMessage).or(() -> fault.map(Throwable::toString)).orElse("");
            switch (result.getStatus()) {
                case SUCCESSFUL -> {
                    if (test.isTest()) {
                        line("passed", type, name(test), "");
                    }
                }
                case ABORTED -> line("skipped", type, name(test), message);
                case FAILED -> {
                    fault.ifPresent(Throwable::printStackTrace);
                    line("failed", type, name(test), message);
                }
            }
        }

        /** The method's name, with its parameters or number where it has some, behind that of the class it is nested in. */
        private String name(TestIdentifier test) {
            String inner = plan.getParent(test)
                    .flatMap(TestIdentifier::getSource)
                    .filter(ClassSource.class::isInstance)
                    .map(source -> ((ClassSource) source).getClassName())
                    .filter(name -> name.startsWith(type + "$"))
                    .map(name -> name.substring(type.length() + 1) + ".")
                    .orElse("");
            return inner + test.getLegacyReportingName();
        }
    }
}
