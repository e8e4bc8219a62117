package tinyllm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tinyllm.cache.PageBudget;
import tinyllm.cache.PagedKvCache;
import tinyllm.cache.PagedKvMemory;
import tinyllm.cache.PagesException;
import tinyllm.cache.PrefixCache;
import tinyllm.cache.PrefixIndex;
import tinyllm.kernel.KernelSet;

/** A hit gives the bits of a miss; pages come and go, and none is lost. */
class PrefixCacheTest {
    @TempDir
    static Path folder;

    private static CausalLm own;

    @BeforeAll
    static void load() throws Exception {
        own = Models.load(TinyQuantized.write(folder, "qwen2").toString(), KernelSet.OWN, LoadListener.NONE);
    }

    private static int[] text(long seed, int tokens) {
        return new Random(seed).ints(tokens, 0, 64).toArray();
    }

    private static int[] joined(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** The rest of a prompt, and the logits after it. */
    private static float[] finish(PagedKvCache cache, int[] prompt) {
        int[] rest = Arrays.copyOfRange(prompt, cache.length(), prompt.length);
        return own.step(List.of(new Chunk(rest, cache, true))).toFloats();
    }

    private static float[] cold(int[] prompt) {
        return own.lastLogits(prompt).toFloats();
    }

    private static PagedKvMemory memory(int tokens) {
        PagedKvMemory memory = own.newPages(PageBudget.tokens(tokens));
        memory.poisonFreedPages();
        return memory;
    }

    @Test
    void aHitIsAMissThatIsFaster() {
        int[] system = text(1, 50);
        try (PagedKvMemory memory = memory(512)) {
            PrefixCache prefixes = new PrefixCache(memory);
            int[] first = joined(system, text(2, 9));
            try (PagedKvCache cache = prefixes.newCache("", first)) {
                assertThat(cache.length()).isZero();
                assertThat(finish(cache, first)).isEqualTo(cold(first));
                prefixes.keep("", first, cache);
            }
            assertThat(prefixes.pages()).isEqualTo(3);
            assertThat(memory.available()).isEqualTo(memory.pool().size());
            int[] second = joined(system, text(3, 20));
            assertThat(prefixes.known("", second)).isEqualTo(48);
            try (PagedKvCache cache = prefixes.newCache("", second)) {
                assertThat(cache.length()).isEqualTo(48);
                assertThat(finish(cache, second)).isEqualTo(cold(second));
            }
            assertThat(prefixes.stats()).isEqualTo(new PrefixCache.Stats(59 + 70, 48, 0));
            assertThat(prefixes.stats().hitRate()).isEqualTo(48 / 129.0);
        }
    }

    /** The last token always passes, since its logits are not kept: of 48 known tokens two pages are taken. */
    @Test
    void aWholePromptIsNeverAHit() {
        int[] prompt = text(1, 48);
        try (PagedKvMemory memory = memory(512)) {
            PrefixCache prefixes = new PrefixCache(memory);
            for (int expected : new int[] {0, 32}) {
                try (PagedKvCache cache = prefixes.newCache("", prompt)) {
                    assertThat(cache.length()).isEqualTo(expected);
                    assertThat(finish(cache, prompt)).isEqualTo(cold(prompt));
                    prefixes.keep("", prompt, cache);
                }
            }
            assertThat(prefixes.pages()).isEqualTo(3);
        }
    }

    /** Fault E6: another tenant's prompt can't be probed. */
    @Test
    void saltsSeparateTenants() {
        int[] canary = text(7, 40);
        try (PagedKvMemory memory = memory(512)) {
            PrefixCache prefixes = new PrefixCache(memory);
            try (PagedKvCache cache = prefixes.newCache("a", canary)) {
                finish(cache, canary);
                prefixes.keep("a", canary, cache);
                assertThatThrownBy(() -> prefixes.keep("b", canary, cache))
                        .hasMessageContaining("kept under another salt");
            }
            assertThat(prefixes.known("b", canary)).isZero();
            try (PagedKvCache cache = prefixes.newCache("b", canary)) {
                assertThat(cache.length()).isZero();
                assertThat(finish(cache, canary)).isEqualTo(cold(canary));
            }
            assertThat(prefixes.known("a", canary)).isEqualTo(32);
        }
    }

    @Test
    void aHashThatIsConstantIsHarmless() {
        try (PagedKvMemory memory = memory(512)) {
            PrefixCache prefixes = new PrefixCache(memory, new PrefixIndex(16, (before, tokens, from, to) -> 1));
            for (long seed = 1; seed <= 4; seed++) {
                int[] prompt = text(seed, 40);
                try (PagedKvCache cache = prefixes.newCache("", prompt)) {
                    assertThat(finish(cache, prompt)).isEqualTo(cold(prompt));
                    prefixes.keep("", prompt, cache);
                }
            }
            int[] again = joined(Arrays.copyOf(text(2, 40), 32), text(9, 4));
            try (PagedKvCache cache = prefixes.newCache("", again)) {
                assertThat(cache.length()).isEqualTo(32);
                assertThat(finish(cache, again)).isEqualTo(cold(again));
            }
        }
    }

    /** Two sequences that computed the same at once end with one copy of it. */
    @Test
    void twinsShareAfterTheFact() {
        int[] prompt = text(4, 37);
        try (PagedKvMemory memory = memory(512)) {
            PrefixCache prefixes = new PrefixCache(memory);
            PagedKvCache a = prefixes.newCache("", prompt);
            PagedKvCache b = prefixes.newCache("", prompt);
            finish(a, prompt);
            finish(b, prompt);
            assertThat(memory.pool().used()).isEqualTo(6);
            prefixes.keep("", prompt, a);
            prefixes.keep("", prompt, b);
            assertThat(memory.pool().used()).isEqualTo(4);
            a.close();
            int[] longer = joined(prompt, new int[] {5});
            assertThat(own.step(List.of(new Chunk(new int[] {5}, b, true))).toFloats())
                    .isEqualTo(cold(longer));
            b.close();
            assertThat(memory.available()).isEqualTo(memory.pool().size());
            prefixes.clear();
            assertThat(memory.pool().used()).isZero();
        }
    }

    @Test
    void pagesThatNobodyHasMakeRoom() {
        try (PagedKvMemory memory = memory(64)) {
            PrefixCache prefixes = new PrefixCache(memory);
            int[] old = text(1, 33);
            try (PagedKvCache cache = prefixes.newCache("", old)) {
                finish(cache, old);
                prefixes.keep("", old, cache);
            }
            assertThat(memory.pool().free()).isEqualTo(2);
            assertThat(memory.available()).isEqualTo(4);
            int[] other = text(2, 60);
            try (PagedKvCache cache = prefixes.newCache("", other)) {
                assertThat(finish(cache, other)).isEqualTo(cold(other));
                assertThat(prefixes.stats().evictedPages()).isEqualTo(2);
                assertThat(prefixes.known("", old)).isZero();
                PagedKvCache late = memory.newCache();
                assertThatThrownBy(() -> late.reserve(1)).hasMessage("1 page is needed, and 0 of 4 are free");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomSchedules(long seed) {
        Random random = new Random(seed);
        int[][] trunks = {text(100, 40), text(101, 70), text(102, 17)};
        try (PagedKvMemory memory = memory(480)) {
            PrefixCache prefixes = new PrefixCache(memory);
            List<PagedKvCache> running = new ArrayList<>();
            List<int[]> texts = new ArrayList<>();
            for (int round = 0; round < 80; round++) {
                if (random.nextInt(3) == 0 && !running.isEmpty()) {
                    int which = random.nextInt(running.size());
                    PagedKvCache cache = running.remove(which);
                    int[] text = texts.remove(which);
                    if (random.nextBoolean()) {
                        prefixes.keep("", text, cache);
                    }
                    cache.close();
                } else {
                    int[] trunk = trunks[random.nextInt(trunks.length)];
                    int[] prompt = joined(trunk, text(random.nextInt(5), 1 + random.nextInt(50)));
                    PagedKvCache cache = prefixes.newCache("", prompt);
                    try {
                        assertThat(finish(cache, prompt))
                                .as("seed %d, round %d", seed, round)
                                .isEqualTo(cold(prompt));
                        running.add(cache);
                        texts.add(prompt);
                        if (random.nextInt(3) == 0) {
                            prefixes.keep("", prompt, cache);
                        }
                    } catch (PagesException e) {
                        cache.close();
                    }
                }
                memory.pool().check();
                assertThat(memory.available())
                        .isBetween(memory.pool().free(), memory.pool().size());
            }
            running.forEach(PagedKvCache::close);
            assertThat(memory.available()).isEqualTo(memory.pool().size());
            prefixes.clear();
            assertThat(memory.pool().free()).isEqualTo(memory.pool().size());
            assertThat(prefixes.stats().hitTokens()).isPositive();
        }
    }
}
