package tinyllm.lab.mutation;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.ArrayAccessTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.BreakTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.CompoundAssignmentTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ContinueTree;
import com.sun.source.tree.DoWhileLoopTree;
import com.sun.source.tree.EnhancedForLoopTree;
import com.sun.source.tree.ExpressionStatementTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.ForLoopTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.ThrowTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.Tree.Kind;
import com.sun.source.tree.TypeCastTree;
import com.sun.source.tree.UnaryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.tree.WhileLoopTree;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes the small changes of a solution that a tired learner makes. What an exception says and what an annotation says are left
 * alone: no check reads them. A change that does not compile is no mutant; the compiler finds out.
 */
final class Mutator extends TreePathScanner<@Nullable Void, @Nullable Void> {

    private static final List<String> WHOLE = List.of("int", "long");

    private final Answer answer;
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final Map<String, Mutant> found = new LinkedHashMap<>();
    private final List<Edit> polls = new ArrayList<>();
    private final Map<String, String> types = new LinkedHashMap<>();

    Mutator(Answer answer, CompilationUnitTree unit, SourcePositions positions) {
        this.answer = answer;
        this.unit = unit;
        this.positions = positions;
    }

    /** Every change, in the order of the source, each once. */
    List<Mutant> mutants() {
        scan(unit, null);
        return List.copyOf(found.values());
    }

    /** What makes each loop of the source end when the check's time is up; known after {@link #mutants}. */
    List<Edit> polls() {
        return List.copyOf(polls);
    }

    @Override
    public @Nullable Void visitBinary(BinaryTree node, @Nullable Void p) {
        int from = to(node.getLeftOperand());
        int to = from(node.getRightOperand());
        for (String other : Swaps.of(node.getKind())) {
            add(from, to, " " + other + " ");
        }
        if (Swaps.of(node.getKind()).stream().anyMatch(other -> "+-*/".contains(other))) {
            become(node, text(node.getLeftOperand()));
            become(node, text(node.getRightOperand()));
        }
        return super.visitBinary(node, p);
    }

    @Override
    public @Nullable Void visitUnary(UnaryTree node, @Nullable Void p) {
        ExpressionTree operand = node.getExpression();
        if (node.getKind() == Kind.UNARY_MINUS && operand.getKind() == Kind.INT_LITERAL) {
            number(node, -(Integer) Objects.requireNonNull(((LiteralTree) operand).getValue()));
            return null;
        }
        if (node.getKind() == Kind.UNARY_MINUS || node.getKind() == Kind.LOGICAL_COMPLEMENT) {
            become(node, text(operand));
        }
        for (String other : Swaps.of(node.getKind())) {
            become(node, text(node).replace(other.equals("--") ? "++" : "--", other));
        }
        return super.visitUnary(node, p);
    }

    @Override
    public @Nullable Void visitLiteral(LiteralTree node, @Nullable Void p) {
        switch (node.getValue()) {
            case Integer whole -> number(node, whole);
            case Double real -> {
                become(node, real == 0 ? "1.0" : "0.0");
                become(node, "(2 * " + text(node) + ")");
            }
            case Boolean flag -> become(node, Boolean.toString(!flag));
            case String words
            when !words.isEmpty() -> {
                become(node, "\"\"");
                int last = text(node).endsWith("\\n\"") ? 3 : 2;
                become(node, text(node).substring(0, text(node).length() - last) + "\"");
                become(node, "\" " + text(node).substring(1));
            }
            case null, default -> {}
        }
        return null;
    }

    private void number(Tree node, int value) {
        become(node, Integer.toString(value + 1));
        become(node, Integer.toString(value - 1));
        if (value != 0) {
            become(node, Integer.toString(-value));
        }
    }

    @Override
    public @Nullable Void visitMethodInvocation(MethodInvocationTree node, @Nullable Void p) {
        if (node.getMethodSelect() instanceof MemberSelectTree select) {
            String name = select.getIdentifier().toString();
            int end = to(select);
            for (String other : Swaps.of(name)) {
                add(end - name.length(), end, other);
            }
            become(node, text(select.getExpression()));
        }
        List<? extends ExpressionTree> arguments = node.getArguments();
        for (ExpressionTree argument : arguments) {
            become(node, text(argument));
        }
        for (int i = 0; i < arguments.size(); i++) {
            for (int j = i + 1; j < arguments.size(); j++) {
                ExpressionTree a = arguments.get(i);
                ExpressionTree b = arguments.get(j);
                add(from(a), to(b), text(b) + answer.source().substring(to(a), from(b)) + text(a));
            }
        }
        return super.visitMethodInvocation(node, p);
    }

    @Override
    public @Nullable Void visitConditionalExpression(ConditionalExpressionTree node, @Nullable Void p) {
        become(node, "(" + text(node.getTrueExpression()) + ")");
        become(node, "(" + text(node.getFalseExpression()) + ")");
        become(node.getCondition(), "!(" + text(node.getCondition()) + ")");
        return super.visitConditionalExpression(node, p);
    }

