package tinyllm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tinyllm.kernel.BlockTables;
import tinyllm.kernel.CachedAttention;
import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.KvKind;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.RopeTable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;
import tinyllm.tensor.TensorMemoryException;

class PagedKvCacheTest {
    private static final int HEADS = 6;
    private static final int KV = 2;
    private static final int DIM = 64;
    private static final CachedAttention ATTENTION = new CachedAttention(HEADS, KV, DIM, false, 0.125);
    private static final RopeTable ANGLES = new RopeTable(DIM, 1e4);

    private static PagedKvMemory memory(int layers, int pages, int pageTokens) {
        return new PagedKvMemory(new PageForm(layers, KV, DIM, pageTokens, KvKind.F32), 10_000, pages);
    }

    private static Tensor qkv(int seed, int tokens) {
        return Tensor.normal(seed, 1, tokens, (HEADS + 2 * KV) * DIM);
    }

    /** What the same tokens give over memory of their own. */
    private static float[] alone(Tensor qkv, DType dtype) {
        int tokens = qkv.dim(1);
        try (ContiguousKvCache cache = new ContiguousKvCache(1, KV, DIM, tokens, dtype)) {
            cache.reserve(tokens);
            return ATTENTION.apply(qkv, ANGLES, cache.storage(0), 0).toFloats();
        }
    }

    /** The tokens of some sequences after those of their caches, in one call. */
    private static float[] step(List<PagedKvCache> caches, Tensor... rows) {
        int[] tokens = Arrays.stream(rows).mapToInt(r -> r.dim(1)).toArray();
        for (int i = 0; i < tokens.length; i++) {
            caches.get(i).reserve(tokens[i]);
        }
        BlockTables tables = Objects.requireNonNull(PagedKvCache.tables(caches, tokens));
        float[] out = ATTENTION.apply(Tensor.concat(1, rows), ANGLES, tables, 0).toFloats();
        for (int i = 0; i < tokens.length; i++) {
            caches.get(i).advance(tokens[i]);
        }
        return out;
    }

    private static float[] rows(float[] whole, int from, int to) {
        return Arrays.copyOfRange(whole, from * HEADS * DIM, to * HEADS * DIM);
    }

    @ParameterizedTest
    @CsvSource({"16,F32", "16,F16", "16,BF16", "32,F16", "64,BF16", "128,F32"})
    void pagesAreTheContiguousCacheBitForBit(int pageTokens, KvKind kind) {
        DType dtype = DType.valueOf(kind.name());
        PageForm form = new PageForm(1, KV, DIM, pageTokens, kind);
        Tensor a = qkv(1, 700);
        Tensor b = qkv(2, 530);
        float[] wholeA = alone(a, dtype);
        float[] wholeB = alone(b, dtype);
        try (PagedKvMemory memory = new PagedKvMemory(form, 1000, 2000 / pageTokens)) {
            memory.poisonFreedPages();
            PagedKvCache first = memory.newCache();
            PagedKvCache second = memory.newCache();
            int[] cutsA = {0, 1, 17, 250, 251, 513, 700};
            int[] cutsB = {0, 9, 10, 75, 140, 529, 530};
            for (int i = 1; i < cutsA.length; i++) {
                float[] out = step(
                        List.of(first, second), a.slice(1, cutsA[i - 1], cutsA[i]), b.slice(1, cutsB[i - 1], cutsB[i]));
                int tokens = cutsA[i] - cutsA[i - 1];
                assertThat(rows(out, 0, tokens)).isEqualTo(rows(wholeA, cutsA[i - 1], cutsA[i]));
                assertThat(rows(out, tokens, tokens + cutsB[i] - cutsB[i - 1]))
                        .isEqualTo(rows(wholeB, cutsB[i - 1], cutsB[i]));
            }
            first.close();
            second.close();
            assertThat(memory.pool().free()).isEqualTo(memory.pool().size());
            memory.pool().check();
        }
    }

