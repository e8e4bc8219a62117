package tinyllm.lab.attention;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import tinyllm.lab.view.Picture;

/** Painted images become pictures of a notebook. */
public final class Pictures {

    private Pictures() {}

    /**
     * A picture of the image.
     *
     * @param image painted at twice the size at which it is shown
     * @param text one line that says what it shows
     */
    public static Picture of(BufferedImage image, String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("the picture could not be written: " + e.getMessage(), e);
        }
        return new Picture(bytes.toByteArray(), image.getWidth() / 2, text);
    }
}
