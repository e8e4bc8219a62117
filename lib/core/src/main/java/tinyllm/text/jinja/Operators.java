package tinyllm.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Arithmetic over any values, and comparison. */
final class Operators {
    private Operators() {}

    static Object binary(String operator, Object a, Object b, Budget budget) {
        if (operator.equals("~")) {
            return Text.concat(Printer.str(a, budget), Printer.str(b, budget), budget);
        }
        if (operator.equals("+") && a instanceof Str x && b instanceof Str y) {
            return Text.concat(x, y, budget);
        }
        if (operator.equals("+") && a instanceof List<?> x && b instanceof List<?> y) {
            return append(x, y, budget);
        }
        if (operator.equals("*")) {
            if (a instanceof Str || a instanceof List) {
                return repeat(a, Numbers.toLong(b), budget);
            }
            if (b instanceof Str || b instanceof List) {
                return repeat(b, Numbers.toLong(a), budget);
            }
        }
        if (operator.equals("%") && a instanceof Str) {
            throw new TemplateException("formatting with % is not built");
        }
        return Numbers.calculate(operator, a, b);
    }

    private static Object append(List<?> a, List<?> b, Budget budget) {
        budget.steps((long) a.size() + b.size());
        List<Object> all = new ArrayList<>(a);
        all.addAll(b);
        return a instanceof Tuple ? new Tuple(all) : all;
    }

    private static Object repeat(Object value, long times, Budget budget) {
        if (value instanceof Str s) {
            return Text.repeat(s, times, budget);
        }
        List<?> items = (List<?>) value;
        List<Object> all = new ArrayList<>();
        for (long i = 0; i < times && !items.isEmpty(); i++) {
            budget.steps(items.size());
            all.addAll(items);
        }
        return all;
    }

    static boolean compare(String operator, Object a, Object b, Budget budget) {
        return switch (operator) {
            case "==" -> Values.equal(a, b, budget);
            case "!=" -> !Values.equal(a, b, budget);
            case "in" -> Values.contains(b, a, budget);
            case "not in" -> !Values.contains(b, a, budget);
            case "<" -> Values.compare(a, b, budget) < 0;
            case "<=" -> Values.compare(a, b, budget) <= 0;
            case ">" -> Values.compare(a, b, budget) > 0;
            case ">=" -> Values.compare(a, b, budget) >= 0;
            default -> throw new TemplateException("unknown operator " + operator);
        };
    }
}
