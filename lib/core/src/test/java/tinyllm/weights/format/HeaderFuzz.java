package tinyllm.weights.format;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/**
 * Any bytes give a header or a {@link FormatException}. {@link HeaderFuzzTest} runs it in a process of its own, because Jazzer
 * instruments every class of its JVM and fuzzes one method a run.
 */
class HeaderFuzz {

    static Stream<Arguments> seeds() {
        return Stream.of(GgufHeaderTest.good(2), GgufHeaderTest.good(3), SafetensorsHeaderTest.good(), new byte[0])
                .map(Arguments::of);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "8s")
    void gguf(byte[] file) {
        try {
            check(GgufHeader.read(MemorySegment.ofArray(file)).tensors(), file);
        } catch (FormatException e) {
            // the answer for all that is no good file
        }
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "8s")
    void safetensors(byte[] file) {
        try {
            check(SafetensorsHeader.read(MemorySegment.ofArray(file)).tensors(), file);
        } catch (FormatException e) {
            // the answer for all that is no good file
        }
    }

    /** Fuzzes the method of the given name; exits with 1 when it found something. */
    public static void main(String[] arguments) {
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectMethod(
                                        HeaderFuzz.class, arguments[0], byte[].class.getName()))
                                .build(),
                        listener);
        listener.getSummary().printFailuresTo(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        boolean ran = listener.getSummary().getTestsSucceededCount() > 0;
        System.exit(ran && listener.getSummary().getTotalFailureCount() == 0 ? 0 : 1);
    }

    private static void check(List<TensorEntry> tensors, byte[] file) {
        for (TensorEntry tensor : tensors) {
            if (tensor.offset() < 0 || tensor.bytes() < 1 || tensor.end() > file.length) {
                throw new IllegalStateException("a tensor outside of its file: " + tensor);
            }
        }
    }
}
