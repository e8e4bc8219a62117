package tinyllm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which full pages are known for which text: a radix tree whose steps are pages, found by a hash of their content and of all before it,
 * and confirmed by the content itself. It counts pages and knows no memory (chapter 4.2). For one thread at a time.
 */
public final class PrefixIndex implements PageIndex {

    /** Condenses a page's tokens, and the hash of the pages before it, into a number. A poor one costs time, never a wrong answer. */
    @FunctionalInterface
    public interface PageHash {
        /** @param to one behind the page's last token */
        long of(long before, int[] tokens, int from, int to);
    }

    /** Mixes 64 bits for each token, so that one changed bit changes half of them. */
    public static final PageHash MIXED = (before, tokens, from, to) -> {
        long hash = before;
        for (int i = from; i < to; i++) {
            hash = (hash ^ tokens[i]) * 0x9e3779b97f4a7c15L;
            hash ^= hash >>> 32;
        }
        return hash;
    };

    /**
     * What an insertion came to.
     *
     * @param pages of the text's full pages
     * @param known the first so many were known before; the others are the index's from now on
     */
    public record Inserted(int[] pages, int known) {}

    private static final class Node {
        final @Nullable Node parent; // null for a root
        final String salt;
        final long hash;
        final int[] tokens;
        final int page;
        final Map<Long, List<Node>> children = new HashMap<>();
        Node older = this; // neighbours in the order of use
        Node newer = this;

        Node(@Nullable Node parent, String salt, long hash, int[] tokens, int page) {
            this.parent = parent;
            this.salt = salt;
            this.hash = hash;
            this.tokens = tokens;
            this.page = page;
        }

        @Nullable
        Node child(long of, int[] text, int from, int to) {
            for (Node node : children.getOrDefault(of, List.of())) {
                if (Arrays.equals(node.tokens, 0, node.tokens.length, text, from, to)) {
                    return node;
                }
            }
            return null;
        }

        void unlink() {
            older.newer = newer;
            newer.older = older;
            older = this;
            newer = this;
        }
    }

    private final int pageTokens;
    private final PageHash pageHash;
    private final Map<String, Node> roots = new HashMap<>();
    private final Node order =
            new Node(null, "", 0, new int[0], -1); // order.newer is the page that was used longest ago
    private int size;

    public PrefixIndex(int pageTokens) {
        this(pageTokens, MIXED);
    }

    public PrefixIndex(int pageTokens, PageHash pageHash) {
        if (pageTokens < 1) {
            throw new IllegalArgumentException("a page of " + pageTokens + " tokens holds nothing");
        }
        this.pageTokens = pageTokens;
        this.pageHash = pageHash;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int[] find(String salt, int[] tokens, int maxTokens) {
        List<Node> path = path(salt, tokens, Math.min(maxTokens, tokens.length));
        touch(path);
        return path.stream().mapToInt(node -> node.page).toArray();
    }

    @Override
    public int known(String salt, int[] tokens, int maxTokens) {
        return pageTokens
                * path(salt, tokens, Math.min(maxTokens, tokens.length)).size();
    }

    private List<Node> path(String salt, int[] tokens, int end) {
        List<Node> path = new ArrayList<>();
        Node node = roots.get(salt);
        for (int from = 0; node != null && from + pageTokens <= end; from += pageTokens) {
            node = node.child(pageHash.of(node.hash, tokens, from, from + pageTokens), tokens, from, from + pageTokens);
            if (node != null) {
                path.add(node);
            }
        }
        return path;
    }

    /** The last page of a path first: a page is never older than those behind it, so the oldest one is a leaf. */
    private void touch(List<Node> path) {
        for (int i = path.size() - 1; i >= 0; i--) {
            Node node = path.get(i);
            node.unlink();
            node.older = order.older;
            node.newer = order;
            order.older.newer = node;
            order.older = node;
        }
    }

    @Override
    public Inserted insert(String salt, int[] tokens, int[] pages) {
        int full = Math.min(pages.length, tokens.length / pageTokens);
        List<Node> path = path(salt, tokens, full * pageTokens);
        int known = path.size();
        Node parent = known > 0
                ? path.getLast()
                : roots.computeIfAbsent(salt, s -> new Node(null, s, s.hashCode(), new int[0], -1));
        for (int i = known; i < full; i++) {
            int from = i * pageTokens;
            long hash = pageHash.of(parent.hash, tokens, from, from + pageTokens);
            Node node = new Node(parent, salt, hash, Arrays.copyOfRange(tokens, from, from + pageTokens), pages[i]);
            parent.children.computeIfAbsent(hash, h -> new ArrayList<>(1)).add(node);
            path.add(node);
            parent = node;
            size++;
        }
        touch(path);
        dropIfEmpty(salt);
        return new Inserted(path.stream().mapToInt(n -> n.page).toArray(), known);
    }

    /**
     * {@inheritDoc} Those unused for longest go first. One pass over the order of use finds them all: what builds on a page is older
     * than the page.
     */
    @Override
    public int[] evict(int count, IntPredicate free) {
        IntStream.Builder gone = IntStream.builder();
        Node next = order.newer;
        for (int left = count; left > 0 && next != order; ) {
            Node node = next;
            next = node.newer;
            if (node.children.isEmpty() && free.test(node.page)) {
                remove(node);
                gone.add(node.page);
                left--;
            }
        }
        return gone.build().toArray();
    }

    private void remove(Node node) {
        Node parent = Objects.requireNonNull(node.parent);
        List<Node> same = parent.children.get(node.hash);
        if (same != null && same.remove(node) && same.isEmpty()) {
            parent.children.remove(node.hash);
        }
        node.unlink();
        size--;
        dropIfEmpty(node.salt);
    }

    private void dropIfEmpty(String salt) {
        Node root = roots.get(salt);
        if (root != null && root.children.isEmpty()) {
            roots.remove(salt);
        }
    }

    /** All pages known, the one that was used longest ago first. */
    public int[] pages() {
        int[] all = new int[size];
        int at = 0;
        for (Node node = order.newer; node != order; node = node.newer) {
            all[at++] = node.page;
        }
        return all;
    }
}
