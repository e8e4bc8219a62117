package tinyllm.sampling.json;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tinyllm.sampling.grammar.Expr;

/** Decimal numbers between two ends, as digits: JSON's form without leading zeros, without "-0". */
final class NumberText {

    /** Digits before the point, and behind it: a double holds them. */
    private static final int DIGITS = 15;

    private static final BigDecimal MOST = BigDecimal.TEN.pow(DIGITS).subtract(BigDecimal.ONE);

    private NumberText() {}

    /** One end of an interval; both are given, since an open one stands at the largest number that is written. */
    record End(BigDecimal value, boolean included) {
        End magnitude() {
            return new End(value.negate(), included);
        }
    }

    static End lower(@Nullable BigDecimal value, boolean included) {
        return value == null ? new End(MOST.negate(), true) : new End(value, included);
    }

    static End upper(@Nullable BigDecimal value, boolean included) {
        return value == null ? new End(MOST, true) : new End(value, included);
    }

    /** Any number without ends, with an exponent if it likes. */
    static Expr any() {
        Expr exponent = Expr.seq(
                Expr.choice(Expr.text("e"), Expr.text("E")),
                Expr.optional(Expr.choice(Expr.text("+"), Expr.text("-"))),
                Expr.times(JsonText.DIGIT, 1, 2));
        Places all = new Places(DIGITS, DIGITS);
        return Expr.seq(number(lower(null, true), upper(null, true), all), Expr.optional(exponent));
    }

    /** Integers from low to high. */
    static Expr integer(End low, End high) {
        BigInteger from = low.value.setScale(0, RoundingMode.CEILING).toBigInteger();
        BigInteger to = high.value.setScale(0, RoundingMode.FLOOR).toBigInteger();
        if (!low.included && low.value.compareTo(new BigDecimal(from)) == 0) {
            from = from.add(BigInteger.ONE);
        }
        if (!high.included && high.value.compareTo(new BigDecimal(to)) == 0) {
            to = to.subtract(BigInteger.ONE);
        }
        List<Expr> options = new ArrayList<>();
        if (from.signum() < 0) {
            BigInteger least = BigInteger.ONE.max(to.negate());
            options.add(Expr.seq(Expr.text("-"), whole(least, from.negate())));
        }
        if (to.signum() >= 0) {
            options.add(whole(from.max(BigInteger.ZERO), to));
        }
        return Expr.choice(options);
    }

    /**
     * Digits behind the point: fewer behind a long whole part, since a double tells numbers of 15 digits apart and 100.000000000000001 is
     * 100 to many a validator.
     */
    record Places(int least, int most) {

        /** Enough to tell numbers between two ends apart. */
        static Places apart(End low, End high) {
            int least = Math.max(low.value.scale(), high.value.scale()) + 1;
            return new Places(least, Math.max(least, DIGITS));
        }

        /** @param digits before the point */
        private int behind(int digits) {
            return Math.min(most, Math.max(least, DIGITS - digits));
        }

        private int behind(BigInteger whole) {
            return behind(whole.signum() == 0 ? 0 : whole.toString().length());
        }
    }

    /** Numbers from low to high. */
    static Expr number(End low, End high, Places places) {
        End zero = new End(BigDecimal.ZERO, true);
        List<Expr> options = new ArrayList<>();
        if (low.value.signum() < 0) {
            End least = high.value.signum() < 0 ? high.magnitude() : new End(BigDecimal.ZERO, false);
            options.add(Expr.seq(Expr.text("-"), magnitude(least, low.magnitude(), places)));
        }
        if (high.value.signum() >= 0) {
            options.add(magnitude(low.value.signum() >= 0 ? low : zero, high, places));
        }
        return Expr.choice(options);
    }

    private static Expr magnitude(End low, End high, Places places) {
        BigInteger first = low.value.toBigInteger();
        BigInteger last = high.value.toBigInteger();
        if (low.value.compareTo(high.value) > 0) {
            return Expr.NOTHING;
        }
        if (first.equals(last)) {
            return Expr.seq(whole(first, last), new Fraction(low, high, places.behind(first)).expr());
        }
        List<Expr> options = new ArrayList<>();
        options.add(Expr.seq(whole(first, first), new Fraction(low, null, places.behind(first)).expr()));
        between(options, first.add(BigInteger.ONE), last.subtract(BigInteger.ONE), places);
        options.add(Expr.seq(whole(last, last), new Fraction(null, high, places.behind(last)).expr()));
        return Expr.choice(options);
    }

