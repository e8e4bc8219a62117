package tinyllm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a person can get wrong: one sentence that names it, exit code 2, in text and in JSON. */
class WrongUsageTest {

    static Stream<Arguments> mistakes() {
        return Stream.of(
                wrong("there is no command \"genrate\"; did you mean", "genrate"),
                wrong("--prompt", "generate", "--model", Lab.TINY),
                wrong("'abc' is not a", generate("--max-tokens", "abc")),
                wrong("--max-tokens must be 1 or more, but is 0", generate("--max-tokens", "0")),
                wrong("temperature must be in 0…2 (0 is greedy), but is -1.0", generate("--temperature", "-1")),
                wrong("temperature must be in 0…2 (0 is greedy), but is NaN", generate("--temperature", "NaN")),
                wrong("top_k must be 0 (off) or more, but is -3", generate("--top-k", "-3")),
                wrong("top_p must be in (0, 1], but is 0.0", generate("--top-p", "0")),
                wrong("top_p must be in (0, 1], but is NaN", generate("--top-p", "NaN")),
                wrong("min_p must be in 0…1, but is 7.0", generate("--min-p", "7")),
                wrong("--kernels", generate("--kernels", "fast")),
                wrong("--threads must be in 1…", generate("--threads", "0")),
                wrong("--threads must be in 1…", generate("--threads", "1000000")),
                wrong("--prompt is empty", "generate", "--model", Lab.TINY, "--prompt", "  "),
                wrong("--prompt is empty", "generate", "--model", Lab.TINY, "--prompt", "", "--raw"),
                wrong("qwen2.5-coder-0.5b", "generate", "--model", "qwen2.5-coder-0.5", "--prompt", "x"),
                wrong("holds 256", generate("--raw", "--prompt", "a b ".repeat(200))),
                wrong("token 272 at position 1 is not in 0…271", logprobs("3,272")),
                wrong("token -1 at position 0 is not in 0…271", logprobs("-1,3")),
                wrong("not an int", logprobs("2147483648")),
                wrong("not an int", logprobs("1,,2")),
                wrong("--top must be 0 or more, but is -1", logprobs("1", "--top", "-1")),
                wrong("--top must be at most 272", logprobs("1", "--top", "273")),
                wrong("token 263 is not in 0…262", "detokenize", "--model", Lab.TINY, "--tokens", "5,263"),
                wrong("token -1 is not in 0…262", "detokenize", "--model", Lab.TINY, "--tokens", "-1"),
                wrong("there is no model \"gpt\"", "tokenize", "--model", "gpt", "--text", "x"),
                wrong("port must be in 0…65535, but is 99999", "serve", "--model", Lab.TINY, "--port", "99999"),
                wrong("--trace no/t.json can't be written", "serve", "--model", Lab.TINY, "--trace", "no/t.json"),
                wrong("--max-queue must be 1 or more, but is 0", "serve", "--model", Lab.TINY, "--max-queue", "0"),
                wrong(
                        "the file of the API key cannot be read",
                        "serve",
                        "--model",
                        Lab.TINY,
                        "--api-key-file",
                        "no/such"),
                wrong("--only sleep is no part of bench batch", "bench", "batch", "--only", "sleep"),
                wrong("bench batch does not use --tokens", "bench", "batch", "--tokens", "4"),
                wrong("bench prefill does not use --tokens", "bench", "prefill", "--tokens", "4"),
                wrong("bench decode does not use --out", "bench", "decode", "--out", "a.png"),
                wrong("bench kernels does not use --model", "bench", "kernels", "--model", Lab.TINY),
                wrong("bench attention does not use --only: leave it out", "bench", "attention", "--only", "gap"),
                wrong("--out is the name of a PNG", "bench", "batch", "--out", "batch.gif"),
                wrong("--requests must be 1 or more, but is 0", "bench", "batch", "--requests", "0"),
                wrong("--rounds must be 1 or more, but is 0", "bench", "batch", "--rounds", "0"),
                wrong("bench batch takes neither", "bench", "batch", "--vs", "mlx-lm"),
                wrong("bench measures prefill, decode, batch, attention, kernels or course", "bench", "speed"),
                wrong("bench measures prefill", "bench"),
                wrong("--prompt-tokens is a number or a range", "bench", "serve", "--prompt-tokens", "many"),
                wrong("--tokens is a range from 1", "bench", "serve", "--tokens", "9..3"),
                wrong("--rate must be above 0", "bench", "serve", "--rate", "-1"),
                wrong("give one of them", "bench", "serve", "--rate", "1", "--clients", "2"),
                wrong("--vs mlx-lm is not a peer of a server", "bench", "serve", "--vs", "mlx-lm"),
                wrong("leave out --url", "bench", "serve", "--vs", "engine", "--url", "http://localhost:1"),
                wrong("--tokens is one number", "bench", "serve", "--vs", "engine", "--tokens", "8..9"),
                wrong("--requests must be 1 or more", "bench", "serve", "--requests", "0"),
                wrong("--api is chat or completions", "bench", "serve", "--api", "soap"),
                wrong("--field is NAME=JSON", "bench", "serve", "--url", "http://localhost:1", "--field", "top_k"),
                wrong("a server's address is like http://localhost:8080", "bench", "serve", "--url", "localhost"),
                wrong("--vs ollama is not a peer", "bench", "decode", "--vs", "ollama"),
                wrong("--rounds must be 1 or more", "bench", "prefill", "--model", Lab.TINY, "--rounds", "0"),
                wrong("--vs mlx-lm is not a peer of a server", "bench", "serve", "--vs", "mlx-lm"),
                wrong("leave out --url", "bench", "serve", "--vs", "engine", "--url", "http://localhost:1"),
                wrong("--tokens is one number", "bench", "serve", "--vs", "engine", "--tokens", "8..9"),
                wrong("--requests must be 1 or more", "bench", "course", "--model", Lab.TINY, "--requests", "0"),
                wrong("--out is the name of a PNG", "bench", "course", "--model", Lab.TINY, "--out", "course.gif"),
                wrong("bench course takes neither", "bench", "course", "--model", Lab.TINY, "--kernels", "own"),
                wrong("film takes what to film: race", "film"),
                wrong("--models takes two models, A,B, not 1", "film", "race", "--models", Lab.TINY),
                wrong("--out is the name of a GIF", "film", "race", "--out", "race.mp4"),
                wrong("--prompt is empty", "film", "race", "--prompt", " "),
                wrong("--max-tokens must be in 1…512, but is 0", "film", "race", "--max-tokens", "0"),
                wrong("holds 256", "bench", "prefill", "--model", Lab.TINY, "--prompt-tokens", "256"));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void text(String sentence, List<String> args) {
        Lab.run(args.toArray(String[]::new)).failsWith(2, sentence);
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void json(String sentence, List<String> args) {
        Lab lab = Lab.run(Stream.concat(args.stream(), Stream.of("--json")).toArray(String[]::new));
        assertThat(lab.code()).isEqualTo(2);
        assertThat(lab.json("error").get("error").asString()).contains(sentence);
    }

    @Test
    void noCommand() {
        Lab.run().failsWith(2, "no command was given", "./lab --help");
    }

    @Test
    void chatHasNoJson() {
        Lab lab = Lab.run("chat", "--model", Lab.TINY, "--json");
        assertThat(lab.code()).isEqualTo(2);
        assertThat(lab.json("error").get("error").asString()).contains("./lab generate --json");
    }

    private static Arguments wrong(String sentence, String... args) {
        return Arguments.of(sentence, List.of(args));
    }

    private static String[] generate(String... more) {
        List<String> prompt = List.of(more).contains("--prompt") ? List.of() : List.of("--prompt", "Hello");
        return Stream.of(List.of("generate", "--model", Lab.TINY), prompt, List.of(more))
                .flatMap(List::stream)
                .toArray(String[]::new);
    }

    private static String[] logprobs(String tokens, String... more) {
        return Stream.concat(Stream.of("logprobs", "--model", Lab.TINY, "--tokens", tokens), Stream.of(more))
                .toArray(String[]::new);
    }
}
