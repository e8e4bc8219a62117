package tinyllm.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Byte-level BPE: a text is cut at the added tokens, normalized if the file says so, cut into pieces, and the bytes of each
 * piece merge pair by pair in the order of the merges' ranks. Immutable and safe to share between threads; the time is
 * O(n log n) in the length of the text, whatever it holds.
 *
 * <p>Ids equal llama.cpp's for a tokenizer from GGUF, and those of Hugging Face's tokenizers for one from tokenizer.json, with
 * special tokens in the text left as text. A byte that the vocabulary has no token for (see {@link #bytesWithoutToken}) is
 * left out, as both of them do; every other text comes back byte for byte, in its NFC form where the file asks for NFC.
 */
public final class BpeTokenizer implements Tokenizer {
    private final BpeModel model;
    private final Vocabulary vocabulary;
    private final AddedTokens added;
    private final int[] byteTokens;
    private final @Nullable CheckedMerge loop;

    BpeTokenizer(BpeModel model) {
        this(model, null);
    }

    private BpeTokenizer(BpeModel model, @Nullable CheckedMerge loop) {
        this.model = model;
        this.loop = loop;
        this.vocabulary = model.vocabulary();
        this.added = new AddedTokens(model.added());
        this.byteTokens = vocabulary.byteTokens();
    }

    /**
     * @param json the contents of a tokenizer.json
     * @throws TokenizerException if it is damaged or asks for what this library does not build; the message names the field
     */
    public static BpeTokenizer fromTokenizerJson(String json) {
        return new BpeTokenizer(new TokenizerJson(json).read());
    }

    /**
     * @param metadata a GGUF file's metadata; lists may be lists or arrays
     * @throws TokenizerException if it is damaged or asks for what this library does not build; the message names the key
     */
    public static BpeTokenizer fromGguf(Map<String, ? extends @Nullable Object> metadata) {
        return new BpeTokenizer(new GgufTokenizer(metadata).read());
    }

    /**
     * The same tokenizer with another merge loop, such as a learner's. Each piece's result is looked at: it must hold the bytes
     * of the piece, in their order.
     */
    public BpeTokenizer with(MergeFn loop) {
        return new BpeTokenizer(model, new CheckedMerge(loop, model.merges(), vocabulary));
    }

    /** The merges that this tokenizer was made with. */
    public Merges merges() {
        return model.merges();
    }

    /** The token of one byte (0 … 255), or −1 where the vocabulary has none: what a merge loop begins with. */
    public int byteToken(int value) {
        return byteTokens[value];
    }

    /**
     * The pieces inside which bytes merge, from left to right; together they are the whole text, in its NFC form where the file
     * asks for NFC. Added tokens in it are read as plain text.
     */
    public List<String> pieces(String text) {
        String normal = model.nfc() ? Nfc.normalize(text) : text;
        List<String> pieces = new ArrayList<>();
        model.preTokenizer().split(normal, 0, normal.length(), (from, to) -> pieces.add(normal.substring(from, to)));
        return List.copyOf(pieces);
    }

    @Override
    public int[] encode(String text) {
        BitSet data = new BitSet();
        data.set(0, text.length());
        return wrap(encode(text, data));
    }

    @Override
    public int[] encodeWithSpecials(String text) {
        return wrap(encode(text, new BitSet()));
    }

    @Override
    public int[] encode(TemplateText text) {
        BitSet data = new BitSet();
        int at = 0;
        for (TemplateText.Span span : text.spans()) {
            int end = at + span.text().length();
            data.set(at, end, !span.fromTemplate());
            at = end;
        }
        return encode(text.toString(), data);
    }

    @Override
    public String decode(int... ids) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length * 4);
        for (int id : ids) {
            bytes.writeBytes(vocabulary.bytes(id));
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] bytes(int id) {
        return vocabulary.bytes(id).clone();
    }

    @Override
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    @Override
    public boolean has(int id) {
        return vocabulary.has(id);
    }

    @Override
    public int vocabSize() {
        return vocabulary.size();
    }

    /** The id of a token as the file writes it ({@code "<|im_end|>"}, {@code "Ġthe"}), or empty. */
    public OptionalInt idOf(String token) {
        Integer id = vocabulary.idOf(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** The token that the file names as the beginning of a text; tokenizer.json names none. */
    public OptionalInt bos() {
        return model.bos() == null ? OptionalInt.empty() : OptionalInt.of(model.bos());
    }

    /** The token that the file names as the end of a turn; tokenizer.json names none. */
    public OptionalInt eos() {
        return model.eos() == null ? OptionalInt.empty() : OptionalInt.of(model.eos());
    }

    /** The byte values (0 … 255) that no token stands for. Qwen has none; SmolLM2 lacks 21, six of them control characters. */
    public int[] bytesWithoutToken() {
        return IntStream.range(0, 256).filter(b -> byteTokens[b] < 0).toArray();
    }

    private int[] wrap(int[] ids) {
        int[] prefix = model.prefix();
        int[] suffix = model.suffix();
        if (prefix.length + suffix.length == 0) {
            return ids;
        }
        return IntStream.concat(IntStream.concat(IntStream.of(prefix), IntStream.of(ids)), IntStream.of(suffix))
                .toArray();
    }

    private int[] encode(String text, BitSet data) {
        checkSurrogates(text);
        IntList ids = new IntList();
        BpeMerger merger = new BpeMerger(model.merges());
        added.split(text, data, new AddedTokens.Sink() {
            @Override
            public void text(int from, int to) {
                encodePlain(text.substring(from, to), merger, ids);
            }

            @Override
            public void token(int id) {
                ids.add(id);
            }
        });
        return ids.toArray();
    }

    private void encodePlain(String text, BpeMerger merger, IntList ids) {
        String normal = model.nfc() ? Nfc.normalize(text) : text;
        model.preTokenizer().split(normal, 0, normal.length(), (from, to) -> {
            byte[] bytes = normal.substring(from, to).getBytes(StandardCharsets.UTF_8);
            Integer whole = model.wholePieces() ? vocabulary.idOf(ByteAlphabet.write(bytes)) : null;
            if (whole != null) {
                ids.add(whole);
            } else {
                encodePiece(bytes, merger, ids);
            }
        });
    }

    private void encodePiece(byte[] bytes, BpeMerger merger, IntList ids) {
        merger.clear();
        boolean unknownBefore = false;
        for (byte b : bytes) {
            int id = byteTokens[b & 0xFF];
            if (id >= 0) {
                merger.add(id);
            } else {
                addMissing(merger, unknownBefore);
            }
            unknownBefore = id < 0;
        }
        if (loop == null) {
            merger.mergeInto(ids);
        } else {
            loop.mergeInto(merger.symbols(), ids);
        }
    }

    private void addMissing(BpeMerger merger, boolean unknownBefore) {
        switch (model.missing()) {
            case SEPARATES -> merger.add(-1);
            case VANISHES -> {}
            case UNKNOWN -> merger.add(model.unknown());
            case UNKNOWN_FUSED -> {
                if (!unknownBefore) {
                    merger.add(model.unknown());
                }
            }
        }
    }

    private static void checkSurrogates(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            boolean pair = Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1));
            if (!pair) {
                throw new IllegalArgumentException(String.format(
                        "The text holds half of a surrogate pair (U+%04X) at index %d, which is no Unicode character."
                                + " Send whole characters.",
                        (int) c, i));
            }
            i++;
        }
    }
}
