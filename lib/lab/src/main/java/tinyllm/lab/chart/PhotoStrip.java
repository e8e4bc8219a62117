package tinyllm.lab.chart;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import tinyllm.lab.view.Picture;

/** Small images side by side, each with its name. */
public final class PhotoStrip {

    private static final int WIDTH = 136;
    private static final int GAP = 8;
    private static final int TOP = 40;

    private PhotoStrip() {}

    /** One image, ready to be drawn. */
    public record Print(String name, BufferedImage image) {

        /** Of red, green and blue in 0…1, pixel after pixel. */
        public static Print colors(String name, float[] line, int height, int width) {
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < height * width; i++) {
                int rgb = level(line[3 * i]) << 16 | level(line[3 * i + 1]) << 8 | level(line[3 * i + 2]);
                image.setRGB(i % width, i / width, rgb);
            }
            return new Print(name, image);
        }

        /** Of one number in 0…1 for each pixel: the brighter, the more. */
        public static Print gray(String name, float[] plane, int height, int width) {
            BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
            for (int i = 0; i < height * width; i++) {
                image.setRGB(i % width, i / width, level(plane[i]) * 0x010101);
            }
            return new Print(name, image);
        }

        private static int level(float value) {
            return Math.round(255 * Math.clamp(value, 0f, 1f));
        }
    }

    public static Picture paint(String title, List<Print> prints, String text) {
        if (prints.isEmpty()) {
            throw new IllegalArgumentException("the strip \"" + title + "\" has no images");
        }
        int tallest = prints.stream().mapToInt(PhotoStrip::height).max().orElse(1);
        int width = Math.max(480, prints.size() * (WIDTH + GAP) - GAP);
        return Canvas.draw(width, TOP + tallest, text, g -> {
            g.setFont(Theme.bold(13));
            g.drawString(title, 0, 13);
            g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
            for (int i = 0; i < prints.size(); i++) {
                print(g, prints.get(i), i * (WIDTH + GAP));
            }
        });
    }

    private static void print(Graphics2D g, Print print, int x) {
        g.setFont(Theme.font(11));
        g.setColor(Theme.INK);
        g.drawString(print.name(), x, TOP - 7);
        g.drawImage(print.image(), x, TOP, WIDTH, height(print), null);
    }

    private static int height(Print print) {
        return Math.max(1, WIDTH * print.image().getHeight() / print.image().getWidth());
    }
}
