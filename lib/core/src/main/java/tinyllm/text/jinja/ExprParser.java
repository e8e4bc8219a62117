package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Expressions, by one method for each level of precedence, from weak to strong, as in Jinja. */
final class ExprParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and", "is", "if", "in", "not");

    private final TokenStream in;

    ExprParser(TokenStream in) {
        this.in = in;
    }

    /** One expression, or several with commas between them as a tuple. */
    Expr tuple(boolean conditional) {
        Expr first = conditional ? expression() : or();
        if (!in.isOperator(",")) {
            return first;
        }
        List<Expr> items = new ArrayList<>(List.of(first));
        while (in.skipOperator(",") && !endsTuple()) {
            items.add(conditional ? expression() : or());
        }
        return new Expr.ListOf(items, true);
    }

    private boolean endsTuple() {
        return switch (in.peek().kind()) {
            case VARIABLE_END, BLOCK_END -> true;
            default -> in.isOperator(")") || in.isOperator("=");
        };
    }

    Expr expression() {
        in.enter();
        Expr value = or();
        while (in.skipName("if")) {
            Expr condition = or();
            value = new Expr.Conditional(condition, value, in.skipName("else") ? expression() : null);
        }
        in.leave();
        return value;
    }

    Expr or() {
        Expr left = and();
        while (in.skipName("or")) {
            left = new Expr.Logic(false, left, and());
        }
        return left;
    }

    private Expr and() {
        Expr left = not();
        while (in.skipName("and")) {
            left = new Expr.Logic(true, left, not());
        }
        return left;
    }

    private Expr not() {
        if (!in.skipName("not")) {
            return compare();
        }
        in.enter();
        Expr value = new Expr.Not(not());
        in.leave();
        return value;
    }

    private Expr compare() {
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> others = new ArrayList<>();
        while (true) {
            if (in.peek().kind() == Token.Kind.OPERATOR
                    && COMPARISONS.contains(in.peek().text())) {
                operators.add(in.next().text());
            } else if (in.skipName("in")) {
                operators.add("in");
            } else if (in.isName("not") && in.peekSecond().is(Token.Kind.NAME, "in")) {
                in.next();
                in.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expr.Compare(first, operators, others);
            }
            others.add(sum());
        }
    }

    private Expr sum() {
        Expr left = concat();
        while (in.isOperator("+") || in.isOperator("-")) {
            left = new Expr.Binary(in.next().text(), left, concat());
        }
        return left;
    }

    private Expr concat() {
        Expr left = product();
        while (in.skipOperator("~")) {
            left = new Expr.Binary("~", left, product());
        }
        return left;
    }

    private Expr product() {
        Expr left = power();
        while (in.isOperator("*") || in.isOperator("/") || in.isOperator("//") || in.isOperator("%")) {
            left = new Expr.Binary(in.next().text(), left, power());
        }
        return left;
    }

    private Expr power() {
        Expr left = unary(true);
        while (in.skipOperator("**")) {
            left = new Expr.Binary("**", left, unary(true));
        }
        return left;
    }

    private Expr unary(boolean withFilters) {
        in.enter();
        Expr value = in.isOperator("-") || in.isOperator("+")
                ? new Expr.Unary(in.next().text(), unary(false))
                : postfix(primary());
        in.leave();
        return withFilters ? filters(value) : value;
    }

    private Expr primary() {
        Token token = in.peek();
        switch (token.kind()) {
            case NAME -> {
                return name(in.next().text());
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (in.peek().kind() == Token.Kind.STRING) {
                    text.append(in.next().text());
                }
                return new Expr.Literal(Str.template(text.toString()));
            }
            case INTEGER, FLOAT -> {
                in.next();
                return new Expr.Literal(Numbers.parse(token));
            }
            case OPERATOR -> {
                return bracket();
            }
            default -> throw in.error("expected an expression, found " + token.describe());
        }
    }

    private static Expr name(String name) {
        return switch (name) {
            case "true", "True" -> new Expr.Literal(Boolean.TRUE);
            case "false", "False" -> new Expr.Literal(Boolean.FALSE);
            case "none", "None" -> new Expr.Literal(None.NONE);
            default -> new Expr.Name(name);
        };
    }

    private Expr bracket() {
        if (in.skipOperator("(")) {
            if (in.skipOperator(")")) {
                return new Expr.ListOf(List.of(), true);
            }
            Expr inner = tuple(true);
            in.expectOperator(")");
            return inner;
        }
        if (in.skipOperator("[")) {
            List<Expr> items = new ArrayList<>();
            while (!in.skipOperator("]")) {
                items.add(expression());
                separator("]");
            }
            return new Expr.ListOf(items, false);
        }
        if (in.skipOperator("{")) {
            return dict();
        }
        throw in.error("expected an expression, found " + in.peek().describe());
    }

    private Expr dict() {
        List<Expr> keys = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!in.skipOperator("}")) {
            keys.add(expression());
            in.expectOperator(":");
            values.add(expression());
            separator("}");
        }
        return new Expr.DictOf(keys, values);
    }

    private void separator(String close) {
        if (!in.isOperator(close)) {
            in.expectOperator(",");
        }
    }

    private Expr postfix(Expr start) {
        Expr value = start;
        while (true) {
            int line = in.line();
            if (in.skipOperator(".")) {
                value = in.peek().kind() == Token.Kind.INTEGER
                        ? new Expr.Item(value, new Expr.Literal(Numbers.parse(in.next())))
                        : new Expr.Attribute(value, in.expect(Token.Kind.NAME, "a name behind the dot"));
            } else if (in.skipOperator("[")) {
                value = subscript(value);
            } else if (in.isOperator("(")) {
                value = new Expr.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expr subscript(Expr value) {
        Expr start = in.isOperator(":") ? null : tuple(true);
        if (in.skipOperator("]")) {
            if (start == null) {
                throw in.error("empty brackets");
            }
            return new Expr.Item(value, start);
        }
        in.expectOperator(":");
        Expr stop = slicePart();
        Expr step = in.skipOperator(":") ? slicePart() : null;
        in.expectOperator("]");
        return new Expr.Slice(value, start, stop, step);
    }

    private @Nullable Expr slicePart() {
        return in.isOperator(":") || in.isOperator("]") ? null : expression();
    }

    Expr filters(Expr start) {
        Expr value = start;
        while (true) {
            int line = in.line();
            if (in.skipOperator("|")) {
                String name = dotted("a filter's name");
                value = new Expr.Filter(value, name, optionalArguments(), line);
            } else if (in.skipName("is")) {
                value = test(value, line);
            } else if (in.isOperator("(")) {
                value = new Expr.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expr test(Expr value, int line) {
        boolean negated = in.skipName("not");
        String name = dotted("a test's name");
        Expr.Arguments arguments = Expr.Arguments.NONE;
        if (in.isOperator("(")) {
            arguments = arguments();
        } else if (beginsTestArgument()) {
            arguments = new Expr.Arguments(List.of(postfix(primary())), Map.of());
        }
        return new Expr.Test(value, name, arguments, negated, line);
    }

    private boolean beginsTestArgument() {
        return switch (in.peek().kind()) {
            case NAME -> !NO_TEST_ARGUMENT.contains(in.peek().text());
            case STRING, INTEGER, FLOAT -> true;
            default -> in.isOperator("[") || in.isOperator("{");
        };
    }

    private String dotted(String what) {
        StringBuilder name = new StringBuilder(in.expect(Token.Kind.NAME, what));
        while (in.skipOperator(".")) {
            name.append('.').append(in.expect(Token.Kind.NAME, what));
        }
        return name.toString();
    }

    Expr.Arguments optionalArguments() {
        return in.isOperator("(") ? arguments() : Expr.Arguments.NONE;
    }

    private Expr.Arguments arguments() {
        in.expectOperator("(");
        List<Expr> positional = new ArrayList<>();
        Map<String, Expr> named = new LinkedHashMap<>();
        while (!in.skipOperator(")")) {
            if (in.isOperator("*") || in.isOperator("**")) {
                throw in.error("unpacking arguments with * is not built");
            }
            if (in.peek().kind() == Token.Kind.NAME && in.peekSecond().is(Token.Kind.OPERATOR, "=")) {
                String name = in.next().text();
                in.next();
                named.put(name, expression());
            } else {
                positional.add(expression());
            }
            separator(")");
        }
        return new Expr.Arguments(positional, named);
    }
}