    @Test
    void aForkSharesItsPagesUntilOneWrites() {
        Tensor prompt = qkv(1, 40);
        Tensor left = qkv(2, 30);
        Tensor right = qkv(3, 30);
        try (PagedKvMemory memory = memory(1, 20, 16)) {
            PagedKvCache trunk = memory.newCache();
            step(List.of(trunk), prompt);
            assertThat(memory.pool().used()).isEqualTo(3);
            PagedKvCache twin = trunk.fork();
            assertThat(memory.pool().used()).isEqualTo(3);
            assertThat(twin.pages()).isEqualTo(trunk.pages());
            assertThat(twin.pagesToReserve(1)).isEqualTo(1);
            float[] both = step(List.of(trunk, twin), left, right);
            assertThat(twin.pages()[1]).isEqualTo(trunk.pages()[1]);
            assertThat(twin.pages()[2]).isNotEqualTo(trunk.pages()[2]);
            assertThat(rows(both, 0, 30)).isEqualTo(rows(alone(Tensor.concat(1, prompt, left), DType.F32), 40, 70));
            assertThat(rows(both, 30, 60)).isEqualTo(rows(alone(Tensor.concat(1, prompt, right), DType.F32), 40, 70));
            trunk.close();
            float[] more = step(List.of(twin), left);
            assertThat(more).isEqualTo(rows(alone(Tensor.concat(1, prompt, right, left), DType.F32), 70, 100));
            twin.close();
            twin.close();
            assertThat(memory.pool().used()).isZero();
            memory.pool().check();
        }
    }

    @Test
    void aFullTailIsSharedWithoutACopy() {
        try (PagedKvMemory memory = memory(1, 20, 16)) {
            PagedKvCache trunk = memory.newCache();
            step(List.of(trunk), qkv(1, 32));
            PagedKvCache twin = trunk.fork();
            assertThat(twin.pagesToReserve(1)).isEqualTo(1);
            step(List.of(trunk, twin), qkv(2, 1), qkv(3, 1));
            assertThat(memory.pool().used()).isEqualTo(4);
            assertThat(twin.pages()[1]).isEqualTo(trunk.pages()[1]);
        }
    }

    @Test
    void rewindingIntoASharedPageCopiesItBeforeTheNextToken() {
        Tensor prompt = qkv(1, 40);
        Tensor other = qkv(2, 5);
        try (PagedKvMemory memory = memory(1, 20, 16)) {
            PagedKvCache trunk = memory.newCache();
            step(List.of(trunk), prompt);
            PagedKvCache twin = trunk.fork();
            twin.rewind(20);
            assertThat(twin.pages()).hasSize(2);
            float[] out = step(List.of(twin), other);
            assertThat(out).isEqualTo(rows(alone(Tensor.concat(1, prompt.slice(1, 0, 20), other), DType.F32), 20, 25));
            float[] next = step(List.of(trunk), other);
            assertThat(next).isEqualTo(rows(alone(Tensor.concat(1, prompt, other), DType.F32), 40, 45));
        }
    }

    @Test
    void anAppendHappensForAllOrNone() {
        try (PagedKvMemory memory = memory(2, 3, 16)) {
            PagedKvCache cache = memory.newCache();
            cache.reserve(20);
            cache.advance(20);
            PagedKvCache other = memory.newCache();
            assertThatThrownBy(() -> other.reserve(17)).isInstanceOf(PagesException.class);
            assertThat(other.pages()).isEmpty();
            assertThat(memory.pool().free()).isEqualTo(1);
            PagedKvCache twin = cache.fork();
            // the tail has to be copied, and one page more is needed: two, and one is free
            assertThatThrownBy(() -> twin.reserve(13)).hasMessageContaining("2 pages are needed, and 1 of 3");
            assertThat(twin.pages()).isEqualTo(cache.pages());
            twin.reserve(12);
            assertThat(twin.pages()[1]).isNotEqualTo(cache.pages()[1]);
            memory.pool().check();
        }
    }

    @Test
    void whatAFailedStepReservedIsGivenBack() {
        try (PagedKvMemory memory = memory(1, 8, 16)) {
            PagedKvCache cache = memory.newCache();
            cache.reserve(100);
            assertThat(memory.pool().free()).isEqualTo(1);
            cache.rewind(0);
            assertThat(memory.pool().free()).isEqualTo(8);
            assertThatThrownBy(() -> cache.advance(1)).hasMessageContaining("never reserved");
            assertThatThrownBy(() -> cache.rewind(1)).hasMessageContaining("holds 0 tokens");
        }
    }

    @Test
    void aSequenceMayFillThePoolAndNotMore() {
        try (PagedKvMemory memory = memory(1, 4, 16)) {
            PagedKvCache cache = memory.newCache();
            assertThat(cache.maxTokens()).isEqualTo(64);
            assertThatThrownBy(() -> cache.reserve(65))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("may hold 64; 65 more do not fit");
            cache.reserve(64);
            assertThat(memory.pool().free()).isZero();
        }
    }

