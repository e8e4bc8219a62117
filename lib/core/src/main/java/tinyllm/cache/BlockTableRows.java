package tinyllm.cache;

import java.util.Arrays;
import tinyllm.course.ReferenceUse;

/** A page by division, the place in it by what is left over. */
public final class BlockTableRows implements BlockTableFn {

    @Override
    public int missing(int held, int tokens, int pageTokens) {
        ReferenceUse.note("3.1 block table");
        return Math.max(0, Math.ceilDiv(tokens, pageTokens) - held);
    }

    @Override
    public int[] rows(int[] table, int from, int count, int pageTokens) {
        ReferenceUse.note("3.1 block table");
        int[] rows = new int[count];
        Arrays.setAll(rows, i -> table[(from + i) / pageTokens] * pageTokens + (from + i) % pageTokens);
        return rows;
    }
}
