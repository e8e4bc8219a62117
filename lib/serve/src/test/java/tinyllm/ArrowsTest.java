package tinyllm;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The arrows between this module's rooms: a server knows nobody who measures it, and a load knows no server. */
@Tag("slow")
class ArrowsTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("tinyllm.server", "tinyllm.load", "tinyllm.bench", "tinyllm.cli");

    /** Rooms, and what they may not know; two dots stand for a room and those inside of it. */
    private static final Map<String, List<String>> MAY_NOT_KNOW = Map.of(
            "tinyllm.load..", List.of("tinyllm.server..", "tinyllm.bench..", "tinyllm.cli.."),
            "tinyllm.server.http..",
                    List.of("tinyllm.engine..", "tinyllm.model..", "tinyllm.server", "tinyllm.server.openai.."),
            "tinyllm.server.openai..", List.of("tinyllm.server.notebook..", "tinyllm.load..", "tinyllm.lab.."),
            "tinyllm.server", List.of("tinyllm.server.notebook..", "tinyllm.load..", "tinyllm.lab.."),
            "tinyllm.server..", List.of("tinyllm.bench..", "tinyllm.cli.."),
            "tinyllm.bench..", List.of("tinyllm.server.notebook..", "tinyllm.cli.."));

    static Stream<Arguments> arrows() {
        return MAY_NOT_KNOW.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
    }

    @ParameterizedTest
    @MethodSource("arrows")
    void pointOneWay(String room, List<String> others) {
        noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others.toArray(String[]::new))
                .check(CLASSES);
    }
}
