package tinyllm.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs one load on memory and prints what it saw as {@code name=number}. */
final class MemoryRuns {
    private MemoryRuns() {}

    public static void main(String[] arguments) throws IOException {
        switch (arguments[0]) {
            case "temporaries" -> temporaries(Integer.parseInt(arguments[1]));
            case "oneScope" -> oneScope(Integer.parseInt(arguments[1]));
            case "unscoped" -> unscoped(Integer.parseInt(arguments[1]));
            case "chain" -> chain(Integer.parseInt(arguments[1]));
            case "budget" -> budget(16 << 20);
            case "huge" -> budget(Integer.MAX_VALUE);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        say("peak", status("VmHWM:"));
    }

    private static void temporaries(int count) throws IOException {
        Tensor x = Tensor.ones(DType.F32, 256);
        for (int i = 0; i < count; i++) {
            if (i == count / 5) {
                say("before", status("VmRSS:"));
            }
            try (Scope _ = Scope.open()) {
                Tensor y = x.add(i);
                if (i % 100 == 0) {
                    y.eval();
                }
            }
        }
        say("after", status("VmRSS:"));
        say("live", Memory.liveTensors());
    }

    private static void oneScope(int count) throws IOException {
        try (Scope _ = Scope.open()) {
            Tensor x = Tensor.ones(DType.F32, 256);
            for (int i = 0; i < count; i++) {
                Tensor y = x.add(i);
                if (i % 100 == 0) {
                    y.eval();
                }
            }
        }
        say("live", Memory.liveTensors());
    }

    private static void unscoped(int count) {
        for (int i = 0; i < count; i++) {
            Tensor.full(i, DType.F32, 1 << 20).eval();
        }
    }

    private static void chain(int length) {
        Tensor dropped = Tensor.scalar(0, DType.F64);
        Tensor read = Tensor.scalar(0, DType.F64);
        for (int i = 0; i < length; i++) {
            dropped = dropped.add(2);
            read = read.add(1);
        }
        dropped = Tensor.scalar(1);
        System.gc();
        say("sum", (long) (read.item() * dropped.item()));
    }

    /** Four ways to ask for more than there is; then six small tensors work. */
    private static void budget(int elements) {
        long refused = refused(() -> {
            List<Tensor> kept = new ArrayList<>();
            while (kept.size() < 1000) {
                kept.add(Tensor.ones(DType.F32, elements).eval());
            }
        });
        refused += refused(() -> Tensor.zeros(DType.F32, 1 << 20, 1 << 20).eval());
        refused += refused(() -> {
            List<Tensor> lazy = new ArrayList<>();
            while (lazy.size() < 1000) {
                lazy.add(Tensor.ones(DType.F32, elements));
            }
        });
        refused += refused(() -> {
            Tensor wide = Tensor.ones(DType.F32, 1 << 14, 1).broadcastTo(1 << 14, 1 << 15);
            List<Tensor> copies = new ArrayList<>();
            while (copies.size() < 1000) {
                copies.add(wide.contiguous());
            }
        });
        say("refused", refused);
        say("alive", (long) Tensor.ones(DType.F32, 6).sum().item());
    }

    private static long refused(Runnable greedy) {
        try {
            greedy.run();
            return 0;
        } catch (TensorMemoryException e) {
            System.out.println(e.getMessage());
            return 1;
        }
    }

    private static void say(String name, long value) {
        System.out.println(name + "=" + value);
    }

    /** Bytes of one line of /proc/self/status; 0 where there is none. */
    private static long status(String field) throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElse(0);
    }
}
