package tinyllm.lab.attention;

import tinyllm.lab.view.Rich;

/**
 * An animated GIF with one line that says what it shows.
 *
 * @param gif the file's bytes
 * @param width width in CSS pixels at which to show it
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares films
public record Film(byte[] gif, int width, String text) implements Rich {

    @Override
    public String toString() {
        return text;
    }
}
