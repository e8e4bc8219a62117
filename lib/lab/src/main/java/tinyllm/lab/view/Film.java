package tinyllm.lab.view;

import java.util.Base64;

/**
 * A finished film: an animated GIF that runs for ever, its last frame as a PNG for places that can't move (GitHub, print), and one
 * line that says what is to be seen.
 *
 * @param gif GIF bytes
 * @param png the last frame, PNG bytes
 * @param width width in CSS pixels at which to show either
 * @param text one line
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares films
public record Film(byte[] gif, byte[] png, int width, String text) implements Rich {

    public Film {
        if (gif.length < 6 || gif[0] != 'G' || gif[1] != 'I' || gif[2] != 'F') {
            throw new IllegalArgumentException("a film holds GIF bytes; these " + gif.length + " bytes are no GIF");
        }
        if (png.length < 8 || png[1] != 'P' || png[2] != 'N' || png[3] != 'G') {
            throw new IllegalArgumentException(
                    "a film's last frame is a PNG; these " + png.length + " bytes are no PNG");
        }
        if (width < 1) {
            throw new IllegalArgumentException("a film's width is at least 1 pixel, not " + width);
        }
    }

    /** The GIF inside HTML: among bare pictures a notebook would prefer the PNG, which stands still. */
    @Override
    public String html() {
        return "<div><img width=\"" + width + "\" alt=\"" + Html.escape(text) + "\" src=\"data:image/gif;base64,"
                + Base64.getEncoder().encodeToString(gif)
                + "\"><p style=\"margin:4px 0;color:var(--jp-content-font-color2,#555)\">" + Html.escape(text)
                + "</p></div>";
    }

    /** The last frame alone. */
    public Picture last() {
        return new Picture(png, width, text);
    }

    @Override
    public String toString() {
        return text;
    }
}
