package tinyllm.weights.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
    @TempDir
    Path folder;

    private Path file(int bytes) throws IOException {
        return Files.write(folder.resolve("weights.bin"), new byte[bytes]);
    }

    private static void truncate(Path file, long length) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The pages are gone between the check and the copy: a fault inside the JVM, which has to stay a Java error. */
    @Test
    void fileCutWhileItIsRead() throws IOException {
        Path path = file(1 << 20);
        try (MappedFile mapped = MappedFile.open(path)) {
            for (int round = 0; round < 3; round++) {
                assertThatThrownBy(() -> mapped.reading(() -> {
                            truncate(path, 0);
                            byte[] copy = new byte[1 << 20];
                            MemorySegment.copy(mapped.bytes(), ValueLayout.JAVA_BYTE, 0, copy, 0, copy.length);
                            return copy;
                        }))
                        .isInstanceOf(FormatException.class)
                        .hasMessageContaining("weights.bin");
            }
        }
    }

    @Test
    void headerOfAFileThatIsCutWhileItIsRead() throws IOException {
        Path path = Files.write(folder.resolve("model.gguf"), GgufHeaderTest.good(3));
        try (MappedFile mapped = MappedFile.open(path)) {
            assertThatThrownBy(() -> mapped.reading(() -> {
                        truncate(path, 0);
                        return GgufHeader.read(mapped.bytes());
                    }))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("model.gguf");
        }
    }

    @Test
    void errorsNameTheFile() throws IOException {
        try (MappedFile mapped = MappedFile.open(file(100))) {
            assertThatThrownBy(() -> mapped.reading(() -> GgufHeader.read(mapped.bytes())))
                    .hasMessageStartingWith("weights.bin: ");
        }
    }

    @Test
    void goneOrNoFile() throws IOException {
        Path path = file(10);
        try (MappedFile mapped = MappedFile.open(path)) {
            Files.delete(path);
            assertThatThrownBy(() -> mapped.reading(() -> 1)).hasMessageContaining("is gone");
        }
        assertThatThrownBy(() -> MappedFile.open(path)).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> MappedFile.open(folder)).hasMessageContaining("not a plain file");
    }

    @Test
    void emptyFile() throws IOException {
        try (MappedFile mapped = MappedFile.open(file(0))) {
            assertThat(mapped.bytes().byteSize()).isZero();
        }
    }

    /** A sparse file of more than 2 GiB: offsets are longs all the way. */
    @Test
    void pastTwoGigabytes() throws IOException {
        Path path = folder.resolve("big.gguf");
        byte[] header = new GgufBuilder()
                .info("a".getBytes(java.nio.charset.StandardCharsets.UTF_8), 0, 0, 2, 1 << 20, 600)
                .info("b".getBytes(java.nio.charset.StandardCharsets.UTF_8), 0, 4L * 600 << 20, 1, 8)
                .build();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(header));
            channel.write(
                    ByteBuffer.wrap(GgufBuilder.floats(0, 0, 0, 0, 0, 0, 0, 42)), header.length + (4L * 600 << 20));
        }
        try (MappedFile mapped = MappedFile.open(path)) {
            TensorEntry b = mapped.reading(() -> GgufHeader.read(mapped.bytes()))
                    .tensors()
                    .get(1);
            assertThat(b.offset()).isGreaterThan(Integer.MAX_VALUE);
            assertThat(mapped.bytes().get(ValueLayout.JAVA_FLOAT_UNALIGNED, b.offset() + 28))
                    .isEqualTo(42f);
        }
    }
}
