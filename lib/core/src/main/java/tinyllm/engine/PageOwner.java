package tinyllm.engine;

/** What stands in {@link Engine#pageOwners()} where a page is not one request's own. */
public final class PageOwner {

    /** Nobody has it. */
    public static final long FREE = -1;

    /** Nobody runs on it; the prefix cache keeps it. */
    public static final long KEPT = -2;

    /** Several requests have it. */
    public static final long SHARED = -3;

    private PageOwner() {}
}
