package tinyllm.kernel.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tinyllm.kernel.host.CodeText;
import tinyllm.kernel.host.HostCompiler;
import tinyllm.kernel.host.HostException;
import tinyllm.kernel.host.MetalFolder;

/**
 * What Apple's compiler would refuse and a host's compiler takes. Rules about words need nothing; rules about types, above all a
 * pointer of the wrong address space, are clang's own, with attributes in place of Metal's words.
 *
 * <p>A C-style cast from one address space to another, which clang allows and Metal does not, is seen where it stands before a name.
 */
public final class MetalChecker {
    private static final String PROGRAM = "checker";
    private static final List<String> FILES =
            List.of("check/check.cpp", "check/metal_check.h", "common/metal_constants.h", "common/metal_types.h");

    private MetalChecker() {}

    /**
     * The rules about words.
     *
     * @param header helper functions, which start on line 1
     * @param body of the kernel, which starts on bodyLine
     * @param parameters the address space of each input and output, by name
     */
    public static List<Problem> words(String header, String body, int bodyLine, Map<String, String> parameters) {
        String helpers = CodeText.withoutComments(header);
        String code = CodeText.withoutComments(body);
        List<Problem> problems = new ArrayList<>(MetalRules.check(helpers, 1, false));
        problems.addAll(MetalRules.check(code, bodyLine, true));
        problems.addAll(SpaceCasts.check(code, bodyLine, parameters));
        problems.addAll(Recursion.check(Words.of(helpers, 1)));
        problems.addAll(Attributes.check(Words.of(helpers, 1), Words.of(code, bodyLine)));
        return sorted(problems);
    }

    /**
     * clang's errors over a whole text that includes {@code metal_check.h} and names the kernel's lines by {@code #line}.
     *
     * @throws HostException if libclang or a C++ compiler is missing
     */
    public static List<Problem> types(String text) {
        Path headers = folder();
        Path file = null;
        try {
            file = Files.createTempFile("tinyllm-", ".cpp");
            Files.writeString(file, text);
            HostCompiler.Output done = HostCompiler.run(
                    List.of(
                            headers.resolve(PROGRAM).toString(),
                            LibClang.library().toString(),
                            file.toString(),
                            headers.resolve("check").toString()),
                    null);
            if (done.code() != 0) {
                throw new HostException(
                        "The Metal checker failed: " + done.text().strip());
            }
            return sorted(problems(done.text()));
        } catch (IOException e) {
            throw new HostException("The Metal checker needs a temporary file: " + e.getMessage(), e);
        } finally {
            if (file != null) {
                file.toFile().delete();
            }
        }
    }

    private static List<Problem> problems(String answers) {
        List<Problem> problems = new ArrayList<>();
        for (String line : answers.split("\n")) {
            String[] field = line.split("\t", 4);
            if (field.length == 4) {
                boolean own = field[2].endsWith(HostCompiler.SOURCE);
                problems.add(new Problem(own ? Integer.parseInt(field[0]) : 0, inMetal(field[3])));
            }
        }
        return problems;
    }

    /** clang's words for address spaces, as Metal says them. */
    private static String inMetal(String text) {
        return text.replace("__attribute__((address_space(1)))", "device")
                .replace("__attribute__((address_space(2)))", "constant")
                .replace("__attribute__((address_space(3)))", "threadgroup");
    }

    private static List<Problem> sorted(List<Problem> problems) {
        return problems.stream()
                .distinct()
                .sorted(Comparator.comparingInt(Problem::line))
                .toList();
    }

    // The checker's program, compiled once, beside the headers that it reads.
    private static Path folder() {
        String compiler = HostCompiler.compiler();
        List<String> texts =
                new ArrayList<>(FILES.stream().map(MetalFolder::text).toList());
        texts.add(compiler);
        String key = MetalFolder.digest(texts.toArray(new String[0]));
        return MetalFolder.made(MetalFolder.cache().resolve("check").resolve(key), into -> {
            for (String file : FILES) {
                Path place = into.resolve(file);
                Files.createDirectories(place.getParent());
                Files.writeString(place, MetalFolder.text(file));
            }
            List<String> command = List.of(compiler, "-std=c++20", "-O1", FILES.getFirst(), "-o", PROGRAM, "-ldl");
            HostCompiler.Output done = HostCompiler.run(command, into);
            if (done.code() != 0) {
                throw new HostException("The Metal checker does not compile with " + compiler + ": " + done.text());
            }
        });
    }
}
