package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * ECMA-262 regular expressions as JSON Schema uses them, without what needs memory or a look around: groups, alternatives, classes,
 * quantifiers, and {@code ^} and {@code $} at the ends of the whole or of its alternatives. A pattern without an anchor is found anywhere.
 * Nothing backtracks: the machine follows all ways at once.
 */
public final class Regex {

    /** Longest pattern, and most repetitions that it may name: a request's pattern is untrusted. */
    private static final int MAX_LENGTH = 2_000;

    private static final int MAX_TIMES = 2_000;
    private static final int MAX_DEPTH = 50;

    private final String pattern;
    private final Function<CodePoints, Expr> leaf;
    private final Expr anything;
    private int at;
    private int depth;

    private Regex(String pattern, Function<CodePoints, Expr> leaf) {
        this.pattern = pattern;
        this.leaf = leaf;
        this.anything = Expr.many(leaf.apply(CodePoints.ALL));
    }

    /**
     * @param leaf how one character of a set is written
     * @throws GrammarException when the pattern is no regular expression, or uses what is not supported
     */
    public static Expr parse(String pattern, Function<CodePoints, Expr> leaf) {
        if (pattern.length() > MAX_LENGTH) {
            throw new GrammarException("the pattern has " + pattern.length() + " characters; at most " + MAX_LENGTH);
        }
        return new Regex(pattern, leaf).whole();
    }

    private Expr whole() {
        List<Expr> options = new ArrayList<>();
        do {
            boolean start = take("^");
            Expr body = sequence();
            boolean end = take("$");
            List<Expr> parts = new ArrayList<>();
            if (!start) {
                parts.add(anything);
            }
            parts.add(body);
            if (!end) {
                parts.add(anything);
            }
            options.add(new Expr.Seq(parts));
        } while (take("|"));
        if (at < pattern.length()) {
            throw bad(
                    pattern.charAt(at) == ')'
                            ? "a ) closes nothing"
                            : "\"" + pattern.charAt(at) + "\" can't stand there");
        }
        return Expr.choice(options);
    }

    private Expr alternatives() {
        List<Expr> options = new ArrayList<>();
        do {
            options.add(sequence());
        } while (take("|"));
        return Expr.choice(options);
    }

    private Expr sequence() {
        List<Expr> items = new ArrayList<>();
        while (at < pattern.length() && "|)$".indexOf(pattern.charAt(at)) < 0) {
            items.add(quantified(atom()));
        }
        return Expr.seq(items.toArray(new Expr[0]));
    }

    private Expr atom() {
        char c = pattern.charAt(at);
        switch (c) {
            case '(' -> {
                return group();
            }
            case '[' -> {
                at++;
                return leaf.apply(RegexClass.parse(this));
            }
            case '.' -> {
                at++;
                return leaf.apply(CodePoints.of("\n\r\u2028\u2029").not());
            }
            case '\\' -> {
                at++;
                return leaf.apply(escape());
            }
            case '*', '+', '?' -> throw bad("\"" + c + "\" repeats nothing");
            case '^' ->
                throw bad("^ inside is not supported, only at an end of the whole pattern or of its alternatives");
            case '{' -> throw bad("a { stands for itself only as \\{");
            default -> {
                int point = next();
                return leaf.apply(CodePoints.of(point, point));
            }
        }
    }

    private Expr group() {
        at++;
        if (take("?")) {
            if (pattern.startsWith("<", at) && !pattern.startsWith("<=", at) && !pattern.startsWith("<!", at)) {
                int end = pattern.indexOf('>', at);
                if (end < 0) {
                    throw bad("a group's name has no end");
                }
                at = end + 1;
            } else if (!take(":")) {
                throw bad("looking ahead or behind, (?=, (?!, (?<=, (?<!, is not supported");
            }
        }
        if (++depth > MAX_DEPTH) {
            throw bad("groups lie deeper than " + MAX_DEPTH);
        }
        Expr body = alternatives();
        depth--;
        if (take("$")) {
            throw bad("$ inside a group is not supported, only at an end of the whole pattern or of its alternatives");
        }
        if (!take(")")) {
            throw bad("a ( is not closed");
        }
        return body;
    }

