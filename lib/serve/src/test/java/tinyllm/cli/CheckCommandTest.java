package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tinyllm.lab.MineSource;
import tools.jackson.databind.JsonNode;

/** {@code check}, and {@code --solution mine}: on the folder that the tests' environment names as the learner's. */
@Tag("slow") // starts processes
class CheckCommandTest {

    private static final String SOFTMAX = """
            public class C1_1_Softmax {
                public static final java.util.function.Supplier<? extends tinyllm.nn.SoftmaxFn> ANSWER = () -> s -> {
                    var e = s.sub(s.maxKeep(-1)).exp();
                    return e.div(e.sumKeep(-1));
                };
            }
            """;
    private static final String POOL = """
            import java.util.*;
            import tinyllm.cache.*;
            public class C3_1_Pool {
                public static final java.util.function.Supplier<? extends PageList> ANSWER = Own::new;

                static class Own implements PageList {
                    private final TreeSet<Integer> free = new TreeSet<>();
                    private int all;

                    public void begin(int pages) {
                        System.setProperty("tinyllm.test.pool", "ran");
                        all = pages;
                        free.clear();
                        for (int page = 0; page < pages; page++) {
                            free.add(page);
                        }
                    }

                    public int[] take(int count) {
                        if (count > free.size()) {
                            throw new PagesException(count, free.size(), all);
                        }
                        int[] taken = new int[count];
                        for (int i = 0; i < count; i++) {
                            taken[i] = free.pollFirst();
                        }
                        return taken;
                    }

                    public void give(int[] pages) {
                        for (int page : pages) {
                            if (!free.add(page)) {
                                throw new IllegalStateException("page " + page + " is free already");
                            }
                        }
                    }

                    public int free() {
                        return free.size();
                    }
                }
            }
            """;
    private static final String NOTEBOOK = """
            {"nbformat": 4, "metadata": {}, "cells": [
             {"cell_type": "code", "metadata": {"exercise": "1.4 silu"},
              "source": ["class MySilu implements ActivationFn {\\n", " public Tensor activate(Tensor x) { return x.relu(); }\\n", "}"]},
             {"cell_type": "code", "metadata": {}, "source": "check(\\"1.4 silu\\", MySilu::new)"}]}
            """;

    private final Path src = MineSource.kept().folder();

    @TempDir
    Path folder;