    @Test
    void anyOtherSetOfKernelsReadsItAsTensors() {
        try (PagedKvMemory memory = memory(2, 8, 16)) {
            PagedKvCache cache = memory.newCache();
            Tensor k = Tensor.normal(1, 1, KV, 21, DIM);
            Tensor v = Tensor.normal(2, 1, KV, 21, DIM);
            cache.reserve(20);
            for (int layer : new int[] {1, 0}) {
                KeysValues all = cache.append(layer, new KeysValues(k.slice(2, 0, 20), v.slice(2, 0, 20)));
                assertThat(all.keys().toFloats()).isEqualTo(k.slice(2, 0, 20).toFloats());
            }
            cache.advance(20);
            cache.reserve(1);
            KeysValues all = cache.append(0, new KeysValues(k.slice(2, 20, 21), v.slice(2, 20, 21)));
            assertThat(all.keys().toFloats()).isEqualTo(k.toFloats());
            assertThat(all.values().toFloats()).isEqualTo(v.toFloats());
        }
    }

    @Test
    void closedCachesAndMemoryAreRefused() {
        PagedKvMemory memory = memory(1, 4, 16);
        PagedKvCache cache = memory.newCache();
        cache.reserve(3);
        cache.close();
        assertThatThrownBy(() -> cache.reserve(1)).hasMessageContaining("closed");
        assertThatThrownBy(cache::fork).hasMessageContaining("closed");
        assertThat(memory.pool().free()).isEqualTo(4);
        PagedKvCache late = memory.newCache();
        late.reserve(3);
        memory.close();
        memory.close();
        assertThat(memory.nbytes()).isZero();
        assertThatThrownBy(() -> PagedKvCache.tables(List.of(late), new int[] {3}))
                .hasMessageContaining("closed");
        late.close();
    }

    /** Fault E4: the bytes are asked for before anything is allocated. */
    @Test
    void moreThanTheBudgetIsRefusedBeforeItIsAllocated() {
        PageForm form = new PageForm(24, 64, 1024, 128, KvKind.F32);
        assertThatThrownBy(() -> new PagedKvMemory(form, 1 << 20, 1 << 20))
                .isInstanceOf(TensorMemoryException.class)
                .hasMessageContaining("1048576 pages of 128 tokens")
                .hasMessageContaining("budget");
    }

    @Test
    void budgetsBecomePages() {
        PageForm form = new PageForm(3, KV, DIM, 32, KvKind.F16);
        assertThat(form.pageBytes()).isEqualTo(2L * 3 * KV * DIM * 32 * 2);
        assertThat(PageBudget.bytes(10 * form.pageBytes() + 1).pages(form.pageBytes()))
                .isEqualTo(10);
        assertThat(PageBudget.tokens(33).pageTokens(32).pages(form.pageBytes())).isEqualTo(2);
        assertThat(PageBudget.share(0.01).pages(form.pageBytes())).isPositive();
        assertThatThrownBy(() -> PageBudget.bytes(100).pages(form.pageBytes()))
                .hasMessage(
                        "a budget of 100 bytes is less than one page of 16 tokens, which takes " + form.pageBytes());
        assertThatThrownBy(() -> PageBudget.share(1.5)).hasMessageContaining("a share is above 0, and 1 at most");
        assertThatThrownBy(() -> PageBudget.bytes(1).pageTokens(48)).hasMessageContaining("16, 32, 64 or 128");
        try (PagedKvMemory memory = PagedKvMemory.of(
                PageBudget.bytes(1 << 20).pageTokens(64).kind(KvKind.BF16),
                2,
                KV,
                DIM,
                100,
                KvKind.F32,
                new KeyTurn(1e4, false, List.of()))) {
            assertThat(memory.form()).isEqualTo(new PageForm(2, KV, DIM, 64, KvKind.BF16));
            assertThat(memory.nbytes()).isLessThanOrEqualTo(1 << 20);
            assertThat(memory.maxTokens()).isEqualTo(100);
        }
    }

