package tinyllm.text.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Python's numbers: integers (64 bits in computations, any size as data), floats, and truth values as 0 and 1. */
final class Numbers {
    private Numbers() {}

    static boolean isNumber(Object value) {
        return value instanceof Long
                || value instanceof Double
                || value instanceof Boolean
                || value instanceof BigInteger;
    }

    static Object parse(Token token) {
        try {
            return token.kind() == Token.Kind.FLOAT
                    ? (Object) Double.valueOf(token.text())
                    : (Object) Long.valueOf(token.text());
        } catch (NumberFormatException e) {
            throw TemplateException.at(token.line(), "the number " + token.text() + " is too large.");
        }
    }

    static double toDouble(Object value) {
        return switch (value) {
            case Boolean b -> b ? 1 : 0;
            case Number n -> n.doubleValue();
            default -> throw notANumber(value);
        };
    }

    /** An integer that an operation needs: a count, an index, a width. */
    static long toLong(Object value) {
        return switch (value) {
            case Long n -> n;
            case Boolean b -> b ? 1 : 0;
            case Undefined u -> throw u.error();
            default -> throw new TemplateException("'" + Values.typeName(value) + "' can't be used as an integer");
        };
    }

    static int compare(Object a, Object b) {
        if (a instanceof BigInteger || b instanceof BigInteger) {
            return big(a).compareTo(big(b));
        }
        if (a instanceof Double || b instanceof Double) {
            double x = toDouble(a);
            double y = toDouble(b);
            return x < y ? -1 : x == y ? 0 : 1;
        }
        return Long.compare(toLong(a), toLong(b));
    }

    private static BigDecimal big(Object value) {
        return value instanceof BigInteger n ? new BigDecimal(n) : BigDecimal.valueOf(toDouble(value));
    }

    static Object negate(Object value) {
        return value instanceof Double d ? (Object) (-d) : (Object) exact("-", 0, toLong(value));
    }

    static Object calculate(String operator, Object a, Object b) {
        requireNumber(operator, a, b);
        if (operator.equals("/")) {
            return divide(toDouble(a), toDouble(b));
        }
        if (a instanceof Double || b instanceof Double) {
            return calculate(operator, toDouble(a), toDouble(b));
        }
        long x = toLong(a);
        long y = toLong(b);
        return operator.equals("**") && y < 0 ? (Object) Math.pow(x, y) : (Object) exact(operator, x, y);
    }

    private static void requireNumber(String operator, Object a, Object b) {
        if (a instanceof Undefined u) {
            throw u.error();
        }
        if (b instanceof Undefined u) {
            throw u.error();
        }
        if (!isNumber(a) || !isNumber(b)) {
            throw new TemplateException("unsupported operand types for " + operator + ": '" + Values.typeName(a)
                    + "' and '" + Values.typeName(b) + "'");
        }
    }

    private static Object divide(double a, double b) {
        if (b == 0) {
            throw new TemplateException("division by zero");
        }
        return a / b;
    }

    private static Object calculate(String operator, double a, double b) {
        if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
            throw new TemplateException("division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            case "**" -> Math.pow(a, b);
            default -> throw new TemplateException("unknown operator " + operator);
        };
    }

    private static long exact(String operator, long a, long b) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(a, b);
                case "-" -> Math.subtractExact(a, b);
                case "*" -> Math.multiplyExact(a, b);
                case "//" -> Math.floorDiv(a, b);
                case "%" -> Math.floorMod(a, b);
                case "**" ->
                    BigInteger.valueOf(a)
                            .pow(Math.toIntExact(Math.min(b, 64 * 64)))
                            .longValueExact();
                default -> throw new TemplateException("unknown operator " + operator);
            };
        } catch (ArithmeticException e) {
            throw new TemplateException(b == 0 ? "division by zero" : a + " " + operator + " " + b + " is too large");
        }
    }

    private static TemplateException notANumber(Object value) {
        return value instanceof Undefined u
                ? u.error()
                : new TemplateException("a " + Values.typeName(value) + " is not a number");
    }
}
