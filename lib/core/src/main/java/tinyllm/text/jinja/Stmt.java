package tinyllm.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
sealed interface Stmt {
    record Text(Str text) implements Stmt {}

    record Output(Expr value, int line) implements Stmt {}

    record If(List<Branch> branches, List<Stmt> otherwise) implements Stmt {}

    record Branch(Expr condition, List<Stmt> body, int line) {}

    record For(Target target, Expr items, @Nullable Expr filter, List<Stmt> body, List<Stmt> otherwise, int line)
            implements Stmt {}

    record Set(Target target, Expr value, int line) implements Stmt {}

    /** {@code {% set x %}…{% endset %}} and {@code {% filter f %}…{% endfilter %}}, which prints (no target). */
    record Capture(@Nullable Target target, Expr value, List<Stmt> body, int line) implements Stmt {}

    record Macro(String name, List<String> parameters, List<Expr> defaults, List<Stmt> body) implements Stmt {}

    record Break() implements Stmt {}

    record Continue() implements Stmt {}

    /** What is assigned to. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record Field(String namespace, String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
