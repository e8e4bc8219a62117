package tinyllm.lab.mutation;

import com.sun.source.tree.Tree.Kind;
import java.util.List;
import java.util.Map;

/** What an operator or a method is confused with. */
final class Swaps {

    private static final Map<Kind, List<String>> OPERATORS = Map.ofEntries(
            Map.entry(Kind.PLUS, List.of("-")),
            Map.entry(Kind.MINUS, List.of("+")),
            Map.entry(Kind.MULTIPLY, List.of("/", "+")),
            Map.entry(Kind.DIVIDE, List.of("*", "%")),
            Map.entry(Kind.REMAINDER, List.of("/")),
            Map.entry(Kind.LESS_THAN, List.of("<=", ">=")),
            Map.entry(Kind.LESS_THAN_EQUAL, List.of("<", ">")),
            Map.entry(Kind.GREATER_THAN, List.of(">=", "<=")),
            Map.entry(Kind.GREATER_THAN_EQUAL, List.of(">", "<")),
            Map.entry(Kind.EQUAL_TO, List.of("!=")),
            Map.entry(Kind.NOT_EQUAL_TO, List.of("==")),
            Map.entry(Kind.CONDITIONAL_AND, List.of("||")),
            Map.entry(Kind.CONDITIONAL_OR, List.of("&&")),
            Map.entry(Kind.AND, List.of("|")),
            Map.entry(Kind.OR, List.of("&")),
            Map.entry(Kind.LEFT_SHIFT, List.of(">>>")),
            Map.entry(Kind.RIGHT_SHIFT, List.of("<<")),
            Map.entry(Kind.UNSIGNED_RIGHT_SHIFT, List.of("<<", ">>")),
            Map.entry(Kind.PLUS_ASSIGNMENT, List.of("-=", "=")),
            Map.entry(Kind.MINUS_ASSIGNMENT, List.of("+=", "=")),
            Map.entry(Kind.MULTIPLY_ASSIGNMENT, List.of("/=")),
            Map.entry(Kind.POSTFIX_INCREMENT, List.of("--")),
            Map.entry(Kind.POSTFIX_DECREMENT, List.of("++")),
            Map.entry(Kind.PREFIX_INCREMENT, List.of("--")),
            Map.entry(Kind.PREFIX_DECREMENT, List.of("++")));

    private static final Map<String, List<String>> METHODS = Map.ofEntries(
            Map.entry("add", List.of("sub", "mul")),
            Map.entry("sub", List.of("add")),
            Map.entry("mul", List.of("div", "add")),
            Map.entry("div", List.of("mul")),
            Map.entry("maxKeep", List.of("minKeep", "sumKeep", "max")),
            Map.entry("minKeep", List.of("maxKeep", "min")),
            Map.entry("sumKeep", List.of("meanKeep", "maxKeep", "sum")),
            Map.entry("meanKeep", List.of("sumKeep", "maxKeep", "mean")),
            Map.entry("sum", List.of("mean", "sumKeep")),
            Map.entry("mean", List.of("sum", "meanKeep")),
            Map.entry("max", List.of("min")),
            Map.entry("min", List.of("max")),
            Map.entry("argmax", List.of("argmin")),
            Map.entry("cos", List.of("sin")),
            Map.entry("sin", List.of("cos")),
            Map.entry("lt", List.of("le", "ge")),
            Map.entry("le", List.of("lt", "gt")),
            Map.entry("gt", List.of("ge", "le")),
            Map.entry("ge", List.of("gt", "lt")),
            Map.entry("rsqrt", List.of("sqrt")),
            Map.entry("sqrt", List.of("rsqrt", "square")),
            Map.entry("square", List.of("abs", "sqrt")),
            Map.entry("exp", List.of("log", "square")),
            Map.entry("log", List.of("exp")),
            Map.entry("sigmoid", List.of("tanh")),
            Map.entry("neg", List.of("abs")),
            Map.entry("concat", List.of("stack")),
            Map.entry("stack", List.of("concat")),
            Map.entry("argsort", List.of("sort", "argmax")),
            Map.entry("cumsum", List.of("sumKeep", "sort")),
            Map.entry("maximum", List.of("minimum")),
            Map.entry("minimum", List.of("maximum")),
            Map.entry("getFirst", List.of("getLast")),
            Map.entry("getLast", List.of("getFirst")),
            Map.entry("split", List.of("merge")),
            Map.entry("merge", List.of("split")),
            Map.entry("pow", List.of("max")),
            Map.entry("equals", List.of("endsWith", "startsWith")));

    private Swaps() {}

    static List<String> of(Kind operator) {
        return OPERATORS.getOrDefault(operator, List.of());
    }

    static List<String> of(String method) {
        return METHODS.getOrDefault(method, List.of());
    }
}
