package tinyllm.cache;

import tinyllm.course.ReferenceUse;

/** Each page's key mixes its tokens into the key of the page before, and the first one's into the salt's. From 0 zeros would stay 0. */
public final class ChainedKeys implements PageKeysFn {

    @Override
    public long[] keys(String salt, int[] tokens, int pageTokens) {
        ReferenceUse.note("4.2 keys");
        long[] keys = new long[tokens.length / pageTokens];
        long before = PrefixIndex.MIXED.of(1, new int[] {salt.hashCode()}, 0, 1);
        for (int page = 0; page < keys.length; page++) {
            before = PrefixIndex.MIXED.of(before, tokens, page * pageTokens, (page + 1) * pageTokens);
            keys[page] = before;
        }
        return keys;
    }
}
