package tinyllm.text;

import java.util.function.IntPredicate;

/** What the scanners of {@link PreTokenizer} share: looking at characters, and the rules for white space. */
abstract class PieceScanner {
    /** Past the end of the text: no character class holds it, and {@code (?!\S)} is satisfied. */
    static final int END = -1;

    private final String text;
    private final int to;

    PieceScanner(String text, int to) {
        this.text = text;
        this.to = to;
    }

    /** The end of the piece that begins at {@code start}, at least one character further. */
    abstract int pieceEnd(int start);

    final void scan(int from, PreTokenizer.Sink sink) {
        for (int start = from; start < to; ) {
            int end = pieceEnd(start);
            sink.piece(start, end);
            start = end;
        }
    }

    final int at(int i) {
        if (i >= to) {
            return END;
        }
        char c = text.charAt(i);
        return Character.isHighSurrogate(c) ? text.codePointAt(i) : c;
    }

    final int after(int i) {
        return i + Character.charCount(at(i));
    }

    /** The end of the run of such characters; {@code i} itself if there is none. */
    final int skip(int i, IntPredicate kind) {
        int end = i;
        while (end < to && kind.test(at(end))) {
            end = after(end);
        }
        return end;
    }

    /** {@code \s+(?!\S)|\s+} at a white space: all of the run, but its last character stays for a word that follows. */
    final int spaces(int start) {
        int end = skip(start, CharClass::space);
        return end == to || end - 1 == start ? end : end - 1; // every white space is one char long
    }

    /** The length of {@code 's 't 're 've 'm 'll 'd} at {@code i}, or 0. */
    final int contraction(int i, boolean anyCase) {
        if (at(i) != '\'') {
            return 0;
        }
        int first = letterAt(i + 1, anyCase);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return 2;
        }
        int second = letterAt(i + 2, anyCase);
        boolean two = second == 'e' && (first == 'r' || first == 'v') || first == 'l' && second == 'l';
        return two ? 3 : 0;
    }

    private int letterAt(int i, boolean anyCase) {
        int c = at(i);
        return anyCase && c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
}
