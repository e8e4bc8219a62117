package tinyllm.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import tinyllm.bench.Machine;
import tinyllm.tensor.Device;
import tinyllm.tensor.Memory;
import tinyllm.weights.ModelFiles;
import tinyllm.weights.ModelRegistry;
import tinyllm.weights.RegisteredModel;

/** Looks at this machine with the lab's eyes. */
final class Diagnosis {

    private static final long SMALL_MACHINE = 6_000_000_000L;

    private final Machine machine = Machine.here();

    Machine machine() {
        return machine;
    }

    List<Check> checks() {
        List<Check> checks = new ArrayList<>(List.of(jdk(), compiler()));
        Check device = device();
        checks.addAll(List.of(device, bf16(device), cpu(), memory(), home(), models()));
        return checks;
    }

    private static Check jdk() {
        String found = Runtime.version().feature() + " (" + System.getProperty("java.home") + ")";
        if (Runtime.version().feature() < 25) {
            return Check.missing("JDK", found, "install a JDK 25 (https://adoptium.net) and set JAVA_HOME to it");
        }
        return ToolProvider.getSystemJavaCompiler() == null
                ? Check.missing(
                        "JDK", found, "this is a runtime without javac: install a JDK 25 (https://adoptium.net)")
                : Check.ok("JDK", found);
    }

    private static Check compiler() {
        String chosen = System.getenv("CXX");
        for (String name : Stream.of(chosen, "g++", "clang++", "c++")
                .filter(n -> n != null && !n.isBlank())
                .toList()) {
            String version = firstLine(name, "--version");
            if (version != null) {
                return Check.ok("C++ compiler", version);
            }
        }
        return Check.missing(
                "C++ compiler",
                "none",
                "install one that knows C++20 (Debian: sudo apt install g++; macOS: xcode-select --install)");
    }

    private static Check device() {
        try {
            return switch (Device.current()) {
                case METAL -> Check.ok("device", "Apple GPU (MLX Metal)");
                case CUDA -> Check.ok("device", "NVIDIA GPU (MLX CUDA)");
                case CPU -> Check.ok("device", "CPU (MLX CPU)");
            };
        } catch (LinkageError | RuntimeException e) {
            return Check.missing(
                    "device", "MLX cannot be loaded: " + e.getMessage(), "run ./lab again, which builds it");
        }
    }

    private Check bf16(Check device) {
        boolean gpu = device.found().contains("GPU");
        boolean yes = machine.hasBf16() || device.found().contains("NVIDIA");
        String where = gpu ? "the GPU" : "the CPU";
        return yes
                ? Check.ok("bf16", where + " multiplies bfloat16 by itself")
                : Check.less(
                        "bf16", where + " has no bfloat16 arithmetic", "nothing to do: values are widened to float32");
    }

    private Check cpu() {
        String found = machine.cpu() + ", " + machine.cores() + " cores, "
                + (machine.features().isEmpty() ? "no vector features" : String.join(" ", machine.features()));
        boolean x86WithoutAvx2 = System.getProperty("os.arch").equals("amd64")
                && !machine.features().contains("avx2");
        return x86WithoutAvx2
                ? Check.less("CPU", found, "models run slowly without AVX2: use smollm2-135m")
                : Check.ok("CPU", found);
    }

    private Check memory() {
        long total = machine.memoryBytes();
        String found = Bytes.text(total) + ", of which tensors may take " + budget();
        return total < SMALL_MACHINE
                ? Check.less("memory", found, "use smollm2-135m; qwen2.5-coder-0.5b needs about 3 GB for itself")
                : Check.ok("memory", found);
    }

    private static String budget() {
        try {
            return Bytes.text(Memory.budget());
        } catch (LinkageError | RuntimeException e) {
            return "an unknown share (" + e.getMessage() + ")";
        }
    }

    private static Check home() {
        Path home = ModelFiles.home();
        try {
            Files.createDirectories(home);
            return Files.isWritable(home)
                    ? Check.ok("home", home.toString())
                    : Check.missing("home", home + " cannot be written", "set TINYLLM_HOME to a folder of yours");
        } catch (IOException e) {
            return Check.missing(
                    "home", home + " cannot be made: " + e.getMessage(), "set TINYLLM_HOME to a folder of yours");
        }
    }

    private static Check models() {
        List<String> here = ModelRegistry.standard().models().values().stream()
                .filter(m -> ModelFiles.find(m) != null)
                .map(RegisteredModel::name)
                .toList();
        return here.isEmpty()
                ? Check.less("models", "none", "./lab models fetch qwen2.5-coder-0.5b (small machines: smollm2-135m)")
                : Check.ok("models", String.join(", ", here));
    }

    private static @Nullable String firstLine(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? output.lines().findFirst().orElse(command[0]) : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
