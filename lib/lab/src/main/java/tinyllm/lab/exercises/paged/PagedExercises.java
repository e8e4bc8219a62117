package tinyllm.lab.exercises.paged;

import java.time.Duration;
import java.util.function.LongFunction;
import tinyllm.kernel.KernelText;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.KernelCheck;
import tinyllm.lab.check.Sources;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Exercises "3.2 gather", "3.2 walk" and "3.2 decode": Metal kernels over pages, run on the host. */
public final class PagedExercises {

    private static final String GATHER = PagedKernels.GATHER;
    private static final String WALK = PagedKernels.WALK;
    private static final String DECODE = PagedKernels.DECODE;
    private static final Duration DEADLINE = Duration.ofSeconds(90); // a compiler runs for each new text

    public static final Exercise<KernelText> GATHERED = Exercise.of("3.2 gather", KernelText.class)
            .title("Pages copied into one piece")
            .reference(PagedKernels::gather)
            .deadline(DEADLINE)
            .hint(
                    "A thread copies one number: component d of one token, of one KV head. Where is it in the pages, and where does it"
                            + " go?")
            .hint(
                    "The token's page is table[token / size], its place there token % size. pages is [P, H_kv, T, 64]: a page holds"
                            + " all heads, a head T = size tokens.")
            .hint("From ((page * kv_heads + head) * size + token % size) * 64 + d, to (head * count + token) * 64 + d.")
            .check(gathering("one token", 1, 4, 1))
            .check(gathering("a page and a half, 2 heads", 2, 4, 6))
            .check(gathering("pages that are full", 1, 8, 24))
            .check(gathering("77 tokens in pages of 16, 3 heads", 3, 16, 77))
            .check(gathering("pages of 32", 2, 32, 45))
            .mistake(
                    "no table",
                    "The pages were read in their order in memory, as if they were this sequence's: which page comes next stands in"
                            + " table[token / size].",
                    Sources.edited(GATHER, "uint(table[token / size])", "token / size"))
            .mistake(
                    "the table by tokens",
                    "The table was asked with the token's number: it has an entry for each page, so the index is token / size.",
                    Sources.edited(GATHER, "table[token / size]", "table[token]"))
            .mistake(
                    "a page of 16",
                    "A page was taken for 16 tokens. How many it has is size, which differs from launch to launch.",
                    Sources.edited(GATHER, "uint(pages_shape[2])", "16"))
            .mistake(
                    "no place in the page",
                    "Every token of a page got the page's first one: add token % size.",
                    Sources.edited(GATHER, " + token % size) * 64", ") * 64"))
            .mistake(
                    "heads first",
                    "The index is right for [H_kv, P, T, 64]; here a page holds all heads: page · H_kv + head.",
                    Sources.edited(GATHER, "page * kv_heads + head", "head * uint(pages_shape[0]) + page"))
            .mistake(
                    "head 0 alone",
                    "Every head got the numbers of head 0: a page holds H_kv heads, one after the other.",
                    Sources.edited(GATHER, "page * kv_heads + head", "page * kv_heads"))
            .mistake(
                    "one head in a page",
                    "The pages were counted as if each held one head: page p begins at p · H_kv · T · 64.",
                    Sources.edited(GATHER, "page * kv_heads + head", "page + head"))
            .mistake(
                    "tokens first",
                    "The copy is [S, H_kv, 64]; attention wants all tokens of a head side by side: (head · S + token) · 64.",
                    Sources.edited(GATHER, "head * count + token", "token * kv_heads + head"))
            .build();

