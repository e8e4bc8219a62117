package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Computes expressions. */
final class Evaluator {
    private final Budget budget;

    Evaluator(Budget budget) {
        this.budget = budget;
    }

    /** Names the template's line in an error that does not have one yet. */
    <T> T at(int line, Supplier<T> work) {
        try {
            return work.get();
        } catch (TemplateException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith("Chat template, line") || message.startsWith("The chat template")
                    ? e
                    : TemplateException.at(line, message);
        }
    }

    Object eval(Expr expression, Scope scope) {
        budget.step();
        budget.enter();
        Object value = switch (expression) {
            case Expr.Literal literal -> literal.value();
            case Expr.Name name -> scope.get(name.name());
            case Expr.ListOf list -> list(list, scope);
            case Expr.DictOf dict -> dict(dict, scope);
            case Expr.Unary unary -> unary(unary, scope);
            case Expr.Binary b -> Operators.binary(b.operator(), eval(b.left(), scope), eval(b.right(), scope), budget);
            case Expr.Logic logic -> logic(logic, scope);
            case Expr.Not not -> !Values.truth(eval(not.value(), scope));
            case Expr.Compare compare -> compare(compare, scope);
            case Expr.Attribute a -> Members.attribute(eval(a.value(), scope), a.name(), budget);
            case Expr.Item item -> Members.item(eval(item.value(), scope), eval(item.key(), scope), budget);
            case Expr.Slice slice -> slice(slice, scope);
            case Expr.Call call -> call(call, scope);
            case Expr.Filter filter -> filter(filter, scope);
            case Expr.Test test -> test(test, scope);
            case Expr.Conditional c -> conditional(c, scope);
        };
        budget.leave();
        return value;
    }

    private Object list(Expr.ListOf list, Scope scope) {
        List<Object> items = new ArrayList<>();
        list.items().forEach(item -> items.add(eval(item, scope)));
        return list.tuple() ? new Tuple(items) : items;
    }

    private Object dict(Expr.DictOf dict, Scope scope) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            map.put(
                    Values.key(eval(dict.keys().get(i), scope)),
                    eval(dict.values().get(i), scope));
        }
        return map;
    }

    private Object unary(Expr.Unary unary, Scope scope) {
        Object value = eval(unary.value(), scope);
        Object number = Numbers.calculate("+", 0L, value); // refuses what is no number
        return unary.operator().equals("-") ? Numbers.negate(number) : number;
    }

    private Object logic(Expr.Logic logic, Scope scope) {
        Object left = eval(logic.left(), scope);
        return Values.truth(left) == logic.and() ? eval(logic.right(), scope) : left;
    }

    private Object compare(Expr.Compare compare, Scope scope) {
        Object left = eval(compare.first(), scope);
        for (int i = 0; i < compare.operators().size(); i++) {
            Object right = eval(compare.others().get(i), scope);
            if (!Operators.compare(compare.operators().get(i), left, right, budget)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Object slice(Expr.Slice slice, Scope scope) {
        return Members.slice(
                eval(slice.value(), scope),
                optional(slice.start(), scope),
                optional(slice.stop(), scope),
                optional(slice.step(), scope),
                budget);
    }

    private Object optional(@Nullable Expr expression, Scope scope) {
        return expression == null ? None.NONE : eval(expression, scope);
    }

    private Object conditional(Expr.Conditional c, Scope scope) {
        if (Values.truth(eval(c.condition(), scope))) {
            return eval(c.then(), scope);
        }
        return c.otherwise() == null ? new Undefined("the missing else of an inline if") : eval(c.otherwise(), scope);
    }

    private Object call(Expr.Call call, Scope scope) {
        Object target = eval(call.function(), scope);
        if (target instanceof Undefined u) {
            throw u.error();
        }
        if (!(target instanceof Function function)) {
            throw new TemplateException("'" + Values.typeName(target) + "' object is not callable");
        }
        return function.call(arguments(nameOf(call.function()), call.arguments(), scope));
    }

    private static String nameOf(Expr function) {
        return switch (function) {
            case Expr.Name name -> name.name();
            case Expr.Attribute attribute -> attribute.name();
            default -> "function";
        };
    }

    private Object filter(Expr.Filter filter, Scope scope) {
        Object value = eval(filter.value(), scope);
        return Filters.find(filter.name()).apply(value, arguments(filter.name(), filter.arguments(), scope));
    }

    private Object test(Expr.Test test, Scope scope) {
        Object value = eval(test.value(), scope);
        Args args = arguments(test.name(), test.arguments(), scope);
        return Tests.find(test.name()).holds(value, args) != test.negated();
    }

    private Args arguments(String function, Expr.Arguments arguments, Scope scope) {
        List<Object> positional = new ArrayList<>();
        arguments.positional().forEach(argument -> positional.add(eval(argument, scope)));
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, argument) -> named.put(name, eval(argument, scope)));
        return new Args(function, positional, named, budget);
    }
}
