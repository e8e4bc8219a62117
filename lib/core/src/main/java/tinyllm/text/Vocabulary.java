package tinyllm.text;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tokens of a tokenizer: id to bytes, id to kind, and the token of each single byte. Filled by one loader, then read only. */
final class Vocabulary {
    /** Far above any vocabulary in use, and far below what would exhaust memory. */
    static final int MAX_TOKENS = 4_000_000;

    private final Map<String, Integer> idOfText;
    private byte[][] bytes; // null where no token has the id
    private final BitSet special = new BitSet();
    private int size;

    Vocabulary(int tokens) {
        idOfText = HashMap.newHashMap(tokens);
        bytes = new byte[tokens][];
    }

    /**
     * @param text as the file writes it
     * @param raw the bytes that it stands for
     */
    void add(int id, String text, byte[] raw) {
        if (id < 0 || id >= MAX_TOKENS || id > 4L * bytes.length + 65_536) {
            throw new TokenizerException("Token " + Quote.of(text) + " has the id " + id
                    + "; ids must be small non-negative numbers, below " + MAX_TOKENS
                    + " and dense. The tokenizer's file is damaged.");
        }
        Integer before = idOfText.putIfAbsent(text, id);
        if (before != null) {
            throw new TokenizerException("Token " + Quote.of(text) + " stands twice in the vocabulary, with the ids "
                    + before + " and " + id + ". The tokenizer's file is damaged.");
        }
        if (id >= bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(id + 1, bytes.length + bytes.length / 2));
        }
        if (bytes[id] != null) {
            throw new TokenizerException("The id " + id + " is given to two tokens, the second is " + Quote.of(text)
                    + ". The tokenizer's file is damaged.");
        }
        bytes[id] = raw;
        size = Math.max(size, id + 1);
    }

    /** An added token that the vocabulary lists too stands for its own text, not for an alphabet's bytes. */
    void replaceBytes(int id, byte[] raw) {
        bytes[id] = raw;
    }

    void markSpecial(int id) {
        special.set(id);
    }

    int size() {
        return size;
    }

    boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    boolean has(int id) {
        return id >= 0 && id < size && bytes[id] != null;
    }

    @Nullable
    Integer idOf(String text) {
        return idOfText.get(text);
    }

    /** @return the array itself: callers inside the package must not change it */
    byte[] bytes(int id) {
        byte[] known = id >= 0 && id < size ? bytes[id] : null;
        if (known == null) {
            throw new IllegalArgumentException("The token id " + id + " is not in the vocabulary, whose ids are 0 … "
                    + (size - 1) + ". Rows of an embedding beyond the vocabulary are padding and must be masked.");
        }
        return known;
    }

    /** For each byte its token, or −1 where the vocabulary has none (SmolLM2 lacks 21). */
    int[] byteTokens() {
        int[] ids = new int[256];
        for (int b = 0; b < 256; b++) {
            Integer id = idOfText.get(ByteAlphabet.write(new byte[] {(byte) b}));
            ids[b] = id == null ? -1 : id;
        }
        return ids;
    }
}
