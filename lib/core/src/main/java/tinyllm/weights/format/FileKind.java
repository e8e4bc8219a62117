package tinyllm.weights.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** What a file seems to be, from its first bytes: for messages, and to tell GGUF from safetensors. */
public final class FileKind {
    private FileKind() {}

    /** true when the file starts with GGUF's magic. */
    public static boolean isGguf(MemorySegment file) {
        return head(file).startsWith("GGUF");
    }

    /** A few words such as "a web page (a download's error page?)"; never fails. */
    public static String guess(MemorySegment file) {
        String head = head(file);
        String lower = head.toLowerCase(Locale.ROOT).stripLeading();
        if (head.isEmpty()) {
            return "an empty file";
        }
        if (lower.startsWith("<!doctype") || lower.startsWith("<html") || lower.startsWith("<?xml")) {
            return "a web page (a download's error page?)";
        }
        if (head.startsWith("version https://git-lfs")) {
            return "a Git LFS pointer: the file itself was not downloaded (git lfs pull)";
        }
        if (head.startsWith("PK\3\4")) {
            return "a zip archive (a PyTorch checkpoint or a Python wheel?)";
        }
        if (head.startsWith("\u001f\u008b")) {
            return "a gzip archive";
        }
        if (head.startsWith("lmgg") || head.startsWith("tjgg") || head.startsWith("fmgg")) {
            return "a GGML file older than GGUF";
        }
        if (head.startsWith("GGUF")) {
            return "a GGUF file";
        }
        if (head.startsWith("FUGG")) {
            return "a byte-swapped GGUF file";
        }
        if (head.length() > 8 && head.charAt(8) == '{') {
            return "a safetensors file";
        }
        if (head.startsWith("\u0080\2")) {
            return "a Python pickle, which can run code and is never read";
        }
        return text(head);
    }

    private static String text(String head) {
        if (head.startsWith("{") || head.startsWith("[")) {
            return "a JSON text";
        }
        boolean printable = head.chars().allMatch(c -> c >= 32 && c < 127 || c == '\n' || c == '\r' || c == '\t');
        if (printable) {
            String line = head.lines().findFirst().orElse("");
            return "a text that begins with \"" + Names.shown(line) + "\"";
        }
        return head.chars().allMatch(c -> c == 0)
                ? "a file of zeros (a download that was not finished?)"
                : "not a known format";
    }

    private static String head(MemorySegment file) {
        byte[] bytes = file.asSlice(0, Math.min(64, file.byteSize())).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
