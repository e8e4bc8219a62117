package tinyllm.text.jinja;

import java.util.List;

/** A cursor over tokens with what both parsers need, and the limit of nesting. */
final class TokenStream {
    private static final int MAX_NESTING = 100;

    private final List<Token> tokens;
    private int at;
    private int nesting;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token peek() {
        return tokens.get(at);
    }

    Token peekSecond() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = tokens.get(at);
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    int line() {
        return peek().line();
    }

    boolean isName(String name) {
        return peek().is(Token.Kind.NAME, name);
    }

    boolean isOperator(String operator) {
        return peek().is(Token.Kind.OPERATOR, operator);
    }

    boolean skipName(String name) {
        return skip(isName(name));
    }

    boolean skipOperator(String operator) {
        return skip(isOperator(operator));
    }

    private boolean skip(boolean matches) {
        if (matches) {
            next();
        }
        return matches;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw error("expected '" + operator + "', found " + peek().describe());
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw error("expected '" + name + "', found " + peek().describe());
        }
    }

    String expect(Token.Kind kind, String what) {
        if (peek().kind() != kind) {
            throw error("expected " + what + ", found " + peek().describe());
        }
        return next().text();
    }

    void enter() {
        if (++nesting > MAX_NESTING) {
            throw error("more than " + MAX_NESTING + " levels of nesting");
        }
    }

    void leave() {
        nesting--;
    }

    TemplateException error(String message) {
        return TemplateException.at(line(), message + ".");
    }
}
