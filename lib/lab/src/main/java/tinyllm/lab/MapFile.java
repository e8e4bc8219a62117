package tinyllm.lab;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import tinyllm.lab.view.Picture;

/**
 * The README's map of the course, {@code docs/map.png}, written by {@code ./lab notebooks map}. The file also holds in words what it
 * shows, as a PNG text chunk: a test compares these with the chapters, since pixels differ from one machine's fonts to another's.
 */
public final class MapFile {

    private static final String KEYWORD = "Description";
    private static final int HEADER = 8 + 25; // signature, and the IHDR chunk

    private MapFile() {}

    /** Writes the map. Arguments: the folder of the chapters' sources, and the file to write. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            throw new IllegalArgumentException(
                    "two arguments are needed: the folder notebooks/src, and the file to write");
        }
        Path file = Path.of(arguments[1]);
        Files.write(file, described(CourseMap.blank(Path.of(arguments[0]))));
        System.out.println(file.getFileName() + " is written");
    }

    /** The picture's PNG with its text as an iTXt chunk. */
    static byte[] described(Picture picture) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes((KEYWORD + "\0\0\0\0\0").getBytes(StandardCharsets.UTF_8)); // uncompressed, no language
        body.writeBytes(picture.text().getBytes(StandardCharsets.UTF_8));
        byte[] png = picture.png();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(png, 0, HEADER);
        out.writeBytes(chunk("iTXt", body.toByteArray()));
        out.write(png, HEADER, png.length - HEADER);
        return out.toByteArray();
    }

    private static byte[] chunk(String type, byte[] body) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(body);
        return ByteBuffer.allocate(12 + body.length)
                .putInt(body.length)
                .put(name)
                .put(body)
                .putInt((int) crc.getValue())
                .array();
    }

    /** The words in a file that {@link #main} wrote; empty when there are none. */
    static Optional<String> description(byte[] png) {
        ByteBuffer bytes = ByteBuffer.wrap(png).position(8);
        while (bytes.remaining() >= 12) {
            int length = bytes.getInt();
            byte[] type = new byte[4];
            bytes.get(type);
            if (length < 0 || length > bytes.remaining() - 4) {
                return Optional.empty();
            }
            byte[] body = new byte[length];
            bytes.get(body).getInt();
            String text = new String(body, StandardCharsets.UTF_8);
            if (new String(type, StandardCharsets.US_ASCII).equals("iTXt") && text.startsWith(KEYWORD + "\0")) {
                return Optional.of(text.substring(KEYWORD.length() + 5));
            }
        }
        return Optional.empty();
    }
}
