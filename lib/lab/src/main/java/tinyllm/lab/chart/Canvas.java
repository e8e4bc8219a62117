package tinyllm.lab.chart;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import tinyllm.lab.view.Picture;

/** Draws at twice the size at which a picture is shown, so that it is crisp on screens of high density. */
public final class Canvas {

    private static final int DENSITY = 2;
    private static final int MARGIN = 8;
    private static final int MAX_SIDE = 4_000;

    private Canvas() {}

    /**
     * A finished picture on an opaque card.
     *
     * @param width of the drawing in CSS pixels, without the card's margin
     * @param text one line that says what is to be seen
     */
    public static Picture draw(int width, int height, String text, Consumer<Graphics2D> painter) {
        if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
            throw new IllegalArgumentException(
                    "a picture is 1 to " + MAX_SIDE + " pixels wide and high, not " + width + " × " + height);
        }
        int w = width + 2 * MARGIN;
        int h = height + 2 * MARGIN;
        BufferedImage image = new BufferedImage(w * DENSITY, h * DENSITY, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        try {
            g.scale(DENSITY, DENSITY);
            g.setColor(Theme.CARD);
            g.fillRect(0, 0, w, h);
            g.translate(MARGIN, MARGIN);
            g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
            g.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
            g.setColor(Theme.INK);
            g.setFont(Theme.font(11));
            painter.accept(g);
        } finally {
            g.dispose();
        }
        return new Picture(png(image), w, text);
    }

    /** Text that the font can draw: what it lacks is shown by its code, such as U+4E2D, with a blank between two codes. */
    public static String drawable(Font font, String text) {
        if (font.canDisplayUpTo(text) < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        boolean code = false;
        for (int c : text.codePoints().toArray()) {
            boolean lacks = !font.canDisplay(c);
            out.append(lacks && code ? " " : "").append(lacks ? "U+%04X".formatted(c) : Character.toString(c));
            code = lacks;
        }
        return out.toString();
    }

    private static byte[] png(BufferedImage image) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.setUseCache(false);
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException("the picture can't be written as PNG", e);
        }
        return out.toByteArray();
    }
}
