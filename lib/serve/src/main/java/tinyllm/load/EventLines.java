package tinyllm.load;

import java.io.BufferedReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Server-sent events, one after the other, as the HTML standard's section 9.2.6 reads them; comments and names are left out. */
final class EventLines {

    private final BufferedReader lines;

    EventLines(BufferedReader lines) {
        this.lines = lines;
    }

    /** The next event's data; null at the end of the stream. An event that no empty line ends is none. */
    @Nullable
    String next() throws IOException {
        StringBuilder data = new StringBuilder();
        boolean any = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty() && any) {
                return data.toString();
            }
            if (line.startsWith("data:")) {
                data.append(any ? "\n" : "").append(line, line.startsWith("data: ") ? 6 : 5, line.length());
                any = true;
            }
        }
        return null;
    }
}
