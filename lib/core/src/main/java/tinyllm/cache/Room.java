package tinyllm.cache;

/** Whether a cache may take, count or forget tokens: the same sentences for every kind of cache. */
final class Room {

    private Room() {}

    /** @throws IllegalStateException if the cache is closed */
    static void open(boolean closed) {
        if (closed) {
            throw new IllegalStateException("these keys and values are closed");
        }
    }

    /** @throws IllegalArgumentException if so many more do not fit */
    static void check(int tokens, int length, int maxTokens) {
        if (tokens < 0 || tokens > maxTokens - length) {
            throw new IllegalArgumentException("the cache holds " + length + " tokens and may hold " + maxTokens + "; "
                    + tokens + " more do not fit");
        }
    }

    /** @throws IllegalArgumentException if so many can't have been added */
    static void checkAdvance(int tokens, int length, int maxTokens) {
        if (tokens < 0 || tokens > maxTokens - length) {
            throw new IllegalArgumentException("the cache can't advance by " + tokens + " tokens");
        }
    }

    /** @throws IllegalArgumentException if the cache holds fewer */
    static void checkRewind(int tokens, int length) {
        if (tokens < 0 || tokens > length) {
            throw new IllegalArgumentException(
                    "the cache holds " + length + " tokens and can't forget " + tokens + " of them");
        }
    }
}