    public static final Exercise<KernelText> WALKED = walking(
                    Exercise.of("3.2 walk", KernelText.class)
                            .title("A walk over keys that lie in pages")
                            .reference(PagedKernels::walk)
                            .deadline(DEADLINE)
                            .hint(
                                    "It is chapter 2.5a's walk; only where key number key lies is new. Its page is in the row's line of"
                                            + " tables.")
                            .hint(
                                    "page = tables[row * width + key / size], and in it the KV head's rows, of which it is number key %"
                                            + " size.")
                            .hint(
                                    "at = ((page * kv_heads + kv_head) * size + key % size) * 64 + lane; then score, keep, weight as"
                                            + " before. At the end sum > 0 ? v0 / sum : 0.0f."),
                    WALK,
                    1)
            .mistake(
                    "no place in the page",
                    "Of every page the first key was read again and again: its place there is key % size.",
                    Sources.edited(WALK, " + key % size) * 64", ") * 64"))
            .mistake(
                    "no table",
                    "The keys were read as if the sequence's pages lay side by side: look every page up in tables.",
                    Sources.edited(WALK, "uint(tables[row * width + key / size])", "key / size"))
            .mistake(
                    "the first row's table",
                    "All rows read the pages of row 0, which are another sequence's: its line begins at row · width.",
                    Sources.edited(WALK, "tables[row * width + ", "tables["))
            .mistake(
                    "pages to their end",
                    "The last page was read to its end, beyond the sequence's keys: what lies there is nobody's, or somebody's"
                            + " before. Stop at lengths[row].",
                    Sources.edited(WALK, "key < keys", "key < (keys + size - 1) / size * size"))
            .build();

    public static final Exercise<KernelText> DECODED = walking(
                    Exercise.of("3.2 decode", KernelText.class)
                            .title("Eight SIMD groups share the pages")
                            .reference(PagedKernels::decode)
                            .deadline(DEADLINE)
                            .hint(
                                    "Two loops: over the pages p = group, group + 8, …, and within a page over its keys. The page is"
                                            + " looked up once, outside of the inner loop.")
                            .hint(
                                    "A page begins at key p * size, so it is there while p * size < keys, and of the last one only"
                                            + " keys - p * size keys count: min(size, keys - p * size).")
                            .hint(
                                    "start = (page * kv_heads + kv_head) * size * 64 + lane; key i of the page is at start + i * 64. The"
                                            + " state goes on from page to page."),
                    DECODE,
                    PagedKernels.GROUPS)
            .mistake(
                    "no table",
                    "The keys were read as if the sequence's pages lay side by side: look every page up in tables.",
                    Sources.edited(DECODE, "uint(tables[row * width + p])", "p"))
            .mistake(
                    "the first row's table",
                    "All rows read the pages of row 0, which are another sequence's: its line begins at row · width.",
                    Sources.edited(DECODE, "tables[row * width + p]", "tables[p]"))
            .mistake(
                    "pages to their end",
                    "The last page was read to its end, beyond the sequence's keys: of it only keys − p · size count.",
                    Sources.edited(DECODE, "min(size, keys - p * size)", "size"))
            .mistake(
                    "the last page's rest",
                    "Every page was read as far as the last one is filled, and a full last page not at all: count is min(size, keys"
                            + " − p · size).",
                    Sources.edited(DECODE, "min(size, keys - p * size)", "keys % size"))
            .mistake(
                    "all take all pages",
                    "Every group begins at page 0 and reads the same pages eight times over, and the others are nobody's: group g"
                            + " begins at page g.",
                    Sources.edited(DECODE, "uint p = group", "uint p = 0"))
            .mistake(
                    "pages left out",
                    "The groups step over pages that nobody reads: eight groups, so p += 8.",
                    Sources.edited(DECODE, "p += 8", "p += 32"))
            .mistake(
                    "each page anew",
                    "The state began anew with every page, so only a group's last one counts: largest, sum and values live outside of"
                            + " both loops.",
                    Sources.edited(
                            DECODE,
                            "uint page = uint(tables[row * width + p]);",
                            "uint page = uint(tables[row * width + p]);\nlargest = -INFINITY, sum = 0, v0 = 0, v1 = 0;"))
            .mistake(
                    "the first key of each page",
                    "From every page only one key was read, again and again: key i of a page lies 64 · i further on.",
                    Sources.edited(DECODE, "start + i * 64", "start"))
            .mistake(
                    "no barrier",
                    "SIMD group 0 reads what the others have not written yet: between writing and reading threadgroup memory stands a"
                            + " threadgroup_barrier.",
                    Sources.edited(DECODE, "threadgroup_barrier(mem_flags::mem_threadgroup);\n", ""))
            .build();

    private PagedExercises() {}

