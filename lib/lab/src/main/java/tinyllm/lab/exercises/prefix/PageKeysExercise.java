package tinyllm.lab.exercises.prefix;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import tinyllm.cache.ChainedKeys;
import tinyllm.cache.PageKeysFn;
import tinyllm.cache.PrefixIndex;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Draw;
import tinyllm.lab.check.Exercise;
import tinyllm.lab.check.Given;

/** Exercise "4.2 keys". */
public final class PageKeysExercise {

    private static final int VOCABULARY = 1_000;
    private static final int SMALL = 1_009;

    @SuppressWarnings("ArrayRecordComponent") // nobody compares inputs
    private record Text(String salt, int[] tokens) {}

    private record Texts(int pageTokens, List<Text> texts) {}

    public static final Exercise<PageKeysFn> KEYS = Exercise.of("4.2 keys", PageKeysFn.class)
            .title("A key for each page")
            .reference(ChainedKeys::new)
            .hint(
                    "A token's keys and values depend on all tokens before it. So a page's key has to depend on its own tokens and on"
                            + " every page before.")
            .hint(
                    "Chain: begin with a number made of the salt. For each full page mix its tokens into the number so far, one by one"
                            + " and in order; what comes out is the page's key, and the next page goes on from it.")
            .hint(
                    "h = (h ^ token) * 0x9e3779b97f4a7c15L; h ^= h >>> 32; mixes one token into the 64 bits of h. There are"
                            + " tokens.length / pageTokens full pages.")
            .check(texts("two texts begin the same", seed -> begin(seed, 4, 12, 9, 8)))
            .check(texts("pages of one token", seed -> begin(seed, 1, 5, 4, 3)))
            .check(texts("a page that is not full", seed -> begin(seed, 4, 11, 7, 6)))
            .check(texts("shorter than a page", seed -> begin(seed, 8, 5, 3, 2)))
            .check(texts("the same page after others", PageKeysExercise::moved))
            .check(texts("the same pages, their order changed", PageKeysExercise::swapped))
            .check(texts("tokens in another order", PageKeysExercise::shuffled))
            .check(texts("one token differs in a page", PageKeysExercise::changed))
            .check(texts("the first page differs, the others do not", PageKeysExercise::changedEarly))
            .check(texts("equal pages in a row", PageKeysExercise::repeated))
            .check(texts("token 0 again and again", seed -> new Texts(2, List.of(new Text("", new int[10])))))
            .check(texts("two salts", PageKeysExercise::salted))
            .check(texts("salts that are neighbours", PageKeysExercise::neighbours))
            .check(texts("a longer text", seed -> begin(seed, 4, 40, 40, 21)))
            .check(texts("many pages", PageKeysExercise::many))
            .mistake(
                    "a page alone",
                    "The same tokens have the same key wherever they stand. Their keys and values depend on what is before them:"
                            + " chain each page to the one before.",
                    () -> chain((page, of) -> mix(salt(of), of.tokens(), page.from(), page.to())))
            .mistake(
                    "the page before alone",
                    "A page's key knows the page before, and nothing before that. One early token changes all later keys and values.",
                    () -> chain((page, of) ->
                            mix(salt(of), of.tokens(), Math.max(0, 2 * page.from() - page.to()), page.to())))
            .mistake(
                    "content and place",
                    "The key tells what is on the page and where it stands, and not what is before: another text with the same page at"
                            + " the same place would get keys and values that are not its own.",
                    () -> chain((page, of) -> mix(salt(of) + 31L * page.from(), of.tokens(), page.from(), page.to())))
            .mistake(
                    "the salt is not in it",
                    "Texts of two salts have the same keys: a stranger could find out, by how fast the answer comes, what somebody else"
                            + " has written. Begin the chain with the salt.",
                    () -> chain((page, of) -> mix(1, of.tokens(), 0, page.to())))
            .mistake(
                    "the salt as it is",
                    "Salt \"a\" with token 2 has the key of salt \"b\" with token 1: where mixing begins with salt.hashCode() itself, a"
                            + " first token can undo it. Begin with 1, and mix the salt's number in as if it were a token.",
                    () -> chain((page, of) -> mix(of.salt().hashCode(), of.tokens(), 0, page.to())))
            .mistake(
                    "mixed from 0 on",
                    "A text of token 0 has the same key on every page: 0 mixed with 0 stays 0. Begin with another number, 1 for instance.",
                    () -> chain((page, of) ->
                            mix(mix(0, new int[] {of.salt().hashCode()}, 0, 1), of.tokens(), 0, page.to())))
            .mistake(
                    "the last page is not full",
                    "A page that is not full has a key, too. More tokens will come to it, so nobody may share it yet:"
                            + " tokens.length / pageTokens keys.",
                    () -> (salt, tokens, pageTokens) -> {
                        long[] keys = new long[Math.ceilDiv(tokens.length, pageTokens)];
                        for (int i = 0; i < keys.length; i++) {
                            keys[i] = mix(
                                    salt(new Text(salt, tokens)),
                                    tokens,
                                    0,
                                    Math.min(tokens.length, (i + 1) * pageTokens));
                        }
                        return keys;
                    })
            .mistake(
                    "a sum",
                    "Tokens in another order have the same key: a sum does not tell their order. Mix them in one by one.",
                    () -> chain((page, of) ->
                            salt(of) + Arrays.stream(of.tokens(), 0, page.to()).sum() * 31L + page.to()))
            .mistake(
                    "the whole text",
                    "A page's key changes with what comes after the page: two prompts with the same beginning never meet like that.",
                    () -> chain((page, of) -> mix(salt(of) + page.from(), of.tokens(), 0, of.tokens().length)))
            .mistake(
                    "each page's last token",
                    "Two pages that differ in the middle have the same key: all tokens of a page belong into it.",
                    () -> chain((page, of) -> {
                        long hash = salt(of);
                        for (int last = page.to() - page.from(); last <= page.to(); last += page.to() - page.from()) {
                            hash = mix(hash, of.tokens(), last - 1, last);
                        }
                        return hash;
                    }))
            .mistake(
                    "a small number",
                    "Different pages have the same key again and again: use all 64 bits of the long. With " + SMALL
                            + " different keys a cache of some hundred pages confuses them at every turn.",
                    () -> chain((page, of) -> Math.floorMod(mix(salt(of), of.tokens(), 0, page.to()), SMALL)))
            .build();