    private Expr quantified(Expr body) {
        int min;
        int max;
        if (take("*")) {
            min = 0;
            max = Expr.UNBOUNDED;
        } else if (take("+")) {
            min = 1;
            max = Expr.UNBOUNDED;
        } else if (take("?")) {
            min = 0;
            max = 1;
        } else if (take("{")) {
            min = number();
            max = !take(",") ? min : pattern.startsWith("}", at) ? Expr.UNBOUNDED : number();
            if (!take("}")) {
                throw bad("a { is not closed");
            }
            if (max < min) {
                throw bad("{" + min + "," + max + "} runs backwards");
            }
        } else {
            return body;
        }
        take("?"); // lazy or greedy: the same strings
        if (at < pattern.length() && "*+?{".indexOf(pattern.charAt(at)) >= 0) {
            throw bad("\"" + pattern.charAt(at) + "\" repeats a repetition");
        }
        return new Expr.Repeat(body, min, max);
    }

    private int number() {
        int from = at;
        while (at < pattern.length() && Character.isDigit(pattern.charAt(at)) && at - from < 6) {
            at++;
        }
        int value = from == at ? -1 : Integer.parseInt(pattern.substring(from, at));
        if (value < 0 || value > MAX_TIMES) {
            throw bad("a count must be in 0…" + MAX_TIMES);
        }
        return value;
    }

    /** What a backslash stands before; {@link #at} is behind the backslash. */
    CodePoints escape() {
        if (at >= pattern.length()) {
            throw bad("it ends in a backslash");
        }
        char c = pattern.charAt(at++);
        return switch (c) {
            case 'd' -> RegexClass.DIGITS;
            case 'D' -> RegexClass.DIGITS.not();
            case 'w' -> RegexClass.WORD;
            case 'W' -> RegexClass.WORD.not();
            case 's' -> RegexClass.SPACE;
            case 'S' -> RegexClass.SPACE.not();
            case 'p' -> RegexClass.property(property());
            case 'P' -> RegexClass.property(property()).not();
            case 't' -> CodePoints.of("\t");
            case 'n' -> CodePoints.of("\n");
            case 'r' -> CodePoints.of("\r");
            case 'f' -> CodePoints.of("\f");
            case 'v' -> CodePoints.of("\u000B");
            case '0' -> CodePoints.of("\0");
            case 'x' -> hex(2);
            case 'u' -> take("{") ? braced() : hex(4);
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    throw bad("\\" + c + " is not supported");
                }
                yield CodePoints.of(c, c);
            }
        };
    }

    private String property() {
        int end = pattern.indexOf('}', at);
        if (!take("{") || end < 0) {
            throw bad("\\p is followed by a property in braces, as \\p{L}");
        }
        String name = pattern.substring(at, end);
        at = end + 1;
        return name;
    }

    private CodePoints hex(int digits) {
        String text = pattern.substring(at, Math.min(at + digits, pattern.length()));
        at += text.length();
        return point(text, digits);
    }

    private CodePoints braced() {
        int end = pattern.indexOf('}', at);
        String text = end < 0 ? "" : pattern.substring(at, end);
        at = end + 1;
        return point(text, 0);
    }

    private CodePoints point(String hex, int digits) {
        boolean good = hex.matches("[0-9A-Fa-f]{1,6}") && (digits == 0 || hex.length() == digits);
        int point = good ? Integer.parseInt(hex, 16) : -1;
        if (!Character.isValidCodePoint(point) || point >= 0xD800 && point <= 0xDFFF) {
            throw bad("\"" + hex + "\" is no character's number");
        }
        return CodePoints.of(point, point);
    }

    boolean take(String text) {
        boolean there = pattern.startsWith(text, at);
        at += there ? text.length() : 0;
        return there;
    }

    boolean ended() {
        return at >= pattern.length();
    }

    boolean sees(String text) {
        return pattern.startsWith(text, at);
    }

    int next() {
        int point = pattern.codePointAt(at);
        at += Character.charCount(point);
        return point;
    }

    GrammarException bad(String why) {
        return new GrammarException("the pattern \"" + pattern + "\" can't be used: " + why + " (at character "
                + Math.min(at, pattern.length()) + ")");
    }
}
