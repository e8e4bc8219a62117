package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Runs the statements of one template once. */
final class Interpreter {
    /** The name under which a captured text is handed to the filters behind it; no template can write it. */
    static final String CAPTURED = " captured";

    private static final int STEPS_OF_A_TURN = 5; // a scope of its own costs more than an addition

    private enum Signal {
        NONE,
        BREAK,
        CONTINUE
    }

    private final Budget budget;
    private final Evaluator evaluator;
    private StrBuilder out;

    Interpreter(Budget budget) {
        this.budget = budget;
        this.evaluator = new Evaluator(budget);
        this.out = new StrBuilder(budget);
    }

    Str render(List<Stmt> body, Scope scope) {
        run(body, scope);
        return out.build();
    }

    private Signal run(List<Stmt> body, Scope scope) {
        budget.enter();
        for (Stmt statement : body) {
            budget.step();
            Signal signal = run(statement, scope);
            if (signal != Signal.NONE) {
                budget.leave();
                return signal;
            }
        }
        budget.leave();
        return Signal.NONE;
    }

    private Signal run(Stmt statement, Scope scope) {
        switch (statement) {
            case Stmt.Text text -> out.append(text.text());
            case Stmt.Output output ->
                out.append(evaluator.at(
                        output.line(), () -> Printer.str(evaluator.eval(output.value(), scope), budget)));
            case Stmt.If choice -> {
                return choose(choice, scope);
            }
            case Stmt.For loop -> loop(loop, scope);
            case Stmt.Set set ->
                evaluator.at(set.line(), () -> assign(set.target(), evaluator.eval(set.value(), scope), scope));
            case Stmt.Capture capture -> capture(capture, scope);
            case Stmt.Macro macro -> scope.set(macro.name(), (Function) args -> call(macro, args, scope));
            case Stmt.Break b -> {
                return Signal.BREAK;
            }
            case Stmt.Continue c -> {
                return Signal.CONTINUE;
            }
        }
        return Signal.NONE;
    }

    private Signal choose(Stmt.If choice, Scope scope) {
        for (Stmt.Branch branch : choice.branches()) {
            if (evaluator.at(branch.line(), () -> Values.truth(evaluator.eval(branch.condition(), scope)))) {
                return run(branch.body(), scope);
            }
        }
        return run(choice.otherwise(), scope);
    }

    private void loop(Stmt.For loop, Scope scope) {
        List<?> items = evaluator.at(loop.line(), () -> Values.items(evaluator.eval(loop.items(), scope), budget));
        if (loop.filter() != null) {
            items = filtered(loop, loop.filter(), items, scope);
        }
        if (items.isEmpty()) {
            run(loop.otherwise(), new Scope(scope));
            return;
        }
        Loop variable = new Loop(items);
        for (int i = 0; i < items.size(); i++) {
            budget.steps(STEPS_OF_A_TURN);
            variable.at(i);
            Scope turn = new Scope(scope);
            turn.set("loop", variable);
            Object item = items.get(i);
            evaluator.at(loop.line(), () -> assign(loop.target(), item, turn));
            if (run(loop.body(), turn) == Signal.BREAK) {
                return;
            }
        }
    }

    private List<?> filtered(Stmt.For loop, Expr filter, List<?> items, Scope scope) {
        List<Object> kept = new ArrayList<>();
        for (Object item : items) {
            budget.step();
            Scope turn = new Scope(scope);
            assign(loop.target(), item, turn);
            if (evaluator.at(loop.line(), () -> Values.truth(evaluator.eval(filter, turn)))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private boolean assign(Stmt.Target target, Object value, Scope scope) {
        switch (target) {
            case Stmt.Target.Variable variable -> scope.set(variable.name(), value);
            case Stmt.Target.Field field -> {
                if (!(scope.get(field.namespace()) instanceof Namespace namespace)) {
                    throw new TemplateException("cannot assign attribute on non-namespace object");
                }
                namespace.set(field.name(), value);
            }
            case Stmt.Target.Several several -> {
                List<?> values = Values.items(value, budget);
                if (values.size() != several.targets().size()) {
                    throw new TemplateException(
                            "expected " + several.targets().size() + " values to unpack, got " + values.size());
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(several.targets().get(i), values.get(i), scope);
                }
            }
        }
        return true;
    }

    private void capture(Stmt.Capture capture, Scope scope) {
        Scope inner = new Scope(scope);
        inner.set(CAPTURED, captured(capture.body(), inner));
        Object value = evaluator.at(capture.line(), () -> evaluator.eval(capture.value(), inner));
        if (capture.target() == null) {
            out.append(Printer.str(value, budget));
        } else {
            assign(capture.target(), value, scope);
        }
    }

    private Str captured(List<Stmt> body, Scope scope) {
        StrBuilder outside = out;
        out = new StrBuilder(budget);
        run(body, scope);
        Str text = out.build();
        out = outside;
        return text;
    }

    private Object call(Stmt.Macro macro, Args args, Scope definition) {
        List<String> parameters = macro.parameters();
        if (args.positional().size() > parameters.size()
                || !parameters.containsAll(args.named().keySet())) {
            throw new TemplateException("macro '" + macro.name() + "' takes the arguments " + parameters);
        }
        Scope scope = new Scope(definition);
        int firstDefault = parameters.size() - macro.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            Object value = args.get(i, name, new Undefined(name));
            if (value instanceof Undefined && i >= firstDefault) {
                value = evaluator.eval(macro.defaults().get(i - firstDefault), scope);
            }
            scope.set(name, value);
        }
        return captured(macro.body(), scope);
    }
}
