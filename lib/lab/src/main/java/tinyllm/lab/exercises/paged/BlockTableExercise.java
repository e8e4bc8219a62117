package tinyllm.lab.exercises.paged;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import tinyllm.cache.BlockTableFn;
import tinyllm.cache.BlockTableRows;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;

/** Exercise "3.1 block table". */
public final class BlockTableExercise {

    /** A step of a sequence: tokens that it has, those that come, and its pages when they have room. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Step(int[] table, int from, int count, int pageTokens) {}

    public static final Exercise<BlockTableFn> TABLE = mistakes(Exercise.of("3.1 block table", BlockTableFn.class)
                    .title("From a token to its row of memory")
                    .reference(BlockTableRows::new)
                    .hint(
                            "Token number t of a sequence is in the page table[t / T], at place t % T of it. missing: how many pages do"
                                    + " all tokens fill, the last one perhaps in part, and how many of them are there already?")
                    .hint(
                            "Row = page · T + place, since page p begins at row p · T. Math.ceilDiv(tokens, T) pages have room for all"
                                    + " tokens.")
                    .hint(
                            "missing: Math.max(0, Math.ceilDiv(tokens, pageTokens) - held). rows[i] = table[t / pageTokens] *"
                                    + " pageTokens + t % pageTokens with t = from + i."))
            .check(step("one token, one page", seed -> new Step(new int[] {3}, 0, 1, 4)))
            .check(step("a prompt over three pages", seed -> new Step(table(seed, 3), 0, 10, 4)))
            .check(step("the next token", seed -> new Step(table(seed, 3), 9, 1, 4)))
            .check(step("a chunk across a border", seed -> new Step(table(seed, 4), 6, 7, 4)))
            .check(step("pages in falling order", seed -> new Step(new int[] {9, 7, 2, 0}, 3, 12, 4)))
            .check(step("pages of 16", seed -> new Step(table(seed, 5), new Draw(seed).between(17, 40), 30, 16)))
            .check(step("pages of one token", seed -> new Step(table(seed, 6), 2, 4, 1)))
            .check(step("no token", seed -> new Step(table(seed, 2), 5, 0, 4)))
            .check(missing("the first page", 0, 1, 4))
            .check(missing("the last page is full", 2, 9, 4))
            .check(missing("room for one more", 2, 8, 4))
            .check(missing("a long prompt", 0, 50, 16))
            .check(missing("three pages at once", 1, 13, 4))
            .check(missing("more pages than needed", 5, 9, 4))
            .check(missing("nothing", 0, 0, 4))
            .build();

    private BlockTableExercise() {}

    private static Exercise.Builder<BlockTableFn> mistakes(Exercise.Builder<BlockTableFn> exercise) {
        return exercise.mistake(
                        "no table",
                        "The rows are counted from 0 on, as if the sequence had memory of its own: token t lies in the page table[t"
                                + " / T], wherever that is.",
                        () -> answer((table, t, i, from, size) -> t))
                .mistake(
                        "pages as rows",
                        "The page's number was used as its first row: page p begins at row p · T.",
                        () -> answer((table, t, i, from, size) -> table[t / size] + t % size))
                .mistake(
                        "counted from the step",
                        "The new tokens were laid at the sequence's beginning, over what is there: the first of them is token from.",
                        () -> answer((table, t, i, from, size) -> table[i / size] * size + i % size))
                .mistake(
                        "place counted from the step",
                        "The page is right, the place in it is not: it is the token's number in the sequence, modulo T, and not its"
                                + " number in the step.",
                        () -> answer((table, t, i, from, size) -> table[t / size] * size + i % size))
                .mistake(
                        "runs on over the border",
                        "From the first token's row the rows were counted on: behind the end of a page comes another sequence's."
                                + " Look up the page of every token.",
                        () -> answer((table, t, i, from, size) -> table[from / size] * size + from % size + i))
                .mistake(
                        "no place in the page",
                        "All tokens of a page have the same row: add the place in the page, t % T.",
                        () -> answer((table, t, i, from, size) -> table[t / size] * size))
                .mistake(
                        "one row too far",
                        "Every token lies one row too far: the first token is number 0, and place 0 is a page's first.",
                        () -> answer((table, t, i, from, size) -> table[t / size] * size + t % size + 1))
                .mistake(
                        "rounded down",
                        "A page that is not full was not counted: 9 tokens in pages of 4 need 3 pages, so divide rounding up.",
                        () -> missing((held, tokens, size) -> Math.max(0, tokens / size - held)))
                .mistake(
                        "always one more",
                        "A page more than needed where the tokens fill their pages exactly: tokens / T + 1 is not rounding up. Use"
                                + " Math.ceilDiv.",
                        () -> missing((held, tokens, size) -> Math.max(0, tokens / size + 1 - held)))
                .mistake(
                        "all pages anew",
                        "The pages that the sequence has were asked for again: take held off.",
                        () -> missing((held, tokens, size) -> Math.ceilDiv(tokens, size)))
                .mistake(
                        "fewer than none",
                        "A negative number of pages: a sequence that holds more than it needs lacks 0.",
                        () -> missing((held, tokens, size) -> Math.ceilDiv(tokens, size) - held))
                .mistake(
                        "a page for each token",
                        "A page for each token was asked for; it has room for T of them.",
                        () -> missing((held, tokens, size) -> Math.max(0, tokens - held)));
    }

    private interface Row {
        int of(int[] table, int t, int i, int from, int pageTokens);
    }

    private interface Missing {
        int of(int held, int tokens, int pageTokens);
    }

    private static BlockTableFn answer(Row row) {
        return both((held, tokens, size) -> Math.max(0, Math.ceilDiv(tokens, size) - held), row);
    }

    private static BlockTableFn missing(Missing missing) {
        return both(missing, (table, t, i, from, size) -> table[t / size] * size + t % size);
    }

    private static BlockTableFn both(Missing missing, Row row) {
        return new BlockTableFn() {
            @Override
            public int missing(int held, int tokens, int pageTokens) {
                return missing.of(held, tokens, pageTokens);
            }

            @Override
            public int[] rows(int[] table, int from, int count, int pageTokens) {
                int[] rows = new int[count];
                Arrays.setAll(rows, i -> row.of(table, from + i, i, from, pageTokens));
                return rows;
            }
        };
    }

    /** Pages in an order of no pattern. */
    private static int[] table(long seed, int pages) {
        int step = 7 + 2 * new Draw(seed).between(0, 5); // odd, and no divisor of 64 but 1
        int first = new Draw(seed + 1).between(1, 63);
        int[] table = new int[pages];
        Arrays.setAll(table, i -> (first + i * step) % 64);
        return table;
    }

    private static Case<BlockTableFn> step(String name, LongFunction<Step> step) {
        return Case.of(
                name, step, (answer, in) -> answer.rows(in.table().clone(), in.from(), in.count(), in.pageTokens()));
    }

    private static Case<BlockTableFn> missing(String name, int held, int tokens, int pageTokens) {
        return Case.of("missing: " + name, seed -> seed, (answer, seed) -> {
            Map<String, Object> seen = new LinkedHashMap<>();
            seen.put(
                    "missing(held " + held + ", tokens " + tokens + ", pages of " + pageTokens + ")",
                    answer.missing(held, tokens, pageTokens));
            return seen;
        });
    }
}