    /** Cases and mistakes that both kernels have. */
    private static Exercise.Builder<KernelText> walking(
            Exercise.Builder<KernelText> exercise, String text, int groups) {
        return exercise.check(attending("one key", groups, seed -> PagedInputs.draw(seed, 1, 1, 4, 1, 1)))
                .check(attending("a page and a half", groups, seed -> PagedInputs.draw(seed, 2, 2, 4, 1, 6)))
                .check(attending("a page that is full", groups, seed -> PagedInputs.draw(seed, 1, 1, 8, 1, 8)))
                .check(attending(
                        "three rows of 5, 77 and 32 keys, 4 heads on 2",
                        groups,
                        seed -> PagedInputs.draw(seed, 4, 2, 16, 1, 5, 77, 32)))
                .check(attending("pages of 32", groups, seed -> PagedInputs.draw(seed, 2, 1, 32, 1, 40, 3)))
                .check(attending("17 pages of 4", groups, seed -> PagedInputs.draw(seed, 1, 1, 4, 1, 67)))
                .check(attending("a row that is idle", groups, seed -> PagedInputs.draw(seed, 2, 1, 4, 1, 9, 0, 2)))
                .check(attending("scores of hundreds", groups, seed -> PagedInputs.draw(seed, 2, 2, 4, 60, 19, 33)))
                .mistake(
                        "a page of 16",
                        "A page was taken for 16 tokens. How many it has is size, which differs from launch to launch.",
                        Sources.edited(text, "size = uint(k_shape[2])", "size = 16"))
                .mistake(
                        "one head in a page",
                        "The pages were counted as if each held one head: page p begins at p · H_kv · T · 64.",
                        Sources.edited(text, "page * kv_heads + kv_head", "page + kv_head"))
                .mistake(
                        "KV head 0 alone",
                        "All heads read KV head 0: a page holds H_kv heads, one after the other.",
                        Sources.edited(text, "page * kv_heads + kv_head", "page * kv_heads"))
                .mistake(
                        "the first row's length",
                        "Every row walked over as many keys as row 0 has: lengths has a number for each row.",
                        Sources.edited(text, "lengths[row]", "lengths[0]"))
                .mistake(
                        "NaN in idle rows",
                        "A row without keys gave NaN, which is 0 / 0: where the sum is 0, the result is 0.",
                        Sources.edited(
                                Sources.edited(text, "sum > 0 ? v0 / sum : 0.0f", "v0 / sum")
                                        .get()
                                        .text(),
                                "sum > 0 ? v1 / sum : 0.0f",
                                "v1 / sum"))
                .mistake(
                        "no largest score",
                        "exp of a score of hundreds is infinite, and infinity / infinity NaN: subtract the largest score so far, and"
                                + " rescale when it grows.",
                        Sources.edited(text, "float most = max(largest, score)", "float most = 0"))
                .mistake(
                        "values not rescaled",
                        "When a larger score came, the summed values stayed as they were: multiply them by exp(old − new), as the sum"
                                + " of weights.",
                        Sources.edited(
                                Sources.edited(text, "v0 * keep", "v0").get().text(), "v1 * keep", "v1"));
    }

    private static Case<KernelText> attending(String name, int groups, LongFunction<PagedInputs> inputs) {
        return Case.of(
                        name,
                        inputs,
                        (KernelText answer, PagedInputs in) -> KernelCheck.metal(
                                        answer,
                                        PagedKernels::named,
                                        PagedKernels.launch(in.rows(), in.heads(), groups),
                                        in.q(),
                                        in.k(),
                                        in.v(),
                                        in.table(),
                                        in.counts(),
                                        Tensor.scalar((float) PagedInputs.SCALE))
                                .getFirst(),
                        PagedInputs::attention)
                .within(1e-4, 1e-4);
    }

    private static Case<KernelText> gathering(String name, int kvHeads, int pageTokens, int tokens) {
        return Case.of(
                name,
                seed -> PagedInputs.draw(seed, kvHeads, kvHeads, pageTokens, 1, tokens),
                (KernelText answer, PagedInputs in) -> KernelCheck.metal(
                                answer,
                                PagedKernels::namedGather,
                                PagedKernels.gatherLaunch(kvHeads, tokens),
                                in.k(),
                                in.table(0),
                                Tensor.scalar(tokens, DType.I32))
                        .getFirst(),
                in -> in.inOnePiece(in.k(), 0));
    }
}
