package tinyllm.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A merge loop from outside: what it returns is foreign until it is seen to hold the bytes that it was given. */
final class CheckedMerge {
    private final MergeFn loop;
    private final MergeTable merges;
    private final Vocabulary vocabulary;

    CheckedMerge(MergeFn loop, MergeTable merges, Vocabulary vocabulary) {
        this.loop = loop;
        this.merges = merges;
        this.vocabulary = vocabulary;
    }

    /** @throws TokenizerException if the loop returns null, an unknown token or other bytes */
    void mergeInto(int[] symbols, IntList ids) {
        int[] merged = loop.merge(symbols.clone(), merges);
        if (merged == null) {
            throw new TokenizerException(
                    "The merge loop " + name() + " returned null: return the tokens that are left.");
        }
        byte[] before = bytes(symbols);
        byte[] after = bytes(merged);
        if (!Arrays.equals(before, after)) {
            throw new TokenizerException("The merge loop " + name() + " changed the text: it was given the bytes of "
                    + quoted(before) + " and returned those of " + quoted(after)
                    + ". A merge replaces two neighbours by merges.result(left, right), and nothing else.");
        }
        for (int id : merged) {
            if (id >= 0) {
                ids.add(id);
            }
        }
    }

    private byte[] bytes(int[] ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length * 4);
        for (int id : ids) {
            if (id < -1 || id >= vocabulary.size()) {
                throw new TokenizerException("The merge loop " + name() + " returned the token " + id
                        + ", which is not in 0 … " + (vocabulary.size() - 1)
                        + ": merged tokens come from merges.result(left, right).");
            }
            if (id >= 0) {
                bytes.writeBytes(vocabulary.bytes(id));
            }
        }
        return bytes.toByteArray();
    }

    private String name() {
        return loop.getClass().getSimpleName();
    }

    private static String quoted(byte[] bytes) {
        return Quote.of(new String(bytes, StandardCharsets.UTF_8));
    }
}