    @BeforeEach
    @AfterEach
    void empty() throws IOException {
        assertThat(src.toAbsolutePath().toString())
                .as("never the learner's own")
                .contains("target");
        if (Files.exists(src)) {
            try (Stream<Path> files = Files.walk(src)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    private void keep(String name, String source) throws IOException {
        Files.createDirectories(src);
        Files.writeString(src.resolve(name + ".java"), source);
    }

    @Test
    void nothingKeptIsAFailure() {
        Lab.run("check", "1.1").failsWith(1, "nothing of 1.1 is kept in", "green");
    }

    @Test
    void keptAnswers() throws IOException {
        keep("C1_1_Softmax", SOFTMAX);
        JsonNode one = Lab.run("check", "1.1", "--json").succeeds().json("check");
        assertThat(one.path("correct").asInt()).isEqualTo(1);
        assertThat(one.path("exercises").get(0).path("verdict").asString()).isEqualTo("correct");

        keep("C1_1_Weights", "public class C1_1_Weights { }");
        Lab two = Lab.run("check", "11");
        assertThat(two.code()).isEqualTo(1);
        assertThat(two.out()).contains("✔ 1.1 softmax", "correct", "? 1.1 weights", "cannot be checked", "ANSWER");
        assertThat(Lab.run("check", "1.1 softmax").code()).isZero();
    }

    @Test
    void aFolderOfNotebooks() throws IOException {
        Files.createDirectories(folder.resolve("alice"));
        Files.writeString(folder.resolve("alice/14-rmsnorm-mlp.ipynb"), NOTEBOOK);
        Files.writeString(folder.resolve("bob.ipynb"), "{");
        JsonNode json = Lab.run("check", folder.toString(), "--json").succeeds().json("check-notebooks");
        JsonNode alice = json.path("notebooks").get(0);
        assertThat(alice.path("notebook").asString()).endsWith("14-rmsnorm-mlp.ipynb");
        assertThat(alice.path("exercises")
                        .valueStream()
                        .map(e -> e.path("verdict").asString()))
                .containsExactly("not attempted", "cannot be checked", "not attempted");
        assertThat(json.path("notebooks").get(1).path("problem").asString()).contains("JSON");

        Lab table = Lab.run(
                        "check", folder.resolve("alice/14-rmsnorm-mlp.ipynb").toString())
                .succeeds();
        assertThat(table.out())
                .contains("1.4 silu", "cannot be checked: It does not compile", "0 of 3 correct, 2 not attempted");
    }

    @Test
    void wrongUsage() throws IOException {
        Lab.run("check", folder.toString()).failsWith(2, "there is no notebook");
        Lab.run("check", "1.1 sofmax").failsWith(2, "did you mean \"1.1 softmax\"");
        Lab.run("check", "gone.ipynb").failsWith(2, "there is no notebook or folder \"gone.ipynb\"");
        Lab.run("check", "--deadline", "0").failsWith(2, "--deadline must be more than 0");
        Lab.run("check", "--memory", "10").failsWith(2, "512 MB");
        Lab.run("check", "--jobs", "0").failsWith(2, "--jobs must be in 1…64");
        Lab.run("check", "--mistakes", "1.1").failsWith(2, "leave \"1.1\" out");
    }

    @Test
    void mistakes() {
        assertThat(Lab.run("check", "--mistakes").succeeds().out()).contains("### 1.1 softmax", "| mistake |");
        JsonNode json = Lab.run("check", "--mistakes", "--json").succeeds().json("check-mistakes");
        assertThat(json.path("exercises").get(1).path("mistakes").size()).isGreaterThan(5);
    }

    @Test
    void generateWithMine() throws IOException {
        keep("C1_1_Softmax", SOFTMAX);
        String[] generate = {
            "generate", "--model", Lab.TINY, "--prompt", "the end", "--raw", "--max-tokens", "3", "--solution", "mine"
        };
        Lab mine = Lab.run(generate).succeeds();
        assertThat(mine.err()).contains("yours: 1.1 softmax\n", "the library's: ", "1.1 weights");
        assertThat(mine.out())
                .isEqualTo(Lab.run("generate", "--model", Lab.TINY, "--prompt", "the end", "--raw", "--max-tokens", "3")
                        .out());
        JsonNode json = Lab.run(
                        Stream.concat(Stream.of(generate), Stream.of("--json")).toArray(String[]::new))
                .succeeds()
                .json("generate");
        assertThat(json.path("solution").path("mine").get(0).asString()).isEqualTo("1.1 softmax");
    }

    @Test
    void chatWithMine() throws IOException {
        keep("C1_1_Softmax", SOFTMAX.replace("s.maxKeep(-1)", "gone"));
        Lab chat = Lab.withInput("Hi\n", "chat", "--model", Lab.TINY, "--max-tokens", "2", "--solution", "mine");
        assertThat(chat.succeeds().err()).contains("yours: none", "C1_1_Softmax.java is left out, it does not compile");
        assertThat(chat.out()).isNotBlank();
    }

    /** An engine takes what schedules and what counts pages, with the library's kernels too. */
    @Test
    void batchWithMine() throws IOException {
        keep("C3_1_Pool", POOL);
        Path prompts = Files.writeString(folder.resolve("in.jsonl"), "{\"prompt\": \"the end\", \"max_tokens\": 3}\n");
        for (String kernels : List.of("own", "reference")) {
            Path answers = folder.resolve(kernels + ".jsonl");
            String[] batch = {
                "batch",
                "--model",
                Lab.TINY,
                "--input",
                prompts.toString(),
                "--output",
                answers.toString(),
                "--raw",
                "--kernels",
                kernels,
                "--solution",
                "mine"
            };
            Lab mine = Lab.run(batch).succeeds();
            assertThat(mine.err()).contains("yours: 3.1 pool\n", "the library's: ", "2.6 scheduler");
            assertThat(System.clearProperty("tinyllm.test.pool")).isEqualTo("ran");
            assertThat(answers).content().contains("\"text\"");
        }
    }

    @Test
    void benchWithMine() throws IOException {
        keep("C1_1_Softmax", SOFTMAX);
        Lab bench = Lab.run(
                "bench", "prefill", "--model", Lab.TINY, "--prompt-tokens", "8", "--rounds", "1", "--solution", "mine");
        assertThat(bench.succeeds().out()).contains("tinyllm (mine)");
        assertThat(bench.err()).contains("yours: 1.1 softmax");
    }
}
