package tinyllm;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Dependencies point one way, and files stay small: the design's picture, held by a test. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("tinyllm");

    /** A package, and the packages of this lab that it may import. */
    private static final Map<String, List<String>> MAY_IMPORT = Map.ofEntries(
            entry("course", List.of()),
            entry("tensor", List.of()),
            entry("profile", List.of("course", "tensor")),
            entry("cache", List.of("course", "kernel", "tensor")),
            entry("arrays", List.of("course", "tensor")),
            entry("kernel", List.of("tensor", "natives", "kernel.host", "kernel.check")),
            entry("kernel.host", List.of("tensor")),
            entry("kernel.check", List.of("kernel.host")),
            entry("weights.format", List.of("course")),
            entry("text", List.of("course", "text.jinja")),
            entry("text.jinja", List.of()),
            entry("nn", List.of("course", "cache", "kernel", "tensor")),
            entry("sampling", List.of("course", "tensor", "text")),
            entry("sampling.grammar", List.of("course", "text")),
            entry("stream", List.of("course")),
            entry("sampling.json", List.of("sampling.grammar")),
            entry("weights", List.of("tensor", "weights.format")),
            entry(
                    "model",
                    List.of(
                            "course",
                            "nn",
                            "cache",
                            "kernel",
                            "profile",
                            "weights",
                            "weights.format",
                            "text",
                            "tensor")),
            entry(
                    "engine",
                    List.of(
                            "course",
                            "model",
                            "cache",
                            "kernel",
                            "sampling",
                            "sampling.grammar",
                            "sampling.json",
                            "nn",
                            "weights",
                            "weights.format",
                            "text",
                            "tensor")));

    static Stream<String> packages() {
        return MAY_IMPORT.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("packages")
    void importsOnlyWhatTheDesignAllows(String name) {
        List<String> allowed = MAY_IMPORT.getOrDefault(name, List.of());
        String home = "tinyllm." + name;
        var own = CLASSES.stream()
                .filter(c -> c.getPackageName().equals("tinyllm." + name))
                .toList();
        assertThat(own).as("classes in tinyllm.%s", name).isNotEmpty();
        var forbidden = new TreeSet<String>();
        for (var type : own) {
            for (var dependency : type.getDirectDependenciesFromSelf()) {
                String target = dependency.getTargetClass().getPackageName();
                boolean ours = target.startsWith("tinyllm.") && !target.equals(home) && !target.startsWith(home + ".");
                if (ours && !allowed.contains(target.substring("tinyllm.".length()))) {
                    forbidden.add(dependency.getDescription());
                }
            }
        }
        assertThat(forbidden).isEmpty();
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("tinyllm.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    /** What a chapter teaches is never called ready-made, except in {@code kernel}, where ready-made things live. */
    @Test
    void onlyTensorsAndKernelsTouchThePresets() {
        noClasses()
                .that()
                .resideOutsideOfPackages("tinyllm.tensor..", "tinyllm.kernel..", "tinyllm.natives..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.bytedeco..", "tinyllm.natives..")
                .check(CLASSES);
    }

    /** Layers know a cache by its interface alone. */
    @Test
    void layersKnowNoKindOfCache() {
        noClasses()
                .that()
                .resideInAPackage("tinyllm.nn..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("tinyllm\\.cache\\.(?!KvCache$|KeysValues$|package-info$).*")
                .check(CLASSES);
    }

    /** Pages are counted, and found by their content, without any memory. */
    @Test
    void countingPagesKnowsNoMemory() {
        noClasses()
                .that()
                .haveNameMatching(
                        "tinyllm\\.cache\\.(PagePool|PagesException|PageList|FreeList|SharedPages|ListedPages|PrefixIndex|PageIndex|KeyedIndex|PageKeysFn|EvictFn|KeptPage).*")
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("tinyllm..", "org.bytedeco..")
                                .and(
                                        not(
                                                nameMatching(
                                                        "tinyllm\\.cache\\.(PagePool|PagesException|PageList|FreeList|SharedPages|ListedPages|PrefixIndex|PageIndex|KeyedIndex|PageKeysFn|EvictFn|KeptPage).*"))))
                .check(CLASSES);
    }

    /** Policy knows no tensors: a test drives these in microseconds, without a native library. */
    @Test
    void schedulingKnowsCountsAlone() {
        noClasses()
                .that()
                .haveNameMatching(
                        "tinyllm\\.engine\\.(Scheduler|Sequence|StepPlan|StepReport|StaticBatching|QueueOrder|KnownPrefix"
                                + "|WaitingQueue|Roster|PlanCheck|Policy|ShortestWithAgeing|Simulation|StepCost).*")
                .should()
                .dependOnClassesThat(resideInAnyPackage("tinyllm..")
                        .and(not(resideInAnyPackage("tinyllm.engine", "tinyllm.course"))))
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(CLASSES);
    }

    /** Clocks that jump decide nothing (and no test can wait for them). */
    @Test
    void theEngineMeasuresByAMonotonicClock() {
        noClasses()
                .that()
                .resideInAPackage("tinyllm.engine..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.time.Clock")
                .check(CLASSES);
    }

    @Test
    void noFusedOperationIsCalled() {
        var readyMade = List.of(
                "rms_norm",
                "layer_norm",
                "rope",
                "scaled_dot_product_attention",
                "quantized_matmul",
                "dequantize",
                "gather_qmm",
                "softmax");
        var calls = new TreeSet<String>();
        CLASSES.stream()
                .filter(c -> !c.getPackageName().equals("tinyllm.kernel"))
                .flatMap(c -> c.getMethodCallsFromSelf().stream())
                .filter(call -> call.getTargetOwner().getPackageName().startsWith("org.bytedeco"))
                .filter(call -> readyMade.contains(call.getName()))
                .forEach(call -> calls.add(call.getDescription()));
        assertThat(calls).isEmpty();
    }

    @Test
    void nothingDeserialisesJavaObjects() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.io.ObjectInputStream")
                .check(CLASSES);
    }

    /** Files over the cap, each with its reason. */
    private static final Map<String, String> LONG_FILES =
            Map.of("Tensor.java", "one array type with every operation; the work is in the classes beside it");

    @Test
    void filesFitOnThreeScreens() throws IOException {
        var tooLong = new ArrayList<String>();
        for (Path root : List.of(Path.of("../core"), Path.of("../lab"), Path.of("../serve"))) {
            if (!Files.isDirectory(root.resolve("src/main/java"))) {
                continue;
            }
            try (Stream<Path> files = Files.walk(root.resolve("src/main/java"))) {
                for (Path file :
                        files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    long lines;
                    try (Stream<String> all = Files.lines(file)) {
                        lines = all.count();
                    }
                    if (lines > 400
                            && !LONG_FILES.containsKey(file.getFileName().toString())) {
                        tooLong.add(file + ": " + lines);
                    }
                }
            }
        }
        assertThat(tooLong).isEmpty();
    }

    @Test
    void everyPackageSaysItsIdea() {
        for (String name : MAY_IMPORT.keySet()) {
            assertThat(Path.of("src/main/java/tinyllm", name.split("\\.")).resolve("package-info.java"))
                    .content()
                    .contains("chapter");
        }
    }
}
