package tinyllm.text;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a loader found out about a tokenizer.
 *
 * @param prefix ids put before a user's text (a BOS, if the file asks for one), and {@code suffix} behind it
 * @param wholePieces whether a piece that is a token by itself is taken as it is, whatever the merges say
 */
record BpeModel(
        Vocabulary vocabulary,
        MergeTable merges,
        List<AddedToken> added,
        PreTokenizer preTokenizer,
        boolean nfc,
        boolean wholePieces,
        MissingBytes missing,
        int unknown,
        int[] prefix,
        int[] suffix,
        @Nullable Integer bos,
        @Nullable Integer eos) {

    /** What becomes of a byte that the vocabulary has no token for. The two families of tools differ; a model follows its file's. */
    enum MissingBytes {
        /** llama.cpp: it keeps its neighbours apart and is left out at the end. */
        SEPARATES,
        /** Hugging Face without an unknown token: it is left out at once, and its neighbours may merge. */
        VANISHES,
        /** Hugging Face with one: each such byte is the unknown token. */
        UNKNOWN,
        /** Hugging Face with {@code fuse_unk}: a run of them is one unknown token. */
        UNKNOWN_FUSED
    }
}
