package tinyllm.text;

/** {@link PreTokenizer#GPT2}, alternative after alternative in the pattern's order. */
final class Gpt2Scanner extends PieceScanner {
    Gpt2Scanner(String text, int to) {
        super(text, to);
    }

    @Override
    int pieceEnd(int start) {
        int contraction = contraction(start, false);
        if (contraction > 0) {
            return start + contraction;
        }
        int word = at(start) == ' ' ? start + 1 : start;
        int c = at(word);
        if (c == END || CharClass.space(c)) {
            return spaces(start);
        }
        if (CharClass.letter(c)) {
            return skip(word, CharClass::letter);
        }
        return CharClass.number(c) ? skip(word, CharClass::number) : skip(word, CharClass::other);
    }
}
