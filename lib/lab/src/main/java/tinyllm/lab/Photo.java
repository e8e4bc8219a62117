package tinyllm.lab;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import tinyllm.arrays.PlanesFn;
import tinyllm.lab.chart.PhotoStrip;
import tinyllm.lab.chart.PhotoStrip.Print;
import tinyllm.lab.view.Picture;
import tinyllm.tensor.Tensor;

/**
 * A small image as the numbers that a file holds (chapter 0.1).
 *
 * @param line {@code [H·W·3]} in 0…1: red, green, blue of the first pixel, then of the next
 */
public record Photo(Tensor line, int height, int width) {

    private static final int LARGEST = 512;

    public Photo {
        if (line.rank() != 1 || line.size() != 3L * height * width) {
            throw new IllegalArgumentException("a photo of " + height + " × " + width + " pixels is a line of "
                    + 3L * height * width + " numbers, not " + line.size());
        }
    }

    /** A red sun above a blue sea, painted by this program: each colour plane looks different. */
    public static Photo sunset(int height, int width) {
        if (height < 8 || width < 8 || height > LARGEST || width > LARGEST) {
            throw new IllegalArgumentException(
                    "a photo is 8 to " + LARGEST + " pixels high and wide, not " + height + " × " + width);
        }
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        float horizon = height * 0.62f;
        g.setPaint(new GradientPaint(0, 0, new Color(0x2B2F77), 0, horizon, new Color(0xFFB45E)));
        g.fillRect(0, 0, width, height);
        g.setColor(new Color(0xE8402A));
        double r = height * 0.21;
        g.fill(new Ellipse2D.Double(width * 0.62 - r, horizon - 1.5 * r, 2 * r, 2 * r));
        g.setPaint(new GradientPaint(0, horizon, new Color(0x1F7A8C), 0, height, new Color(0x0B2545)));
        g.fillRect(0, (int) horizon, width, height);
        g.setColor(new Color(0x1B5E20));
        Path2D hill = new Path2D.Double();
        hill.moveTo(0, horizon);
        hill.quadTo(width * 0.17, height * 0.3, width * 0.4, horizon);
        g.fill(hill);
        g.dispose();
        return of(image);
    }

    private static Photo of(BufferedImage image) {
        int h = image.getHeight();
        int w = image.getWidth();
        float[] line = new float[h * w * 3];
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                int rgb = image.getRGB(x, y);
                for (int c = 0; c < 3; c++) {
                    line[(y * w + x) * 3 + c] = ((rgb >> (16 - 8 * c)) & 0xFF) / 255f;
                }
            }
        }
        return new Photo(Tensor.of(line), h, w);
    }

    /**
     * The image, its three planes as the learner's class cuts them, and the image that the class makes of the planes again.
     *
     * @throws IllegalArgumentException when the class gives a wrong shape
     */
    public Picture planes(PlanesFn own) {
        Tensor planes = own.split(line, height, width);
        Tensor again = own.merge(planes);
        if (planes.rank() != 3 || planes.dim(0) != 3 || planes.size() != line.size() || again.size() != line.size()) {
            throw new IllegalArgumentException("split must give [3, H, W] and merge [H·W·3], not "
                    + java.util.Arrays.toString(planes.shape()) + " and " + java.util.Arrays.toString(again.shape()));
        }
        List<Print> prints = new ArrayList<>();
        prints.add(Print.colors("the image", line.toFloats(), height, width));
        List<String> names = List.of("plane 0: red", "plane 1: green", "plane 2: blue");
        for (int c = 0; c < 3; c++) {
            prints.add(Print.gray(names.get(c), planes.at(c).toFloats(), planes.dim(1), planes.dim(2)));
        }
        prints.add(Print.colors("merged again", again.toFloats(), height, width));
        boolean same = java.util.Arrays.equals(line.toFloats(), again.toFloats());
        String title = same
                ? "Merged again, every number is back; the planes say whether the cut was right"
                : "The merged image is another one than at the start";
        return PhotoStrip.paint(title, prints, title + ".");
    }
}
