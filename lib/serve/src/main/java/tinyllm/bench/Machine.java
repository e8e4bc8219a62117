package tinyllm.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the numbers of a run depend on.
 *
 * @param features instructions that kernels for this CPU can use
 * @param memoryBytes of the machine, or of the container where that is less
 */
public record Machine(String cpu, List<String> features, int cores, long memoryBytes, String system, String jdk) {

    private static final Set<String> X86 = Set.of(
            "avx",
            "avx2",
            "fma",
            "f16c",
            "avx512f",
            "avx512bw",
            "avx512_vnni",
            "avx_vnni",
            "avx512_bf16",
            "avx512_fp16",
            "amx_tile",
            "amx_int8",
            "amx_bf16");
    private static final Set<String> ARM = Set.of("asimd", "asimdhp", "asimddp", "i8mm", "bf16", "sve", "sve2");

    public Machine {
        features = List.copyOf(features);
    }

    /** Reads the machine that this JVM runs on. */
    public static Machine here() {
        boolean mac = System.getProperty("os.name").startsWith("Mac");
        String system = System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch");
        return new Machine(
                mac ? sysctl("machdep.cpu.brand_string") : cpuInfo("model name"),
                mac ? macFeatures() : linuxFeatures(),
                Runtime.getRuntime().availableProcessors(),
                memory(),
                system,
                System.getProperty("java.vm.vendor") + " " + System.getProperty("java.runtime.version"));
    }

    /** Threads that want to run, averaged over the last minute by the system; negative where it does not say. */
    public static double load() {
        return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    /** True when the CPU multiplies bfloat16 by itself; elsewhere it is widened to float32, correct and slower. */
    public boolean hasBf16() {
        return features.stream().anyMatch(f -> f.endsWith("bf16"));
    }

    /** The same under the names that the JSON of a measurement has. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("cpu", cpu);
        json.put("features", features);
        json.put("cores", cores);
        json.put("memory_bytes", memoryBytes);
        json.put("system", system);
        json.put("jdk", jdk);
        return json;
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                ? os.getTotalMemorySize()
                : -1;
    }

    private static List<String> linuxFeatures() {
        String flags = cpuInfo("flags") + " " + cpuInfo("Features");
        return Arrays.stream(flags.split(" "))
                .filter(f -> X86.contains(f) || ARM.contains(f))
                .distinct()
                .sorted()
                .toList();
    }

    private static List<String> macFeatures() {
        Set<String> found = new TreeSet<>();
        for (String feature : List.of("FEAT_BF16", "FEAT_I8MM", "FEAT_DotProd", "FEAT_FP16")) {
            if (sysctl("hw.optional.arm." + feature).equals("1")) {
                found.add(feature.substring("FEAT_".length()).toLowerCase(java.util.Locale.ROOT));
            }
        }
        return List.copyOf(found);
    }

    /** The first value of a field of /proc/cpuinfo, or "unknown". */
    private static String cpuInfo(String field) {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(l -> l.startsWith(field))
                    .map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException | UncheckedIOException e) {
            return "unknown";
        }
    }

    private static String sysctl(String name) {
        try {
            Process process = new ProcessBuilder("sysctl", "-n", name)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .collect(Collectors.joining(" "))
                    .strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
