package tinyllm.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The smallest tokenizer there is: each byte of the text's UTF-8 is a token of that value, and three special tokens follow. It
 * needs no file, so tests and first examples use it.
 */
public final class ByteTokenizer {
    public static final int END_OF_TEXT = 256;
    public static final int IM_START = 257;
    public static final int IM_END = 258;

    private static final List<String> SPECIALS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    private ByteTokenizer() {}

    /** Ids 0 … 255 are bytes; {@link #END_OF_TEXT}, {@link #IM_START} and {@link #IM_END} are special. */
    public static BpeTokenizer create() {
        Vocabulary vocabulary = new Vocabulary(256 + SPECIALS.size());
        for (int b = 0; b < 256; b++) {
            byte[] raw = {(byte) b};
            vocabulary.add(b, ByteAlphabet.write(raw), raw);
        }
        List<AddedToken> added = new ArrayList<>();
        for (int i = 0; i < SPECIALS.size(); i++) {
            String text = SPECIALS.get(i);
            vocabulary.add(256 + i, text, text.getBytes(StandardCharsets.UTF_8));
            vocabulary.markSpecial(256 + i);
            added.add(new AddedToken(256 + i, text, true, false, false));
        }
        return new BpeTokenizer(new BpeModel(
                vocabulary,
                new MergeTable(0),
                added,
                PreTokenizer.GPT2,
                false,
                false,
                BpeModel.MissingBytes.VANISHES,
                -1,
                new int[0],
                new int[0],
                null,
                IM_END));
    }
}
