package tinyllm.sampling.json;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.Expr;
import tools.jackson.databind.JsonNode;

/**
 * Numbers and integers by their ends and by what they are a multiple of. 0.07 is a multiple of 0.01, as decimals are; a validator that divides
 * doubles says otherwise, and no grammar can tell which it would take.
 */
final class NumberRule {

    private static final int LARGEST_MULTIPLE = 1_000;

    private final SchemaCompiler compiler;

    NumberRule(SchemaCompiler compiler) {
        this.compiler = compiler;
    }

    Expr of(JsonNode schema, boolean integer, String pointer) {
        NumberText.End low = tighter(schema, "minimum", "exclusiveMinimum", 1, pointer);
        NumberText.End high = tighter(schema, "maximum", "exclusiveMaximum", -1, pointer);
        BigDecimal step = Keywords.decimal(schema, "multipleOf", pointer);
        NumberText.End from = low == null ? NumberText.lower(null, true) : low;
        NumberText.End to = high == null ? NumberText.upper(null, true) : high;
        if (from.value().abs().precision() - from.value().scale() > 18
                || to.value().abs().precision() - to.value().scale() > 18) {
            throw new SchemaException(pointer, "an end of more than 18 digits is not supported");
        }
        if (step != null) {
            return multiples(step, from, to, integer, pointer);
        }
        if (integer) {
            return NumberText.integer(from, to);
        }
        return low == null && high == null
                ? NumberText.any()
                : NumberText.number(from, to, NumberText.Places.apart(from, to));
    }

    private static NumberText.@Nullable End tighter(
            JsonNode schema, String included, String excluded, int sign, String pointer) {
        if (schema.path(excluded).isBoolean()) {
            throw new SchemaException(
                    pointer, excluded + " must be a number (as a boolean it is draft 4's, which is not supported)");
        }
        BigDecimal in = Keywords.decimal(schema, included, pointer);
        BigDecimal out = Keywords.decimal(schema, excluded, pointer);
        if (out == null || in != null && out.compareTo(in) * sign < 0) {
            return in == null ? null : new NumberText.End(in, true);
        }
        return new NumberText.End(out, false);
    }

    private Expr multiples(BigDecimal step, NumberText.End from, NumberText.End to, boolean integer, String pointer) {
        BigDecimal plain = step.stripTrailingZeros();
        if (plain.signum() <= 0) {
            throw new SchemaException(pointer, "multipleOf must be more than 0, but is " + step);
        }
        boolean power = plain.unscaledValue().intValue() == 1 && plain.precision() == 1 && plain.scale() > 0;
        if (power && !integer) {
            return NumberText.number(from, to, new NumberText.Places(0, plain.scale()));
        }
        if (power || plain.compareTo(BigDecimal.ONE) == 0) {
            return NumberText.integer(from, to); // integers are multiples of 0.1, 0.01, … and of 1
        }
        if (plain.scale() > 0 || plain.compareTo(BigDecimal.valueOf(LARGEST_MULTIPLE)) > 0) {
            throw new SchemaException(
                    pointer,
                    "multipleOf " + step + " is not supported: whole numbers up to " + LARGEST_MULTIPLE
                            + " are, and 0.1, 0.01, …");
        }
        return new Expr.Both(NumberText.integer(from, to), remainderZero(plain.intValueExact()));
    }

    /** Digits are read from the left: a rule for each remainder so far. */
    private Expr remainderZero(int step) {
        List<Integer> ids = new ArrayList<>();
        for (int r = 0; r < step; r++) {
            ids.add(compiler.newRule());
        }
        for (int r = 0; r < step; r++) {
            List<Expr> options = new ArrayList<>();
            if (r == 0) {
                options.add(Expr.EMPTY);
            }
            for (int digit = 0; digit < 10; digit++) {
                char d = (char) ('0' + digit);
                options.add(Expr.seq(Expr.range(d, d), new Expr.Rule(ids.get((10 * r + digit) % step))));
            }
            compiler.setRule(ids.get(r), Expr.choice(options));
        }
        return Expr.seq(Expr.optional(Expr.text("-")), new Expr.Rule(ids.getFirst()));
    }
}
