package tinyllm.lab.view;

import java.util.Base64;

/**
 * A finished picture with one line that says what it shows.
 *
 * @param png PNG bytes, drawn at twice the display width
 * @param width width in CSS pixels at which to show it
 * @param text one line: what is drawn, its extremes, its finding
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares pictures
public record Picture(byte[] png, int width, String text) implements Rich {

    public Picture {
        if (png.length < 8 || png[1] != 'P' || png[2] != 'N' || png[3] != 'G') {
            throw new IllegalArgumentException("a picture holds PNG bytes; these " + png.length + " bytes are no PNG");
        }
        if (width < 1) {
            throw new IllegalArgumentException("a picture's width is at least 1 pixel, not " + width);
        }
    }

    /** An {@code img} element that holds the bytes, for use inside other HTML. */
    public String img() {
        return "<img width=\"" + width + "\" alt=\"" + Html.escape(text) + "\" src=\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(png) + "\">";
    }

    @Override
    public String toString() {
        return text;
    }
}