    /** Pages as tensors, as a GPU has them: the same tables, and the same numbers. */
    @ParameterizedTest
    @CsvSource({"1,16", "2,32", "3,64"})
    void tensorsServeAsPages(long seed, int pageTokens) {
        Random random = new Random(seed);
        PageForm form = new PageForm(2, KV, DIM, pageTokens, KvKind.F16);
        Tensor k = Tensor.normal(1, 1, KV, 200, DIM);
        Tensor v = Tensor.normal(2, 1, KV, 200, DIM);
        try (PagedKvMemory nativePages = new PagedKvMemory(form, 1000, 2000 / pageTokens);
                PagedKvMemory tensors = PagedKvMemory.ofTensors(form, 1000, 2000 / pageTokens, null)) {
            List<PagedKvCache> a = new ArrayList<>(List.of(nativePages.newCache()));
            List<PagedKvCache> b = new ArrayList<>(List.of(tensors.newCache()));
            for (int round = 0; round < 40; round++) {
                int which = random.nextInt(a.size());
                int choice = random.nextInt(5);
                int tokens = 1 + random.nextInt(40);
                int back = random.nextInt(a.get(which).length() + 1);
                for (List<PagedKvCache> all : List.of(a, b)) {
                    PagedKvCache cache = all.get(which);
                    if (choice == 0 && all.size() < 6) {
                        all.add(cache.fork());
                    } else if (choice == 1) {
                        cache.rewind(back);
                    }
                }
                PagedKvCache one = a.get(which);
                PagedKvCache other = b.get(which);
                if (choice > 1 && one.length() + tokens <= 200) {
                    KeysValues step = new KeysValues(
                            k.slice(2, one.length(), one.length() + tokens), v.slice(2, 200 - tokens, 200));
                    for (int layer = 0; layer < 2; layer++) {
                        one.reserve(tokens);
                        other.reserve(tokens);
                        KeysValues expected = one.append(layer, step);
                        KeysValues found = other.append(layer, step);
                        assertThat(found.keys().toFloats())
                                .isEqualTo(expected.keys().toFloats());
                        assertThat(found.values().toFloats())
                                .isEqualTo(expected.values().toFloats());
                    }
                    one.advance(tokens);
                    other.advance(tokens);
                }
                assertThat(other.pages()).isEqualTo(one.pages());
            }
            a.forEach(PagedKvCache::close);
            b.forEach(PagedKvCache::close);
            assertThat(tensors.pool().used()).isZero();
            assertThat(tensors.nbytes()).isZero();
            assertThatThrownBy(() -> PagedKvMemory.ofTensors(new PageForm(1, KV, DIM, 16, KvKind.INT8), 100, 10, null))
                    .hasMessageContaining("nobody says which rotation");
        }
    }

    /** Random lives of many sequences in few pages; freed pages hold NaN, so nobody reads what is not theirs. */
    @ParameterizedTest
    @CsvSource({"1,16", "2,16", "3,32", "4,64"})
    void randomSchedules(long seed, int pageTokens) {
        Random random = new Random(seed);
        Tensor text = qkv(9, 400);
        float[] whole = alone(text, DType.F32);
        try (PagedKvMemory memory = memory(1, 1600 / pageTokens, pageTokens)) {
            memory.poisonFreedPages();
            List<PagedKvCache> all = new ArrayList<>();
            for (int round = 0; round < 150; round++) {
                int choice = random.nextInt(6);
                if (choice == 0 || all.isEmpty()) {
                    all.add(memory.newCache());
                } else if (choice == 1) {
                    all.add(all.get(random.nextInt(all.size())).fork());
                } else if (choice == 2) {
                    all.remove(random.nextInt(all.size())).close();
                } else if (choice == 3) {
                    PagedKvCache cache = all.get(random.nextInt(all.size()));
                    cache.rewind(random.nextInt(cache.length() + 1));
                } else {
                    someTokens(random, all, text, whole);
                }
                memory.pool().check();
            }
            all.forEach(PagedKvCache::close);
            assertThat(memory.pool().used()).isZero();
        }
    }

    private static void someTokens(Random random, List<PagedKvCache> all, Tensor text, float[] whole) {
        List<PagedKvCache> chosen = all.stream()
                .filter(c -> c.length() < 400 && random.nextBoolean())
                .toList();
        if (chosen.isEmpty()) {
            return;
        }
        Tensor[] rows = chosen.stream()
                .map(c -> text.slice(1, c.length(), Math.min(400, c.length() + 1 + random.nextInt(90))))
                .toArray(Tensor[]::new);
        int[] before = chosen.stream().mapToInt(PagedKvCache::length).toArray();
        try {
            float[] out = step(chosen, rows);
            int row = 0;
            for (int i = 0; i < rows.length; i++) {
                int tokens = rows[i].dim(1);
                assertThat(rows(out, row, row + tokens)).isEqualTo(rows(whole, before[i], before[i] + tokens));
                row += tokens;
            }
        } catch (PagesException e) {
            chosen.forEach(c -> c.rewind(0));
        }
    }
}
