package tinyllm.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import jdk.jshell.JShell;
import jdk.jshell.execution.LocalExecutionControl;
import jdk.jshell.spi.ExecutionControl.ClassBytecodes;
import jdk.jshell.spi.ExecutionControl.ClassInstallException;
import org.junit.jupiter.api.Test;

class SupertypesFirstTest {

    private interface Face {}

    private static class Base {}

    private static class Sub extends Base implements Face {}

    private static class Subsub extends Sub {}

    @Test
    void everyClassComesBehindItsSupertypesInAnyOrder() {
        List<ClassBytecodes> classes = new ArrayList<>(Stream.of(Subsub.class, Sub.class, Base.class, Face.class)
                .map(SupertypesFirstTest::bytes)
                .toList());
        for (int seed = 0; seed < 24; seed++) {
            Collections.shuffle(classes, new Random(seed));
            List<String> sorted = names(SupertypesFirst.sorted(classes.toArray(ClassBytecodes[]::new)));
            assertThat(sorted).hasSize(4);
            assertThat(sorted).containsSubsequence(name(Base.class), name(Sub.class), name(Subsub.class));
            assertThat(sorted).containsSubsequence(name(Face.class), name(Sub.class));
        }
    }

    @Test
    void classesWithoutTiesKeepTheirOrder() {
        ClassBytecodes[] given = {bytes(Subsub.class), bytes(Face.class), bytes(Base.class)};
        assertThat(names(SupertypesFirst.sorted(given))).isEqualTo(names(given));
    }

    @Test
    void whatCannotBeLoadedIsSaid() {
        List<String> said = new ArrayList<>();
        SupertypesFirst control = new SupertypesFirst(
                new LocalExecutionControl() {
                    @Override
                    public void load(ClassBytecodes[] classes) throws ClassInstallException {
                        throw new ClassInstallException("twice", new boolean[classes.length]);
                    }
                },
                said::add);
        assertThatThrownBy(() -> control.load(new ClassBytecodes[] {bytes(Base.class)}))
                .isInstanceOf(ClassInstallException.class);
        assertThat(said).singleElement().asString().contains("old ones (twice)", "restart it");
    }

    @Test
    void aShellGetsItOnce() throws ReflectiveOperationException {
        try (JShell shell = JShell.builder().executionEngine("local").build()) {
            SupertypesFirst.putInto(shell, line -> {});
            SupertypesFirst.putInto(shell, line -> {});
            assertThat(shell.eval("6 * 7").getFirst().value()).isEqualTo("42");
        }
    }

    private static List<String> names(ClassBytecodes[] classes) {
        return Arrays.stream(classes).map(ClassBytecodes::name).toList();
    }

    private static String name(Class<?> type) {
        return type.getName();
    }

    private static ClassBytecodes bytes(Class<?> type) {
        try (InputStream in = type.getResourceAsStream("/" + type.getName().replace('.', '/') + ".class")) {
            return new ClassBytecodes(type.getName(), Objects.requireNonNull(in).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
