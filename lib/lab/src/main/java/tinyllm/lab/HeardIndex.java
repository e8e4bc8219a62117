package tinyllm.lab;

import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tinyllm.cache.PageIndex;
import tinyllm.cache.PrefixIndex;

/** A learner's index whose exception is kept: the engine ends all requests then, and tells of its own failure. */
final class HeardIndex {

    private final IntFunction<? extends PageIndex> own;
    private @Nullable RuntimeException thrown;

    HeardIndex(IntFunction<? extends PageIndex> own) {
        this.own = own;
    }

    /** For pages of so many tokens. */
    PageIndex of(int pageTokens) {
        PageIndex index = own.apply(pageTokens);
        return new PageIndex() {
            @Override
            public int size() {
                return index.size();
            }

            @Override
            public int[] find(String salt, int[] tokens, int maxTokens) {
                return heard(() -> index.find(salt, tokens, maxTokens));
            }

            @Override
            public int known(String salt, int[] tokens, int maxTokens) {
                return heard(() -> index.known(salt, tokens, maxTokens));
            }

            @Override
            public PrefixIndex.Inserted insert(String salt, int[] tokens, int[] pages) {
                return heard(() -> index.insert(salt, tokens, pages));
            }

            @Override
            public int[] evict(int count, IntPredicate free) {
                return heard(() -> index.evict(count, free));
            }
        };
    }

    private <R> R heard(Supplier<R> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            thrown = e;
            throw e;
        }
    }

    /** Throws what the index threw, if it did. */
    void rethrow() {
        if (thrown != null) {
            throw thrown;
        }
    }
}
