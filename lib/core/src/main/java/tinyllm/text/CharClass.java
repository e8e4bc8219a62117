package tinyllm.text;

/** The character classes that the patterns of tokenizers use: {@code \p{L}}, {@code \p{N}} and {@code \s} of Unicode. */
final class CharClass {
    private CharClass() {}

    /** {@code \p{L}} */
    static boolean letter(int c) {
        return Character.isLetter(c);
    }

    /** {@code \p{N}}: decimal digits, letter numbers such as Ⅷ, and others such as ½. */
    static boolean number(int c) {
        return switch (Character.getType(c)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    /** {@code \s}: Unicode's White_Space, which is not {@link Character#isWhitespace}: U+00A0 and U+0085 belong to it, U+001C does not. */
    static boolean space(int c) {
        return c >= 0x09 && c <= 0x0D
                || c == ' '
                || c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    /** {@code [^\s\p{L}\p{N}]}: punctuation, symbols, marks, controls and what Unicode has not assigned. */
    static boolean other(int c) {
        return !space(c) && !letter(c) && !number(c);
    }

    static boolean newline(int c) {
        return c == '\n' || c == '\r';
    }
}
