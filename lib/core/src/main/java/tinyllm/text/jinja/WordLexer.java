package tinyllm.text.jinja;

/** The words inside one tag, up to its closing delimiter; a closing brace of a dictionary does not end the tag. */
final class WordLexer {
    private static final String[] OPERATORS = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".", ":", "|", ",", ";"
    };

    private final String source;
    private final boolean block;
    private int at;
    private int start;
    private int open;
    private Token.Kind kind = Token.Kind.END;
    private String text = "";

    WordLexer(String source, int at, boolean block) {
        this.source = source;
        this.at = at;
        this.block = block;
    }

    Token.Kind kind() {
        return kind;
    }

    String text() {
        return text;
    }

    int start() {
        return start;
    }

    /** Where the closing delimiter begins, once {@link #next} has returned false. */
    int end() {
        return at;
    }

    boolean next() {
        while (at < source.length() && Blank.is(source.charAt(at))) {
            at++;
        }
        if (at >= source.length()) {
            throw new TemplateException("The chat template ends inside a tag.");
        }
        if (open == 0 && closes()) {
            return false;
        }
        start = at;
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            readString(c);
        } else if (c >= '0' && c <= '9') {
            readNumber();
        } else if (c == '_' || Character.isLetter(c)) {
            while (at < source.length() && isNamePart(source.charAt(at))) {
                at++;
            }
            set(Token.Kind.NAME, source.substring(start, at));
        } else {
            readOperator();
        }
        return true;
    }

    private boolean closes() {
        String end = block ? "%}" : "}}";
        char c = source.charAt(at);
        boolean signed = c == '-' || block && c == '+';
        return source.startsWith(end, at) || signed && source.startsWith(end, at + 1);
    }

    private static boolean isNamePart(char c) {
        return c == '_' || Character.isLetterOrDigit(c);
    }

    private void readString(char quote) {
        int i = at + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            i += source.charAt(i) == '\\' ? 2 : 1;
        }
        if (i >= source.length()) {
            throw new TemplateException("A string in the chat template is not closed.");
        }
        set(Token.Kind.STRING, StringLiteral.unescape(source.substring(at + 1, i)));
        at = i + 1;
    }

    private void readNumber() {
        digits();
        boolean isFloat = false;
        if (at + 1 < source.length() && source.charAt(at) == '.' && isDigit(at + 1)) {
            isFloat = true;
            at++;
            digits();
        }
        if (at < source.length() && (source.charAt(at) | 32) == 'e') {
            int exponent = at + 1 < source.length() && "+-".indexOf(source.charAt(at + 1)) >= 0 ? at + 2 : at + 1;
            if (isDigit(exponent)) {
                isFloat = true;
                at = exponent;
                digits();
            }
        }
        set(
                isFloat ? Token.Kind.FLOAT : Token.Kind.INTEGER,
                source.substring(start, at).replace("_", ""));
    }

    private void digits() {
        while (isDigit(at) || at < source.length() && source.charAt(at) == '_' && isDigit(at + 1)) {
            at++;
        }
    }

    private boolean isDigit(int i) {
        return i < source.length() && source.charAt(i) >= '0' && source.charAt(i) <= '9';
    }

    private void readOperator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, at)) {
                at += operator.length();
                set(Token.Kind.OPERATOR, operator);
                open += switch (operator) {
                    case "(", "[", "{" -> 1;
                    case ")", "]", "}" -> open > 0 ? -1 : 0;
                    default -> 0;
                };
                return;
            }
        }
        throw new TemplateException("The chat template holds '" + Character.toString(source.codePointAt(at))
                + "' inside a tag, which is no part of Jinja.");
    }

    private void set(Token.Kind newKind, String newText) {
        kind = newKind;
        text = newText;
    }
}