    private PageKeysExercise() {}

    private record Page(int from, int to) {}

    @FunctionalInterface
    private interface OneKey {
        long of(Page page, Text text);
    }

    private static PageKeysFn chain(OneKey one) {
        return (salt, tokens, pageTokens) -> IntStream.range(0, tokens.length / pageTokens)
                .mapToLong(i -> one.of(new Page(i * pageTokens, (i + 1) * pageTokens), new Text(salt, tokens)))
                .toArray();
    }

    private static long salt(Text text) {
        return mix(1, new int[] {text.salt().hashCode()}, 0, 1);
    }

    private static long mix(long before, int[] tokens, int from, int to) {
        return PrefixIndex.MIXED.of(before, tokens, from, to);
    }

    /** Which keys are equal: a key is named by the place at which it came first. What number it is, is the learner's own choice. */
    private static Case<PageKeysFn> texts(String name, LongFunction<Texts> texts) {
        return Case.of(name, texts, (answer, in) -> {
            Map<Long, Integer> first = new HashMap<>();
            List<List<Integer>> pages = new ArrayList<>();
            for (Text text : in.texts()) {
                List<Integer> row = new ArrayList<>();
                for (long key :
                        Given.back(answer.keys(text.salt(), text.tokens().clone(), in.pageTokens()), "keys")) {
                    row.add(first.computeIfAbsent(key, k -> first.size()));
                }
                pages.add(row);
            }
            return pages;
        });
    }

    private static int[] ids(Draw draw, int count) {
        int[] ids = draw.ids(count, VOCABULARY);
        for (int i = 0; i < count; i++) {
            ids[i] = ids[i] * 64 + i % 64; // neighbours differ
        }
        return ids;
    }

    private static Texts begin(long seed, int pageTokens, int one, int two, int same) {
        Draw draw = new Draw(seed);
        int[] a = ids(draw, one);
        int[] b = Arrays.copyOf(a, two);
        int[] other = ids(draw, two);
        for (int i = Math.min(same, two); i < two; i++) {
            b[i] = other[i] + 1_000_000;
        }
        return new Texts(pageTokens, List.of(new Text("", a), new Text("", b), new Text("", Arrays.copyOf(a, same))));
    }

    private static Texts moved(long seed) {
        int[] a = ids(new Draw(seed), 12);
        return new Texts(4, List.of(new Text("", a), new Text("", Arrays.copyOfRange(a, 4, 12))));
    }

    private static Texts swapped(long seed) {
        int[] a = ids(new Draw(seed), 12);
        int[] b = a.clone();
        System.arraycopy(a, 0, b, 4, 4);
        System.arraycopy(a, 4, b, 0, 4);
        return new Texts(4, List.of(new Text("", a), new Text("", b)));
    }

    private static Texts shuffled(long seed) {
        int[] a = ids(new Draw(seed), 8);
        int[] b = a.clone();
        b[1] = a[2];
        b[2] = a[1];
        return new Texts(4, List.of(new Text("", a), new Text("", b)));
    }

    private static Texts changed(long seed) {
        Draw draw = new Draw(seed);
        int[] a = ids(draw, 16);
        List<Text> all = new ArrayList<>(List.of(new Text("", a)));
        for (int at : new int[] {4, 6, 7}) {
            int[] b = a.clone();
            b[at]++;
            all.add(new Text("", b));
        }
        return new Texts(4, all);
    }

    private static Texts changedEarly(long seed) {
        int[] a = ids(new Draw(seed), 20);
        int[] b = a.clone();
        b[2]++;
        return new Texts(4, List.of(new Text("", a), new Text("", b)));
    }

    private static Texts repeated(long seed) {
        int token = new Draw(seed).between(1, VOCABULARY);
        int[] a = new int[16];
        Arrays.fill(a, token);
        return new Texts(4, List.of(new Text("", a), new Text("", Arrays.copyOf(a, 8))));
    }

    private static Texts salted(long seed) {
        int[] a = ids(new Draw(seed), 12);
        return new Texts(4, List.of(new Text("ann", a), new Text("bob", a), new Text("", a), new Text("ann", a)));
    }

    /** "a" is 97 and "b" is 98: 97 ^ 2 = 98 ^ 1. */
    private static Texts neighbours(long seed) {
        int[] a = ids(new Draw(seed), 4);
        int[] b = a.clone();
        a[0] = 2;
        b[0] = 1;
        return new Texts(2, List.of(new Text("a", a), new Text("b", b), new Text("b", a)));
    }

    private static Texts many(long seed) {
        return new Texts(2, List.of(new Text("", ids(new Draw(seed), 800))));
    }
}
