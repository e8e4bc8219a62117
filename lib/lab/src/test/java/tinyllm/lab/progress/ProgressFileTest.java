package tinyllm.lab.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.progress.Progress.Best;
import tinyllm.lab.progress.Progress.Entry;
import tinyllm.lab.progress.Progress.Prediction;
import tinyllm.lab.progress.Progress.State;

/** Rows K1 to K4: the progress survives damage, killed processes and company. */
@Tag("slow")
class ProgressFileTest {

    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("my").resolve("progress.json");
    }

    private ProgressFile file() {
        return new ProgressFile(path());
    }

    private Progress solved(String id) {
        return file().update(p -> p.with(id, e -> e.checked(State.SOLVED, 1_000)));
    }

    @Test
    void roundTrip() {
        file().update(p -> p.with(
                        "1.1 softmax", e -> e.checked(State.TRIED, 1_000).hinted(2))
                .predict("2.1", new Prediction(24.5, "MB")));
        solved("1.1 softmax");

        Progress read = file().read();
        assertThat(read.entry("1.1 softmax")).isEqualTo(new Entry(State.SOLVED, 2, 2, false, 1_000, 1_000));
        assertThat(read.predictions()).containsEntry("2.1", new Prediction(24.5, "MB"));
        assertThat(read.entry("1.2 rope")).isEqualTo(Entry.NONE);
    }

    @Test
    void theSmallerBestIsKeptAndMakesTheFileOfVersionTwo() throws IOException {
        solved("a");
        assertThat(path()).content().contains("\"version\" : 1").doesNotContain("bests");
        file().update(p -> p.challenged("2.2 matvec | ms", new Best(1.5, 10)));
        file().update(p -> p.challenged("2.2 matvec | ms", new Best(2.5, 20)));

        assertThat(file().read().bests()).containsExactly(Map.entry("2.2 matvec | ms", new Best(1.5, 10)));
        assertThat(file().update(p -> p.challenged("2.2 matvec | ms", new Best(0.5, 30)))
                        .bests())
                .containsValue(new Best(0.5, 30));
        assertThat(file().read().entry("a").state()).isEqualTo(State.SOLVED);
        assertThat(path()).content().contains("\"version\" : 2");
    }

    @Test
    void solvedStaysSolved() {
        solved("a");
        Progress after = file().update(p -> p.with("a", e -> e.checked(State.TRIED, 5_000)));

        assertThat(after.entry("a").state()).isEqualTo(State.SOLVED);
        assertThat(after.entry("a").solvedAt()).isEqualTo(1_000);
    }

    @Test
    void cutAtEveryByte() throws IOException {
        solved("a");
        byte[] good = Files.readAllBytes(path());
        for (int length = 0; length < good.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(good, length);
            assertThatThrownBy(() -> ProgressJson.read(cut)).isInstanceOf(ProgressFormatException.class);
        }
    }

    @Test
    void everyBitFlipped() throws IOException {
        solved("a");
        byte[] good = Files.readAllBytes(path());
        for (int bit = 0; bit < good.length * 8; bit++) {
            byte[] flipped = good.clone();
            flipped[bit / 8] ^= (byte) (1 << (bit % 8));
            assertThatThrownBy(() -> ProgressJson.read(flipped))
                    .as("bit " + bit)
                    .isInstanceOf(ProgressFormatException.class)
                    .matches(e -> !((ProgressFormatException) e).newerVersion());
        }
    }

    @Test
    void aCorruptFileIsKeptAndThePreviousIsUsed() throws IOException {
        solved("a");
        solved("b");
        Files.writeString(path(), "{ broken");

        ProgressFile file = file();
        Progress read = file.read();
        assertThat(read.entry("a").state()).isEqualTo(State.SOLVED);
        assertThat(read.entry("b").state()).isEqualTo(State.UNTRIED);
        assertThat(file.takeNotice()).get().asString().contains("progress.json.corrupt-1", "previous good copy");
        assertThat(file.takeNotice()).isEmpty();
        assertThat(path().resolveSibling("progress.json.corrupt-1")).hasContent("{ broken");
        assertThat(file().read()).isEqualTo(read);
    }

    @Test
    void aCorruptFileWithoutAPreviousOneIsKept() throws IOException {
        Files.createDirectories(path().getParent());
        Files.write(path(), new byte[] {0, 1, 2});

        assertThat(file().read()).isEqualTo(Progress.EMPTY);
        assertThat(path().resolveSibling("progress.json.corrupt-1")).hasBinaryContent(new byte[] {0, 1, 2});
    }

    @Test
    void aNewerVersionIsRefusedAndLeftAlone() throws IOException {
        solved("a");
        String newer = ProgressJson.renumbered(Files.readAllBytes(path()), 3);
        Files.writeString(path(), newer);

        assertThatThrownBy(() -> solved("b"))
                .isInstanceOf(ProgressFormatException.class)
                .hasMessageContaining("version 3")
                .hasMessageContaining("update the lab");
        assertThat(path()).hasContent(newer);
    }

    @Test
    void aMissingFileFallsBackToTheCopy() throws IOException {
        solved("a");
        solved("b");
        Files.delete(path());

        assertThat(file().read().entry("a").state()).isEqualTo(State.SOLVED);
    }

    @Test
    void aFolderThatCannotBeWrittenIsSaid() throws IOException {
        Path blocked = folder.resolve("file");
        Files.writeString(blocked, "");

        assertThatThrownBy(() -> new ProgressFile(blocked.resolve("progress.json")).update(p -> p))
                .isInstanceOf(java.io.UncheckedIOException.class)
                .hasMessageContaining("progress.json");
    }

    /** A process that may write no file beyond 1 kB: the system refuses the write, as a full disk does. */
    @Test
    void aDiskThatFillsLeavesTheOldState() throws Exception {
        for (int i = 0; i < 12; i++) {
            solved("exercise " + i);
        }
        byte[] before = Files.readAllBytes(path());
        assertThat(before.length).isGreaterThan(1024);

        Process saver = saver(List.of("bash", "-c", "ulimit -f 1 && exec \"$@\"", "limited"), "more", 1);
        String said = new String(saver.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(saver.waitFor()).as(said).isEqualTo(1);
        assertThat(said).contains("the progress in " + path() + " can't be kept", "too large");
        assertThat(path()).hasBinaryContent(before);
        try (Stream<Path> files = Files.list(path().getParent())) {
            assertThat(files.map(f -> f.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
        assertThat(solved("more").entry("exercise 0").state()).isEqualTo(State.SOLVED);
    }

    /** What another program wrote there, well formed or not: extra fields, class names, paths, a file of 4 GB. */
    @Test
    void aForeignFileIsPutAside() throws IOException {
        solved("a");
        String good = Files.readString(path());
        solved("a");
        for (String foreign : List.of(
                good.replace("\"content\"", "\"@class\" : \"java.lang.ProcessBuilder\",\n  \"content\""),
                good.replace("\"a\"", "\"../../a\""),
                good.replace("\"attempts\" : 1", "\"attempts\" : 99999999999"),
                "[".repeat(100_000))) {
            Files.writeString(path(), foreign);
            assertThat(file().read().entry("a").state()).isEqualTo(State.SOLVED);
        }
        try (RandomAccessFile sparse = new RandomAccessFile(path().toFile(), "rw")) {
            sparse.setLength(4L << 30);
        }
        ProgressFile file = file();
        assertThat(file.read().entry("a").state()).isEqualTo(State.SOLVED);
        assertThat(file.takeNotice()).get().asString().contains("more than 4194304 bytes", "corrupt-5");
        assertThat(path()).hasContent(good);
    }

    @Test
    void anInterruptedThreadStillSaves() {
        Thread.currentThread().interrupt();
        Progress after = solved("a");

        assertThat(Thread.interrupted()).isTrue();
        assertThat(after).isEqualTo(file().read());
    }

    @Test
    void twoProcessesAtOnceLoseNothing() throws Exception {
        Process one = saver(List.of(), "one", 40);
        Process two = saver(List.of(), "two", 40);
        assertThat(one.waitFor(60, TimeUnit.SECONDS) && two.waitFor(60, TimeUnit.SECONDS))
                .isTrue();

        Progress read = file().read();
        assertThat(read.entry("one").attempts()).isEqualTo(40);
        assertThat(read.entry("two").attempts()).isEqualTo(40);
    }

    /** Kills the process in the middle of its saves; the long test does it a hundred times. */
    @Test
    void killedWhileSaving() throws Exception {
        int kills = Boolean.getBoolean("tinyllm.long") ? 100 : 4;
        Random random = new Random(7);
        int before = 0;
        for (int i = 0; i < kills; i++) {
            Process saver = saver(List.of(), "a", Integer.MAX_VALUE);
            awaitAttempts(before + 1);
            Thread.sleep(random.nextInt(60));
            saver.destroyForcibly().waitFor();

            int attempts = file().read().entry("a").attempts();
            assertThat(attempts).as("kill " + i).isGreaterThan(before);
            before = attempts;
        }
        try (Stream<Path> files = Files.list(path().getParent())) {
            assertThat(files.map(f -> f.getFileName().toString())).noneMatch(name -> name.contains("corrupt"));
        }
    }

    private void awaitAttempts(int wanted) throws InterruptedException {
        for (int i = 0; i < 600 && file().read().entry("a").attempts() < wanted; i++) {
            Thread.sleep(50);
        }
    }

    /** The tests' own surroundings, or those that a wrapper makes; what it says is read by those who wait for its end. */
    private Process saver(List<String> wrapper, String id, int times) throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("surefire.real.class.path", System.getProperty("java.class.path")),
                Saver.class.getName(),
                path().toString(),
                id,
                Integer.toString(times)));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Saves again and again. */
    static final class Saver {
        public static void main(String[] args) {
            ProgressFile file = new ProgressFile(Path.of(args[0]));
            for (int i = 0; i < Integer.parseInt(args[2]); i++) {
                file.update(p -> p.with(args[1], e -> e.checked(State.TRIED, 1)));
            }
        }
    }
}
