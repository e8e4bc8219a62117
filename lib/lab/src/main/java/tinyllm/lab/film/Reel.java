package tinyllm.lab.film;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;

/**
 * Frames that become a film of a size that a notebook can carry. A frame smaller than the largest stands on a white card of that
 * size. Crisp (as many pixels as the pictures have) while that takes at most 400 kB; else at half of that, and with every second
 * frame left out until it is below 1 MB.
 */
public final class Reel {

    /** No film is larger than this many bytes. */
    public static final int MAX_BYTES = 1_000_000;

    /** More frames than this nobody watches, and they would take minutes to encode. */
    public static final int MAX_FRAMES = 240;

    private static final int CRISP_BYTES = 400_000;

    private Reel() {}

    /**
     * The film.
     *
     * @param text one line that says what is to be seen
     * @param frames 1 to {@link #MAX_FRAMES} pictures
     * @param frameMs how long each stays, in milliseconds, at least 20
     * @param lastMs how long the last one stays before the film begins again
     * @throws IllegalArgumentException when there is no frame, or there are too many; or a time is too short
     */
    public static Film of(String text, List<Picture> frames, int frameMs, int lastMs) {
        if (frames.isEmpty() || frames.size() > MAX_FRAMES) {
            throw new IllegalArgumentException(
                    "a film has 1 to " + MAX_FRAMES + " frames, not " + frames.size() + ": give fewer pictures");
        }
        if (frameMs < 20 || lastMs < 20) {
            throw new IllegalArgumentException("a frame stays at least 20 ms, not " + Math.min(frameMs, lastMs)
                    + ": browsers slow down below that");
        }
        List<BufferedImage> images = onOneCard(frames);
        int[] millis = IntStream.range(0, frames.size())
                .map(i -> i == frames.size() - 1 ? lastMs : frameMs)
                .toArray();
        int width = frames.stream().mapToInt(Picture::width).max().orElseThrow();
        return new Film(gif(images, millis), png(images.getLast()), width, text);
    }

    private static byte[] gif(List<BufferedImage> images, int[] millis) {
        byte[] crisp = GifWriter.write(images, millis);
        if (crisp.length <= CRISP_BYTES) {
            return crisp;
        }
        List<BufferedImage> half = images.stream().map(Reel::half).toList();
        byte[] gif = GifWriter.write(half, millis);
        while (gif.length > MAX_BYTES && half.size() > 1) {
            List<Integer> kept = everySecond(half.size());
            millis = times(kept, millis);
            List<BufferedImage> all = half;
            half = kept.stream().map(all::get).toList();
            gif = GifWriter.write(half, millis);
        }
        return gif;
    }

    /** Every second index counted from the last, which always stays. */
    private static List<Integer> everySecond(int count) {
        return IntStream.range(0, count)
                .filter(i -> (count - 1 - i) % 2 == 0)
                .boxed()
                .toList();
    }

    /** A frame that stays takes the time of the one left out before it. */
    private static int[] times(List<Integer> kept, int[] millis) {
        return kept.stream()
                .mapToInt(i -> i == 0 ? millis[0] : millis[i] + millis[i - 1])
                .toArray();
    }

    private static List<BufferedImage> onOneCard(List<Picture> frames) {
        List<BufferedImage> images = frames.stream().map(Reel::image).toList();
        int width = images.stream().mapToInt(BufferedImage::getWidth).max().orElseThrow();
        int height = images.stream().mapToInt(BufferedImage::getHeight).max().orElseThrow();
        List<BufferedImage> out = new ArrayList<>();
        for (BufferedImage image : images) {
            BufferedImage card = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            Graphics2D g = card.createGraphics();
            g.setColor(Color.WHITE);
            g.fillRect(0, 0, width, height);
            g.drawImage(image, 0, 0, null);
            g.dispose();
            out.add(card);
        }
        return out;
    }

    private static BufferedImage half(BufferedImage image) {
        int width = Math.ceilDiv(image.getWidth(), 2);
        int height = Math.ceilDiv(image.getHeight(), 2);
        BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = out.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.drawImage(image, 0, 0, width, height, null);
        g.dispose();
        return out;
    }

    private static BufferedImage image(Picture picture) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
            if (image == null) {
                throw new IllegalArgumentException("a frame's PNG can't be read: " + picture.text());
            }
            return image;
        } catch (IOException e) {
            throw new UncheckedIOException("a frame's PNG can't be read: " + e.getMessage(), e);
        }
    }

    private static byte[] png(BufferedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("the last frame could not be written: " + e.getMessage(), e);
        }
        return bytes.toByteArray();
    }
}
