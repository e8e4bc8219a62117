package tinyllm.text.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of a template. */
sealed interface Expr {
    record Literal(Object value) implements Expr {}

    record Name(String name) implements Expr {}

    record ListOf(List<Expr> items, boolean tuple) implements Expr {}

    record DictOf(List<Expr> keys, List<Expr> values) implements Expr {}

    record Unary(String operator, Expr value) implements Expr {}

    /** Arithmetic and {@code ~}. */
    record Binary(String operator, Expr left, Expr right) implements Expr {}

    /** {@code and}, {@code or}. */
    record Logic(boolean and, Expr left, Expr right) implements Expr {}

    record Not(Expr value) implements Expr {}

    /** {@code a < b <= c}, {@code in}, {@code not in}. */
    record Compare(Expr first, List<String> operators, List<Expr> others) implements Expr {}

    record Attribute(Expr value, String name) implements Expr {}

    record Item(Expr value, Expr key) implements Expr {}

    record Slice(
            Expr value,
            @Nullable Expr start,
            @Nullable Expr stop,
            @Nullable Expr step) implements Expr {}

    record Call(Expr function, Arguments arguments, int line) implements Expr {}

    record Filter(Expr value, String name, Arguments arguments, int line) implements Expr {}

    record Test(Expr value, String name, Arguments arguments, boolean negated, int line) implements Expr {}

    record Conditional(Expr condition, Expr then, @Nullable Expr otherwise) implements Expr {}

    /** What stands between the parentheses of a call. */
    record Arguments(List<Expr> positional, Map<String, Expr> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
