package tinyllm.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/** Code points as the bytes of their UTF-8: one sequence of byte ranges for each stretch whose last bytes run from 0x80 to 0xBF. */
public final class Utf8 {

    private static final int[] LAST_OF_LENGTH = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

    private Utf8() {}

    /** One character of the set. */
    public static Expr of(CodePoints set) {
        List<Expr> all = new ArrayList<>();
        ByteSet ascii = ByteSet.NONE;
        for (CodePoints.Range range : set.ranges()) {
            int low = range.low();
            for (int length = 1; length <= 4 && low <= range.high(); length++) {
                int high = Math.min(range.high(), LAST_OF_LENGTH[length - 1]);
                if (low > high) {
                    continue;
                }
                if (length == 1) {
                    ascii = ascii.or(ByteSet.range(low, high));
                } else {
                    split(all, low, high, length);
                }
                low = high + 1;
            }
        }
        if (!ascii.isEmpty()) {
            all.addFirst(new Expr.Bytes(ascii));
        }
        return Expr.choice(all);
    }

    /** Code points of one length, cut until all but the first differing byte run over their whole range. */
    private static void split(List<Expr> into, int low, int high, int length) {
        for (int tail = 1; tail < length; tail++) {
            int mask = (1 << 6 * tail) - 1;
            if ((low & ~mask) != (high & ~mask)) {
                if ((low & mask) != 0) {
                    split(into, low, low | mask, length);
                    split(into, (low | mask) + 1, high, length);
                    return;
                }
                if ((high & mask) != mask) {
                    split(into, low, (high & ~mask) - 1, length);
                    split(into, high & ~mask, high, length);
                    return;
                }
            }
        }
        List<Expr> bytes = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            bytes.add(new Expr.Bytes(ByteSet.range(octet(low, i, length), octet(high, i, length))));
        }
        into.add(new Expr.Seq(bytes));
    }

    private static int octet(int point, int index, int length) {
        int bits = point >> 6 * (length - 1 - index);
        return index > 0 ? 0x80 | bits & 0x3F : 0xF00 >> length & 0xFF | bits;
    }
}
