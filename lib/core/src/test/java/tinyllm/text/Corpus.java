package tinyllm.text;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32;

/** The corpus of the parity tests, with llama.cpp's ids: see src/test/python/text/tokenizer_goldens.py. */
record Corpus(String text, String qwen, String smollm2) {
    static List<Corpus> read() {
        return Goldens.list("corpus.json.gz").stream()
                .map(row -> (List<?>) row)
                .map(row -> new Corpus((String) row.get(0), (String) row.get(1), (String) row.get(2)))
                .toList();
    }

    /** Ids in the form that the goldens keep: how many, and the CRC-32 of their little-endian bytes. */
    static String digest(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(ids.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return String.format("%d:%08x", ids.length, crc.getValue());
    }
}
