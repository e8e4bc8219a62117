package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens and settles its white space, with the settings that chat templates are written for: the line
 * break behind a block tag goes ({@code trim_blocks}), so do blanks in front of a block tag that begins its line
 * ({@code lstrip_blocks}), and a minus sign in a tag takes all white space on its side.
 */
final class Lexer {
    private static final int MAX_LENGTH = 1_000_000;

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int counted;
    private boolean lineStarts = true;

    Lexer(String template) {
        if (template.length() > MAX_LENGTH) {
            throw new TemplateException("The chat template has " + template.length() + " characters; " + MAX_LENGTH
                    + " are the most that are read.");
        }
        String unix = template.replace("\r\n", "\n").replace('\r', '\n');
        source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    }

    List<Token> tokens() {
        while (at < source.length()) {
            int tag = nextTag(at);
            if (tag < 0) {
                add(Token.Kind.DATA, source.substring(at));
                break;
            }
            readTag(tag);
        }
        at = source.length();
        add(Token.Kind.END, "");
        return tokens;
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void readTag(int tag) {
        char type = source.charAt(tag + 1);
        char sign = peek(tag + 2);
        boolean signed = sign == '-' || sign == '+';
        addData(source.substring(at, tag), type, sign);
        at = tag + (signed ? 3 : 2);
        lineStarts = false;
        if (type == '#') {
            skipComment();
        } else if (type == '%' && readRaw()) {
            return;
        } else {
            boolean block = type == '%';
            add(block ? Token.Kind.BLOCK_BEGIN : Token.Kind.VARIABLE_BEGIN, source.substring(tag, at));
            WordLexer words = new WordLexer(source, at, block);
            while (words.next()) {
                at = words.start();
                tokens.add(new Token(words.kind(), words.text(), line()));
            }
            at = words.end();
            closeTag(block);
        }
    }

    private void addData(String text, char type, char sign) {
        String kept = text;
        if (sign == '-') {
            kept = Blank.stripEnd(text);
        } else if (sign != '+' && type != '{') {
            int lineBegin = text.lastIndexOf('\n') + 1;
            boolean wholeLine = lineBegin > 0 || lineStarts;
            kept = wholeLine && text.substring(lineBegin).isBlank() ? text.substring(0, lineBegin) : text;
        }
        if (!kept.isEmpty()) {
            add(Token.Kind.DATA, kept);
        }
    }

    /** At the closing delimiter, its sign included. */
    private void closeTag(boolean block) {
        char sign = peek(at);
        int delimiter = sign == '-' || sign == '+' && block ? 3 : 2;
        add(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, source.substring(at, at + delimiter));
        at += delimiter;
        trimAfter(sign, block);
    }

    private void trimAfter(char sign, boolean block) {
        int from = at;
        if (sign == '-') {
            while (at < source.length() && Blank.is(source.charAt(at))) {
                at++;
            }
        } else if (block && sign != '+' && peek(at) == '\n') {
            at++;
        }
        lineStarts = at > from && source.charAt(at - 1) == '\n';
    }

    private void skipComment() {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw TemplateException.at(line(), "a comment {# is not closed.");
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        trimAfter(sign, true);
    }

    /** {@code {% raw %} … {% endraw %}}: what is between is text. */
    private boolean readRaw() {
        int after = rawTag(at, "raw");
        if (after < 0) {
            return false;
        }
        int body = after;
        if (source.charAt(after - 3) == '-') {
            while (body < source.length() && Blank.is(source.charAt(body))) {
                body++;
            }
        }
        for (int end = source.indexOf("{%", body); end >= 0; end = source.indexOf("{%", end + 2)) {
            char sign = peek(end + 2);
            int close = rawTag(end + (sign == '-' || sign == '+' ? 3 : 2), "endraw");
            if (close >= 0) {
                addData(source.substring(body, end), '%', sign);
                at = close;
                trimAfter(source.charAt(close - 3), true);
                return true;
            }
        }
        throw TemplateException.at(line(), "a block {% raw %} is not closed.");
    }

    /** The end of a tag that holds this one word, behind its delimiter, or −1. */
    private int rawTag(int from, String word) {
        int i = skipBlanks(from);
        if (!source.startsWith(word, i)) {
            return -1;
        }
        i = skipBlanks(i + word.length());
        i += peek(i) == '-' || peek(i) == '+' ? 1 : 0;
        return source.startsWith("%}", i) ? i + 2 : -1;
    }

    private int skipBlanks(int from) {
        int i = from;
        while (i < source.length() && Blank.is(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private char peek(int i) {
        return i < source.length() ? source.charAt(i) : ' ';
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text, line()));
    }

    private int line() {
        for (; counted < at; counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
        return line;
    }
}
