package tinyllm.text.jinja;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tests behind {@code is}, by name. */
final class Tests {
    /** A test takes the value in front of {@code is} and the arguments behind its name. */
    interface Test {
        boolean holds(Object value, Args args);
    }

    private static final Map<String, Test> TESTS = new HashMap<>();

    static {
        TESTS.put("defined", (v, a) -> !(v instanceof Undefined));
        TESTS.put("undefined", (v, a) -> v instanceof Undefined);
        TESTS.put("none", (v, a) -> v == None.NONE);
        TESTS.put("string", (v, a) -> v instanceof Str);
        TESTS.put("mapping", (v, a) -> v instanceof Map);
        TESTS.put(
                "sequence",
                (v, a) -> v instanceof Str || v instanceof List || v instanceof Map || v instanceof Undefined);
        TESTS.put("iterable", (v, a) -> Values.isIterable(v));
        TESTS.put("callable", (v, a) -> v instanceof Function);
        TESTS.put("boolean", (v, a) -> v instanceof Boolean);
        TESTS.put("true", (v, a) -> Boolean.TRUE.equals(v));
        TESTS.put("false", (v, a) -> Boolean.FALSE.equals(v));
        TESTS.put("integer", (v, a) -> v instanceof Long || v instanceof BigInteger);
        TESTS.put("float", (v, a) -> v instanceof Double);
        TESTS.put("number", (v, a) -> Numbers.isNumber(v));
        TESTS.put("odd", (v, a) -> remainder(v, 2L) == 1);
        TESTS.put("even", (v, a) -> remainder(v, 2L) == 0);
        TESTS.put("divisibleby", (v, a) -> remainder(v, a.require(0, "num")) == 0);
        TESTS.put("upper", (v, a) -> cased(v, a, "isupper"));
        TESTS.put("lower", (v, a) -> cased(v, a, "islower"));
        TESTS.put("in", (v, a) -> Values.contains(a.require(0, "seq"), v, a.budget()));
        TESTS.put("sameas", (v, a) -> v == a.require(0, "other") || v.equals(a.require(0, "other")));
        comparison("==", "eq", "equalto");
        comparison("!=", "ne");
        comparison("<", "lt", "lessthan");
        comparison("<=", "le");
        comparison(">", "gt", "greaterthan");
        comparison(">=", "ge");
    }

    private Tests() {}

    static Test find(String name) {
        Test test = TESTS.get(name);
        if (test == null) {
            throw new TemplateException("the test '" + name + "' is not built");
        }
        return test;
    }

    private static void comparison(String operator, String... names) {
        Test test = (v, a) -> Operators.compare(operator, v, a.require(0, "other"), a.budget());
        TESTS.put(operator, test);
        for (String name : names) {
            TESTS.put(name, test);
        }
    }

    private static long remainder(Object value, Object divisor) {
        return Numbers.toLong(Numbers.calculate("%", value, divisor));
    }

    private static boolean cased(Object value, Args args, String method) {
        return value instanceof Str s
                && Members.attribute(s, method, args.budget()) instanceof Function f
                && Values.truth(f.call(args));
    }
}