    @Override
    public @Nullable Void visitIf(IfTree node, @Nullable Void p) {
        become(node.getCondition(), "(!" + text(node.getCondition()) + ")");
        drop(node);
        if (node.getElseStatement() != null) {
            become(node, text(node.getThenStatement()));
            become(node, text(Objects.requireNonNull(node.getElseStatement())));
        }
        return super.visitIf(node, p);
    }

    @Override
    public @Nullable Void visitTypeCast(TypeCastTree node, @Nullable Void p) {
        become(node, text(node.getExpression()));
        return scan(node.getExpression(), p);
    }

    @Override
    public @Nullable Void visitArrayAccess(ArrayAccessTree node, @Nullable Void p) {
        become(node.getIndex(), text(node.getIndex()) + " + 1");
        become(node.getIndex(), text(node.getIndex()) + " - 1");
        return super.visitArrayAccess(node, p);
    }

    @Override
    public @Nullable Void visitAssignment(AssignmentTree node, @Nullable Void p) {
        if (!(node.getVariable() instanceof IdentifierTree)) {
            scan(node.getVariable(), p);
        }
        return scan(node.getExpression(), p);
    }

    @Override
    public @Nullable Void visitCompoundAssignment(CompoundAssignmentTree node, @Nullable Void p) {
        for (String other : Swaps.of(node.getKind())) {
            add(to(node.getVariable()), from(node.getExpression()), " " + other + " ");
        }
        return scan(node.getExpression(), p);
    }

    /** A variable for another one of its type; a number by one too many or too few. */
    @Override
    public @Nullable Void visitIdentifier(IdentifierTree node, @Nullable Void p) {
        String name = node.getName().toString();
        String type = types.get(name);
        if (type == null || type.equals("var")) {
            return null;
        }
        types.forEach((other, itsType) -> {
            if (itsType.equals(type)) {
                become(node, other);
            }
        });
        if (WHOLE.contains(type) && !(getCurrentPath().getParentPath().getLeaf() instanceof UnaryTree)) {
            become(node, "(" + name + " + 1)");
            become(node, "(" + name + " - 1)");
        }
        return null;
    }

    @Override
    public @Nullable Void visitExpressionStatement(ExpressionStatementTree node, @Nullable Void p) {
        Tree parent = getCurrentPath().getParentPath().getLeaf();
        if (!(parent instanceof ForLoopTree loop && loop.getUpdate().contains(node))) {
            drop(node);
        }
        return super.visitExpressionStatement(node, p);
    }

    @Override
    public @Nullable Void visitBreak(BreakTree node, @Nullable Void p) {
        become(node, "continue;");
        drop(node);
        return null;
    }

    @Override
    public @Nullable Void visitContinue(ContinueTree node, @Nullable Void p) {
        become(node, "break;");
        drop(node);
        return null;
    }

    @Override
    public @Nullable Void visitForLoop(ForLoopTree node, @Nullable Void p) {
        drop(node);
        poll(node.getStatement());
        return super.visitForLoop(node, p);
    }

    @Override
    public @Nullable Void visitEnhancedForLoop(EnhancedForLoopTree node, @Nullable Void p) {
        drop(node);
        poll(node.getStatement());
        return super.visitEnhancedForLoop(node, p);
    }

    @Override
    public @Nullable Void visitWhileLoop(WhileLoopTree node, @Nullable Void p) {
        drop(node);
        become(node.getCondition(), "(!" + text(node.getCondition()) + ")");
        poll(node.getStatement());
        return super.visitWhileLoop(node, p);
    }

    @Override
    public @Nullable Void visitDoWhileLoop(DoWhileLoopTree node, @Nullable Void p) {
        poll(node.getStatement());
        return super.visitDoWhileLoop(node, p);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree node, @Nullable Void p) {
        types.clear();
        for (VariableTree parameter : node.getParameters()) {
            types.put(parameter.getName().toString(), parameter.getType().toString());
        }
        return scan(node.getBody(), p);
    }

    @Override
    public @Nullable Void visitVariable(VariableTree node, @Nullable Void p) {
        scan(node.getInitializer(), p);
        if (node.getType() != null) {
            types.put(node.getName().toString(), node.getType().toString());
        }
        return null;
    }

    @Override
    public @Nullable Void visitThrow(ThrowTree node, @Nullable Void p) {
        return null;
    }

    @Override
    public @Nullable Void visitAnnotation(AnnotationTree node, @Nullable Void p) {
        return null;
    }

    private void poll(StatementTree body) {
        if (body.getKind() == Kind.BLOCK) {
            polls.add(new Edit(from(body) + 1, from(body) + 1, " " + Turn.class.getName() + ".poll();"));
        }
    }

    private void drop(Tree statement) {
        become(statement, ";");
    }

    private void become(Tree node, String text) {
        add(from(node), to(node), text);
    }

    private void add(int from, int to, String text) {
        if (answer.isSolution(from, to) && !answer.source().substring(from, to).equals(text)) {
            Mutant mutant = Mutant.of(answer, new Edit(from, to, text));
            found.putIfAbsent(mutant.source(), mutant);
        }
    }

    private String text(Tree node) {
        return answer.source().substring(from(node), to(node));
    }

    private int from(Tree node) {
        return (int) positions.getStartPosition(unit, node);
    }

    private int to(Tree node) {
        return (int) positions.getEndPosition(unit, node);
    }
}
