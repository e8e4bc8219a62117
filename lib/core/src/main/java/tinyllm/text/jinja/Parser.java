package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Statements: the block tags of a template and what lies between them. */
final class Parser {
    private final TokenStream in;
    private final ExprParser expressions;
    private int loops;

    private Parser(String source) {
        in = new TokenStream(new Lexer(source).tokens());
        expressions = new ExprParser(in);
    }

    static List<Stmt> parse(String source) {
        Parser parser = new Parser(source);
        List<Stmt> body = parser.body(Set.of());
        if (parser.in.peek().kind() != Token.Kind.END) {
            throw parser.in.error("unexpected " + parser.in.peek().describe());
        }
        return body;
    }

    /** Statements up to a block tag whose name is in {@code ends}; that tag's name is the next token then. */
    private List<Stmt> body(Set<String> ends) {
        in.enter();
        List<Stmt> body = new ArrayList<>();
        while (true) {
            Token token = in.peek();
            switch (token.kind()) {
                case DATA -> body.add(new Stmt.Text(Str.template(in.next().text())));
                case VARIABLE_BEGIN -> {
                    in.next();
                    body.add(new Stmt.Output(expressions.tuple(true), token.line()));
                    in.expect(Token.Kind.VARIABLE_END, "the end of the tag");
                }
                case BLOCK_BEGIN -> {
                    in.next();
                    if (ends.contains(in.peek().text())) {
                        in.leave();
                        return body;
                    }
                    block(body, ends);
                }
                case END -> {
                    if (!ends.isEmpty()) {
                        throw in.error("the template ends where one of " + ends + " is expected");
                    }
                    in.leave();
                    return body;
                }
                default -> throw in.error("unexpected " + token.describe());
            }
        }
    }

    private void block(List<Stmt> body, Set<String> ends) {
        int line = in.line();
        String name = in.expect(Token.Kind.NAME, "a block's name");
        switch (name) {
            case "if" -> body.add(ifBlock());
            case "for" -> body.add(forBlock(line));
            case "set" -> body.add(setBlock(line));
            case "macro" -> body.add(macro());
            case "filter" -> body.add(filterBlock(line));
            case "break" -> {
                requireLoop(name);
                body.add(new Stmt.Break());
                endTag();
            }
            case "continue" -> {
                requireLoop(name);
                body.add(new Stmt.Continue());
                endTag();
            }
            case "generation" -> { // marks what the model wrote, for training; it prints its body
                endTag();
                body.addAll(body(Set.of("endgeneration")));
                closing("endgeneration");
            }
            default -> {
                String expected = ends.isEmpty() ? "" : "; one of " + ends + " is expected here";
                throw TemplateException.at(line, "the block '" + name + "' is not built" + expected + ".");
            }
        }
    }

    private void requireLoop(String name) {
        if (loops == 0) {
            throw in.error("'" + name + "' outside a loop");
        }
    }

    private void endTag() {
        in.expect(Token.Kind.BLOCK_END, "the end of the tag");
    }

    private void closing(String name) {
        in.expectName(name);
        endTag();
    }

    private Stmt ifBlock() {
        List<Stmt.Branch> branches = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        do {
            int line = in.line();
            Expr condition = expressions.tuple(false);
            endTag();
            branches.add(new Stmt.Branch(condition, body(Set.of("elif", "else", "endif")), line));
        } while (in.skipName("elif"));
        if (in.skipName("else")) {
            endTag();
            otherwise = body(Set.of("endif"));
        }
        closing("endif");
        return new Stmt.If(branches, otherwise);
    }

    private Stmt forBlock(int line) {
        Stmt.Target target = target(false);
        in.expectName("in");
        Expr items = expressions.tuple(false);
        Expr filter = in.skipName("if") ? expressions.expression() : null;
        if (in.isName("recursive")) {
            throw in.error("recursive loops are not built");
        }
        endTag();
        loops++;
        List<Stmt> body = body(Set.of("else", "endfor"));
        loops--;
        List<Stmt> otherwise = List.of();
        if (in.skipName("else")) {
            endTag();
            otherwise = body(Set.of("endfor"));
        }
        closing("endfor");
        return new Stmt.For(target, items, filter, body, otherwise, line);
    }

    private Stmt setBlock(int line) {
        Stmt.Target target = target(true);
        if (in.skipOperator("=")) {
            Expr value = expressions.tuple(true);
            endTag();
            return new Stmt.Set(target, value, line);
        }
        Expr value = expressions.filters(new Expr.Name(Interpreter.CAPTURED));
        endTag();
        List<Stmt> body = body(Set.of("endset"));
        closing("endset");
        return new Stmt.Capture(target, value, body, line);
    }

    private Stmt filterBlock(int line) {
        String name = in.expect(Token.Kind.NAME, "a filter's name");
        Expr.Arguments arguments = expressions.optionalArguments();
        Expr value = expressions.filters(new Expr.Filter(new Expr.Name(Interpreter.CAPTURED), name, arguments, line));
        endTag();
        List<Stmt> body = body(Set.of("endfilter"));
        closing("endfilter");
        return new Stmt.Capture(null, value, body, line);
    }

    private Stmt macro() {
        String name = in.expect(Token.Kind.NAME, "the macro's name");
        in.expectOperator("(");
        List<String> parameters = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        while (!in.skipOperator(")")) {
            parameters.add(in.expect(Token.Kind.NAME, "a parameter's name"));
            if (in.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw in.error("a parameter without a default behind one that has it");
            }
            if (!in.isOperator(")")) {
                in.expectOperator(",");
            }
        }
        endTag();
        int outside = loops;
        loops = 0;
        List<Stmt> body = body(Set.of("endmacro"));
        loops = outside;
        closing("endmacro");
        return new Stmt.Macro(name, parameters, defaults, body);
    }

    private Stmt.Target target(boolean withField) {
        List<Stmt.Target> targets = new ArrayList<>();
        boolean parenthesis = in.skipOperator("(");
        do {
            String name = in.expect(Token.Kind.NAME, "the name of a variable");
            targets.add(
                    withField && in.skipOperator(".")
                            ? new Stmt.Target.Field(name, in.expect(Token.Kind.NAME, "a name behind the dot"))
                            : new Stmt.Target.Variable(name));
        } while (in.skipOperator(","));
        if (parenthesis) {
            in.expectOperator(")");
        }
        return targets.size() == 1 ? targets.getFirst() : new Stmt.Target.Several(targets);
    }
}
