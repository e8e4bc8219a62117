package tinyllm.lab.exercises.transformer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.SafetensorsBytes;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.weights.format.ElementType;
import tinyllm.weights.format.FormatException;
import tinyllm.weights.format.HeaderFn;
import tinyllm.weights.format.SafetensorsTensors;
import tinyllm.weights.format.StrictJson;
import tinyllm.weights.format.TensorEntry;

/** Exercise "1.5 header": the header of a safetensors file. */
public final class HeaderExercise {

    private static final List<String> DTYPES = List.of("F32", "BF16", "F16", "U8", "I64");

    public static final Exercise<HeaderFn> HEADER = Exercise.of("1.5 header", HeaderFn.class)
            .title("What a weight file says of its tensors")
            .reference(SafetensorsTensors::new)
            .hint(
                    "Three parts: 8 bytes that say how long the JSON is, the JSON, the data. Offsets in the JSON count from the"
                            + " first byte of the data.")
            .hint(
                    "ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong() reads the length n, if there are 8 bytes."
                            + " Compare n with file.length - 8 while it is still a long, and throw a FormatException when it does not"
                            + " fit.")
            .hint("The map's values are Objects: cast what belongs to a name to Map<String, Object>, its \"shape\" to"
                    + " List<Integer>, and \"data_offsets\" to List<Number>, whose longValue() works for any size.")
            .hint("For every entry but \"__metadata__\": begin and end are the two numbers of data_offsets;"
                    + " new TensorEntry(name, ElementType.valueOf(dtype), shape, 8 + n + begin, end - begin).")
            .check(situation("one tensor", seed -> file(seed, 1, false)))
            .check(situation("several tensors", seed -> file(seed, 5, false)))
            .check(situation("with __metadata__", seed -> file(seed, 3, true)))
            .check(situation("no tensor at all", seed -> new SafetensorsBytes().bytes()))
            .check(situation("a number without axes", HeaderExercise::scalar))
            .check(situation("the shortest header, {}", seed -> new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'}))
            .check(situation("a tensor named like the metadata", HeaderExercise::namedLikeMetadata))
            .check(refused("a header longer than the file", seed -> lengthened(seed, 1_000)))
            .check(refused("a file of fewer than 8 bytes", seed -> new byte[new Draw(seed).between(0, 7)]))
            .check(refused("a length below zero", seed -> withLength(file(seed, 2, false), -2)))
            .check(refused("a length past 32 bits", seed -> lengthened(seed, 1L << 32)))
            .mistake(
                    "offsets as they stand",
                    "The offsets in the JSON count from the start of the data, and the caller wants them from the start of the"
                            + " file: add 8 + n.",
                    () -> new Steps() {
                        @Override
                        long dataStart(long n) {
                            return 0;
                        }
                    })
            .mistake(
                    "big-endian",
                    "The length comes out huge, so every file is refused: ByteBuffer reads big-endian unless told"
                            + " order(ByteOrder.LITTLE_ENDIAN).",
                    () -> new Steps() {
                        @Override
                        long length(byte[] file) {
                            return ByteBuffer.wrap(file).getLong();
                        }
                    })
            .mistake(
                    "the eight bytes forgotten",
                    "Every offset is 8 too small: before the JSON stand the 8 bytes of its length.",
                    () -> new Steps() {
                        @Override
                        long dataStart(long n) {
                            return n;
                        }
                    })
            .mistake(
                    "the end taken for the size",
                    "data_offsets are begin and end; the size of the data is end - begin.",
                    () -> new Steps() {
                        @Override
                        long bytes(long begin, long end, ElementType type, List<Integer> shape) {
                            return end;
                        }
                    })
            .mistake(
                    "four bytes each",
                    "Not every element takes 4 bytes: BF16 takes 2, U8 takes 1. The file says the size: end - begin.",
                    () -> new Steps() {
                        @Override
                        long bytes(long begin, long end, ElementType type, List<Integer> shape) {
                            return 4L * shape.stream().reduce(1, (a, b) -> a * b);
                        }
                    })
            .mistake(
                    "shape reversed",
                    "The shape is reversed. Safetensors writes it as it is; only GGUF writes the last axis first.",
                    () -> new Steps() {
                        @Override
                        List<Integer> shape(List<Integer> shape) {
                            return shape.reversed();
                        }
                    })
            .mistake(
                    "metadata taken for a tensor",
                    "__metadata__ is no tensor: leave that entry out.",
                    () -> new Steps() {
                        @Override
                        boolean isTensor(String name) {
                            return true;
                        }
                    })
            .mistake(
                    "cut to 32 bits",
                    "A length of 2^32 + n was read as n: compare it with the file's length before casting it to int.",
                    () -> new Steps() {
                        @Override
                        void check(long n, byte[] file) {
                            super.check((int) n, file);
                        }
                    })
            .mistake(
                    "a file without a length",
                    "A file of fewer than 8 bytes has no length to read: look at file.length first, and refuse it with a"
                            + " FormatException.",
                    () -> new Steps() {
                        @Override
                        void checkSize(byte[] file) {}
                    })
            .mistake(
                    "the length is trusted",
                    "A length that the file cannot have was used: a file is a stranger's text. Refuse n < 2 and n > file.length - 8"
                            + " with a FormatException.",
                    () -> new Steps() {
                        @Override
                        void check(long n, byte[] file) {}
                    })
            .build();

    private HeaderExercise() {}

    private static Case<HeaderFn> situation(String name, LongFunction<byte[]> file) {
        return Case.of(name, file, HeaderExercise::run);
    }

    private static Case<HeaderFn> refused(String name, LongFunction<byte[]> file) {
        return Case.refused(name, file, HeaderExercise::run, FormatException.class);
    }

    /** Name to what is said of the tensor. */
    private static @Nullable Map<String, Object> run(HeaderFn answer, byte[] file) {
        @Nullable List<TensorEntry> entries = answer.read(file);
        if (entries == null) {
            return null;
        }
        Map<String, Object> said = new TreeMap<>();
        for (TensorEntry e : entries) {
            said.put(
                    e.name(),
                    new TreeMap<>(Map.of(
                            "dtype", e.type().name(), "shape", e.shape(), "offset", e.offset(), "bytes", e.bytes())));
        }
        return said;
    }

    private static byte[] file(long seed, int tensors, boolean metadata) {
        Draw draw = new Draw(seed);
        SafetensorsBytes file = new SafetensorsBytes();
        if (metadata) {
            file.metadata(Map.of("format", "pt"));
        }
        int[] dtypes = draw.ids(tensors, DTYPES.size());
        dtypes[tensors - 1] = 1 + draw.between(0, 3); // at least one that does not take 4 bytes an element
        for (int i = 0; i < tensors; i++) {
            String dtype = DTYPES.get(dtypes[i]);
            List<Integer> shape = List.of(draw.between(1, 4), draw.between(5, 9));
            file.tensor("model.layers." + i + ".weight", dtype, shape, data(dtype, shape));
        }
        return file.bytes();
    }

    private static byte[] scalar(long seed) {
        List<Integer> before = List.of(new Draw(seed).between(1, 9));
        return new SafetensorsBytes()
                .tensor("before", "F16", before, data("F16", before))
                .tensor("alone", "F32", List.of(), new byte[4])
                .bytes();
    }

    private static byte[] namedLikeMetadata(long seed) {
        List<Integer> shape = List.of(new Draw(seed).between(1, 9));
        return new SafetensorsBytes()
                .metadata(Map.of("format", "pt"))
                .tensor("__metadata__.weight", "F16", shape, data("F16", shape))
                .tensor("of.__metadata__", "F32", shape, data("F32", shape))
                .bytes();
    }

    private static byte[] data(String dtype, List<Integer> shape) {
        long elements = shape.stream().mapToLong(d -> d).reduce(1, (a, b) -> a * b);
        return new byte[(int) ElementType.valueOf(dtype).bytes(elements)];
    }

    private static byte[] lengthened(long seed, long by) {
        byte[] file = file(seed, 2, false);
        return withLength(file, new Steps().length(file) + by);
    }

    private static byte[] withLength(byte[] file, long length) {
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return file;
    }

    /** The right reading in steps, of which each mistake replaces one. */
    private static class Steps implements HeaderFn {

        long length(byte[] file) {
            return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        }

        void checkSize(byte[] file) {
            if (file.length < 8) {
                throw new FormatException("the file has only " + file.length + " bytes");
            }
        }

        void check(long n, byte[] file) {
            if (n < 2 || n > file.length - 8) {
                throw new FormatException("the header's length is " + n);
            }
        }

        long dataStart(long n) {
            return 8 + n;
        }

        long bytes(long begin, long end, ElementType type, List<Integer> shape) {
            return end - begin;
        }

        List<Integer> shape(List<Integer> shape) {
            return shape;
        }

        boolean isTensor(String name) {
            return !name.equals("__metadata__");
        }

        @Override
        @SuppressWarnings({"unchecked", "NullAway"}) // a missing field must fail as it does in a learner's cell
        public List<TensorEntry> read(byte[] file) {
            checkSize(file);
            long n = length(file);
            check(n, file);
            List<TensorEntry> entries = new ArrayList<>();
            StrictJson.object(Arrays.copyOfRange(file, 8, 8 + (int) n), "the header")
                    .forEach((name, value) -> {
                        if (isTensor(name)) {
                            Map<String, Object> said = (Map<String, Object>) value;
                            ElementType type = ElementType.valueOf((String) said.get("dtype"));
                            List<Integer> shape = shape((List<Integer>) said.get("shape"));
                            List<Integer> offsets = (List<Integer>) said.get("data_offsets");
                            long begin = offsets.get(0);
                            long end = offsets.get(1);
                            entries.add(new TensorEntry(
                                    name, type, shape, dataStart(n) + begin, bytes(begin, end, type, shape)));
                        }
                    });
            return entries;
        }
    }
}
