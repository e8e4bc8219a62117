package tinyllm.sampling.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** A set of byte strings, as a regular expression with rules and intersection describes it. Immutable; rules live in a {@link Grammar}. */
public sealed interface Expr {

    /** No upper end of a {@link Repeat}. */
    int UNBOUNDED = Integer.MAX_VALUE;

    /** The empty string alone. */
    Expr EMPTY = new Seq(List.of());

    /** Nothing at all, not even the empty string. */
    Expr NOTHING = new Choice(List.of());

    /** One byte out of a set. */
    record Bytes(ByteSet set) implements Expr {
        /** One for each value: a schema with long texts has many. */
        private static final List<Bytes> SINGLE = IntStream.range(0, 256)
                .mapToObj(value -> new Bytes(ByteSet.of(value)))
                .toList();
    }

    /** One after the other. */
    record Seq(List<Expr> items) implements Expr {
        public Seq {
            items = List.copyOf(items);
        }
    }

    /** Any of them. */
    record Choice(List<Expr> options) implements Expr {
        public Choice {
            options = List.copyOf(options);
        }
    }

    /** From min to max times. */
    record Repeat(Expr body, int min, int max) implements Expr {
        public Repeat {
            if (min < 0 || max < min) {
                throw new IllegalArgumentException("a repetition from " + min + " to " + max + " times is impossible");
            }
        }
    }

    /** What the rule of this number describes; rules may refer to each other and to themselves. */
    record Rule(int id) implements Expr {}

    /** Strings that both describe. Neither side may hold a rule that refers to itself. */
    record Both(Expr left, Expr right) implements Expr {}

    static Expr seq(Expr... items) {
        return items.length == 1 ? items[0] : new Seq(List.of(items));
    }

    static Expr choice(Expr... options) {
        return choice(List.of(options));
    }

    static Expr choice(List<Expr> options) {
        return options.size() == 1 ? options.getFirst() : new Choice(options);
    }

    static Expr optional(Expr body) {
        return choice(EMPTY, body);
    }

    static Expr many(Expr body) {
        return new Repeat(body, 0, UNBOUNDED);
    }

    /** From min to max times; the body itself for once, {@link #EMPTY} for never. */
    static Expr times(Expr body, int min, int max) {
        return min == 1 && max == 1 ? body : max == 0 && min == 0 ? EMPTY : new Repeat(body, min, max);
    }

    /** One after the other, as short as it can be written: {@link #NOTHING} if one is, and without what is empty. */
    static Expr then(Expr first, Expr second) {
        if (first.equals(NOTHING) || second.equals(NOTHING)) {
            return NOTHING;
        }
        List<Expr> items = new ArrayList<>();
        for (Expr part : List.of(first, second)) {
            items.addAll(part instanceof Seq seq ? seq.items() : List.of(part));
        }
        return items.size() == 1 ? items.getFirst() : new Seq(items);
    }

    /** Any of them, as short as it can be written: none twice, and without {@link #NOTHING}. */
    static Expr anyOf(List<Expr> options) {
        Set<Expr> all = new LinkedHashSet<>();
        for (Expr option : options) {
            all.addAll(option instanceof Choice choice ? choice.options() : List.of(option));
        }
        return all.size() == 1 ? all.iterator().next() : new Choice(List.copyOf(all));
    }

    /** The text's UTF-8. */
    static Expr text(String text) {
        List<Expr> items = new ArrayList<>();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            items.add(Bytes.SINGLE.get(b & 255));
        }
        return items.size() == 1 ? items.getFirst() : new Seq(items);
    }

    /** One ASCII character from low to high. */
    static Expr range(char low, char high) {
        return new Bytes(ByteSet.range(low, high));
    }
}
