package tinyllm.text.jinja;

/** A token of a template: text between tags, a tag's delimiter, or a word inside a tag. */
record Token(Kind kind, String text, int line) {
    enum Kind {
        DATA,
        VARIABLE_BEGIN,
        VARIABLE_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String value) {
        return kind == wanted && text.equals(value);
    }

    /** How an error message names it. */
    String describe() {
        return switch (kind) {
            case END -> "the end of the template";
            case VARIABLE_END, BLOCK_END -> "the end of the tag";
            default -> "'" + text + "'";
        };
    }
}
