package tinyllm.lab.exercises.quantized.cpu;

import java.util.Arrays;
import java.util.Random;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import tinyllm.arrays.Packing;
import tinyllm.arrays.PackingFn;
import tinyllm.lab.check.Case;
import tinyllm.lab.check.Exercise;

/** Exercise "2.2 packing". */
public final class PackingExercise {

    public static final Exercise<PackingFn> PACKING = Exercise.of("2.2 packing", PackingFn.class)
            .title("Eight codes share a word")
            .reference(Packing::new)
            .hint("Code i lives in word i / 8. There it is the (i % 8)-th group of four bits, counted from the lowest.")
            .hint("code << n moves a code up by n bits, | lays it beside those that are there already. To get it back,"
                    + " move the word down and keep the lowest four bits: & 15.")
            .hint(
                    "pack: words[i / 8] |= codes[i] << 4 * (i % 8). unpack: codes[i] = words[i / 8] >>> 4 * (i % 8) & 15.")
            .check(packed("eight codes, one word", seed -> codes(seed, 8, 0)))
            .check(packed("32 codes", seed -> codes(seed, 32, 0)))
            .check(packed("the top bit is set", seed -> codes(seed, 16, 8)))
            .check(packed("all 15", seed -> filled(15)))
            .check(packed("a row of 896", seed -> codes(seed, 896, 0)))
            .check(unpacked("one word back", seed -> words(seed, 1)))
            .check(unpacked("112 words back", seed -> words(seed, 112)))
            .check(unpacked("a negative word back", seed -> new int[] {Integer.MIN_VALUE | (int) seed}))
            .mistake(
                    "first code on top",
                    "The first code of a word stands in its highest four bits; low bits come first here, as in MLX:"
                            + " code i is shifted by 4 · (i % 8).",
                    steps(() -> new Steps() {
                        @Override
                        int shift(int i) {
                            return 28 - 4 * (i % 8);
                        }
                    }))
            .mistake(
                    "halves of each byte swapped",
                    "The two codes of each byte are swapped: the first of two stands in the low half of a byte.",
                    steps(() -> new Steps() {
                        @Override
                        int shift(int i) {
                            return 4 * ((i ^ 1) % 8);
                        }
                    }))
            .mistake(
                    "codes dealt round",
                    "Code i went into word i % n, as cards are dealt: eight neighbours share a word, so it is word i / 8.",
                    steps(() -> new Steps() {
                        @Override
                        int word(int i, int words) {
                            return i % words;
                        }

                        @Override
                        int shift(int i, int words) {
                            return 4 * (i / words % 8);
                        }
                    }))
            .mistake(
                    "shifted by single bits",
                    "The codes are one bit apart and lie over each other: a code has four bits, so shift by 4 · (i % 8).",
                    steps(() -> new Steps() {
                        @Override
                        int shift(int i) {
                            return i % 8;
                        }
                    }))
            .mistake(
                    "overwritten",
                    "Each code replaced those before it, and only the last of a word is left: lay it beside them with |=.",
                    steps(() -> new Steps() {
                        @Override
                        int join(int word, int code) {
                            return code;
                        }
                    }))
            .mistake(
                    "a byte a code",
                    "Four codes share a word: that is 8 bits each. With 4 bits it is eight codes a word, an eighth as many"
                            + " words as codes.",
                    steps(() -> new Steps() {
                        @Override
                        int perWord() {
                            return 4;
                        }

                        @Override
                        int word(int i, int words) {
                            return i / 4;
                        }

                        @Override
                        int shift(int i) {
                            return 8 * (i % 4);
                        }
                    }))
            .mistake(
                    "signs come along",
                    "Codes of 8 and more come back negative: they were read as signed numbers. Keep the lowest four bits"
                            + " with & 15, after the shift.",
                    steps(() -> new Steps() {
                        @Override
                        int code(int word, int shift) {
                            return word << 28 - shift >> 28;
                        }
                    }))
            .mistake(
                    "neighbours come along",
                    "What stands above a code in its word came along with it: keep the lowest four bits after the shift,"
                            + " & 15.",
                    steps(() -> new Steps() {
                        @Override
                        int code(int word, int shift) {
                            return word >>> shift;
                        }
                    }))
            .build();

    private PackingExercise() {}

    private static int[] codes(long seed, int count, int least) {
        return new Random(seed).ints(count, least, 16).toArray();
    }

    private static int[] filled(int code) {
        int[] codes = new int[8];
        Arrays.fill(codes, code);
        return codes;
    }

    private static int[] words(long seed, int count) {
        return new Random(seed).ints(count).toArray();
    }

    private static Case<PackingFn> packed(String name, LongFunction<int[]> codes) {
        return Case.of(name, codes, PackingFn::pack);
    }

    private static Case<PackingFn> unpacked(String name, LongFunction<int[]> words) {
        return Case.of(name, words, PackingFn::unpack);
    }

    private static Supplier<PackingFn> steps(Supplier<Steps> make) {
        return make::get;
    }

    /** The right way in steps, of which each mistake replaces one. */
    private static class Steps implements PackingFn {

        int perWord() {
            return 8;
        }

        int word(int i, int words) {
            return i / 8;
        }

        int shift(int i) {
            return 4 * (i % 8);
        }

        int shift(int i, int words) {
            return shift(i);
        }

        int join(int word, int code) {
            return word | code;
        }

        int code(int word, int shift) {
            return word >>> shift & 15;
        }

        @Override
        public int[] pack(int[] codes) {
            int[] words = new int[codes.length / perWord()];
            for (int i = 0; i < codes.length; i++) {
                int at = word(i, words.length);
                words[at] = join(words[at], codes[i] << shift(i, words.length));
            }
            return words;
        }

        @Override
        public int[] unpack(int[] words) {
            int[] codes = new int[words.length * perWord()];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = code(words[word(i, words.length)], shift(i, words.length));
            }
            return codes;
        }
    }
}
