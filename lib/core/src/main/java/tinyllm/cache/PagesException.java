package tinyllm.cache;

/** Too few pages are free. Whoever asks decides what to do about it: wait, give pages back, or take another sequence's. */
public final class PagesException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int needed;
    private final int free;

    public PagesException(int needed, int free, int size) {
        super(needed + (needed == 1 ? " page is" : " pages are") + " needed, and " + free + " of " + size
                + " are free");
        this.needed = needed;
        this.free = free;
    }

    public int needed() {
        return needed;
    }

    public int free() {
        return free;
    }
}
