package tinyllm.text;

/** {@link PreTokenizer#QWEN2}, alternative after alternative in the pattern's order. */
final class Qwen2Scanner extends PieceScanner {
    private final int digitsTogether;

    Qwen2Scanner(String text, int to, int digitsTogether) {
        super(text, to);
        this.digitsTogether = digitsTogether;
    }

    @Override
    int pieceEnd(int start) {
        int contraction = contraction(start, true);
        if (contraction > 0) {
            return start + contraction;
        }
        int c = at(start);
        if (CharClass.letter(c)) {
            return skip(start, CharClass::letter);
        }
        if (CharClass.number(c)) {
            return digits(start);
        }
        if (!CharClass.newline(c) && CharClass.letter(at(after(start)))) {
            return skip(after(start), CharClass::letter);
        }
        int symbols = c == ' ' ? start + 1 : start;
        if (at(symbols) != END && CharClass.other(at(symbols))) {
            return skip(skip(symbols, CharClass::other), CharClass::newline);
        }
        int lines = lastNewline(start);
        return lines > start ? lines : spaces(start);
    }

    private int digits(int start) {
        int end = start;
        for (int n = 0; n < digitsTogether && at(end) != END && CharClass.number(at(end)); n++) {
            end = after(end);
        }
        return end;
    }

    /** {@code \s*[\r\n]+}: behind the last line break of the run of white space, or {@code start} if it has none. */
    private int lastNewline(int start) {
        int end = start;
        for (int i = start; at(i) != END && CharClass.space(at(i)); i++) {
            end = CharClass.newline(at(i)) ? i + 1 : end;
        }
        return end;
    }
}
