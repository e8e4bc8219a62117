package tinyllm.cache;

/** Exercise of chapter 4.2: a number for each full page of a text, by which the same page of the same text is found again. */
@FunctionalInterface
public interface PageKeysFn {

    /**
     * One key for each full page. Two pages have the same key exactly when they hold the same keys and values: equal tokens, after
     * equal tokens, under the same salt.
     *
     * @param salt who may share: texts of different salts have different keys
     * @param tokens of the text; those behind the last full page have no key
     * @param pageTokens tokens of a page, 1 or more
     * @return tokens.length / pageTokens keys
     */
    long[] keys(String salt, int[] tokens, int pageTokens);
}