    /** Whole parts with as many digits behind the point are one expression. */
    private static void between(List<Expr> into, BigInteger from, BigInteger to, Places places) {
        BigInteger low = from;
        while (low.compareTo(to) <= 0) {
            int digits = low.toString().length();
            int behind = places.behind(digits);
            while (places.behind(digits + 1) == behind && digits < DIGITS) {
                digits++;
            }
            BigInteger high = BigInteger.TEN.pow(digits).subtract(BigInteger.ONE);
            high = digits >= DIGITS ? to : high.min(to);
            into.add(Expr.seq(whole(low, high), new Fraction(null, null, behind).expr()));
            low = high.add(BigInteger.ONE);
        }
    }

    /** Integers of 0 or more without leading zeros: by their number of digits. */
    private static Expr whole(BigInteger low, BigInteger high) {
        if (low.compareTo(high) > 0) {
            return Expr.NOTHING;
        }
        String first = low.toString();
        String last = high.toString();
        List<Expr> options = new ArrayList<>();
        for (int digits = first.length(); digits <= last.length(); digits++) {
            String from = digits == first.length() ? first : "1" + "0".repeat(digits - 1);
            String to = digits == last.length() ? last : "9".repeat(digits);
            options.add(between(from, to, 0, true, true));
        }
        return Expr.choice(options);
    }

    /** Strings of as many digits as both, from one to the other. */
    private static Expr between(String low, String high, int at, boolean onLow, boolean onHigh) {
        int left = low.length() - at;
        if (left == 0) {
            return Expr.EMPTY;
        }
        if (!onLow && !onHigh) {
            return Expr.times(JsonText.DIGIT, left, left);
        }
        char from = onLow ? low.charAt(at) : '0';
        char to = onHigh ? high.charAt(at) : '9';
        List<Expr> options = new ArrayList<>();
        if (from == to) {
            options.add(Expr.seq(Expr.range(from, from), between(low, high, at + 1, onLow, onHigh)));
        } else {
            char inner = (char) (onLow ? from + 1 : from);
            char outer = (char) (onHigh ? to - 1 : to);
            if (onLow) {
                options.add(Expr.seq(Expr.range(from, from), between(low, high, at + 1, true, false)));
            }
            if (inner <= outer) {
                options.add(Expr.seq(Expr.range(inner, outer), between(low, high, at + 1, false, false)));
            }
            if (onHigh) {
                options.add(Expr.seq(Expr.range(to, to), between(low, high, at + 1, false, true)));
            }
        }
        return Expr.choice(options);
    }

    /** The digits behind the point, between those of two ends that have the same digits before it; null is no end. */
    private record Fraction(@Nullable End low, @Nullable End high, int places) {

        Expr expr() {
            List<Expr> options = new ArrayList<>();
            if (mayStop(0, low != null, high != null)) {
                options.add(Expr.EMPTY);
            }
            Expr more = digits(0, low != null, high != null);
            options.add(Expr.seq(Expr.text("."), more));
            return Expr.choice(options);
        }

        private static String behind(@Nullable End end) {
            if (end == null) {
                return "";
            }
            BigDecimal rest = end.value.abs().remainder(BigDecimal.ONE).stripTrailingZeros();
            return rest.signum() == 0 ? "" : rest.toPlainString().substring(2);
        }

        private boolean mayStop(int at, boolean onLow, boolean onHigh) {
            boolean above = !onLow || low == null || (behind(low).length() <= at && low.included);
            boolean below = !onHigh || high == null || behind(high).length() > at || high.included;
            return above && below;
        }

        /** One digit or more from a place on. */
        private Expr digits(int at, boolean onLow, boolean onHigh) {
            if (at >= places) {
                return Expr.NOTHING;
            }
            if (!onLow && !onHigh) {
                return Expr.times(JsonText.DIGIT, 1, places - at);
            }
            char from = onLow ? digit(behind(low), at) : '0';
            char to = onHigh ? digit(behind(high), at) : '9';
            List<Expr> options = new ArrayList<>();
            for (char d = from; d <= to; d++) {
                boolean stillLow = onLow && d == from;
                boolean stillHigh = onHigh && d == to;
                Expr more = digits(at + 1, stillLow, stillHigh);
                Expr rest = mayStop(at + 1, stillLow, stillHigh) ? Expr.optional(more) : more;
                options.add(Expr.seq(Expr.range(d, d), rest));
            }
            return Expr.choice(options);
        }

        private static char digit(String digits, int at) {
            return at < digits.length() ? digits.charAt(at) : '0';
        }
    }
}
