package tinyllm.cache;

/**
 * A page that a prefix cache keeps, as an eviction sees it (chapter 4.2).
 *
 * @param page its number
 * @param parent the page before it in its text, which is kept, too; {@link #NONE} for a text's first page
 * @param lastUsed when a text last had it; the larger, the later
 * @param inUse whether a running sequence has it
 */
public record KeptPage(int page, int parent, long lastUsed, boolean inUse) {

    /** The parent of a first page. */
    public static final int NONE = -1;
}
