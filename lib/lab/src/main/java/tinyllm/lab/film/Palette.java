package tinyllm.lab.film;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * At most 255 colours for all frames of a film, so that none flickers from frame to frame; index 255 is left free and means "as in
 * the frame before". Colours are counted in cells of 5 bits a channel; the cells are split where they vary most (Wu's criterion on
 * a plain list of cells), weighted by the root of their counts, so that a small coloured mark survives beside a large white card.
 */
final class Palette {

    static final int TRANSPARENT = 255;

    private static final int COLORS = 255;
    private static final int CELLS = 1 << 15;

    private final byte[] red = new byte[COLORS + 1];
    private final byte[] green = new byte[COLORS + 1];
    private final byte[] blue = new byte[COLORS + 1];
    private final byte[] indexOfCell = new byte[CELLS];

    private Palette() {}

    /** One cell of colours: how many pixels fell into it, and their mean. */
    private record Cell(int number, double weight, double[] mean) {}

    /** The colours of these frames, of any size. */
    static Palette of(List<BufferedImage> frames) {
        List<List<Cell>> groups = new ArrayList<>();
        groups.add(cells(frames));
        while (groups.size() < COLORS) {
            List<Cell> widest = groups.stream()
                    .max(Comparator.comparingDouble(group -> spread(group, channel(group))))
                    .orElseThrow();
            int channel = channel(widest);
            if (spread(widest, channel) <= 0) {
                break;
            }
            double middle = mean(widest, channel);
            groups.remove(widest);
            groups.add(widest.stream()
                    .filter(cell -> cell.mean()[channel] <= middle)
                    .toList());
            groups.add(widest.stream()
                    .filter(cell -> cell.mean()[channel] > middle)
                    .toList());
        }
        Palette palette = new Palette();
        for (int i = 0; i < groups.size(); i++) {
            palette.color(i, groups.get(i));
        }
        return palette;
    }

    private void color(int index, List<Cell> group) {
        red[index] = (byte) Math.round(mean(group, 0));
        green[index] = (byte) Math.round(mean(group, 1));
        blue[index] = (byte) Math.round(mean(group, 2));
        for (Cell cell : group) {
            indexOfCell[cell.number()] = (byte) index;
        }
    }

    private static List<Cell> cells(List<BufferedImage> frames) {
        long[] counts = new long[CELLS];
        long[][] sums = new long[3][CELLS];
        for (BufferedImage frame : frames) {
            for (int rgb : pixels(frame)) {
                int cell = cell(rgb);
                counts[cell]++;
                sums[0][cell] += rgb >> 16 & 0xff;
                sums[1][cell] += rgb >> 8 & 0xff;
                sums[2][cell] += rgb & 0xff;
            }
        }
        List<Cell> cells = new ArrayList<>();
        for (int i = 0; i < CELLS; i++) {
            if (counts[i] > 0) {
                double n = counts[i];
                cells.add(new Cell(i, Math.sqrt(n), new double[] {sums[0][i] / n, sums[1][i] / n, sums[2][i] / n}));
            }
        }
        return cells;
    }

    /** The channel along which the group varies most. */
    private static int channel(List<Cell> group) {
        double[] spreads = {spread(group, 0), spread(group, 1), spread(group, 2)};
        return spreads[1] >= spreads[0] && spreads[1] >= spreads[2] ? 1 : spreads[0] >= spreads[2] ? 0 : 2;
    }

    /** Sum of squared distances from the mean, 0 for a single cell. */
    private static double spread(List<Cell> group, int channel) {
        if (group.size() < 2) {
            return 0;
        }
        double mean = mean(group, channel);
        return group.stream()
                .mapToDouble(cell -> cell.weight() * Math.pow(cell.mean()[channel] - mean, 2))
                .sum();
    }

    private static double mean(List<Cell> group, int channel) {
        double sum = 0;
        double weight = 0;
        for (Cell cell : group) {
            sum += cell.weight() * cell.mean()[channel];
            weight += cell.weight();
        }
        return sum / weight;
    }

    private static int cell(int rgb) {
        return (rgb >> 9 & 0x7c00) | (rgb >> 6 & 0x3e0) | (rgb >> 3 & 0x1f);
    }

    private static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    /** The index of each pixel, row by row. The frame must be one that the palette was made of. */
    byte[] indices(BufferedImage frame) {
        int[] pixels = pixels(frame);
        byte[] out = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            out[i] = indexOfCell[cell(pixels[i])];
        }
        return out;
    }

    IndexColorModel model() {
        return new IndexColorModel(8, COLORS + 1, red, green, blue, TRANSPARENT);
    }

    /** One entry's colour as 0xRRGGBB. */
    int rgb(int index) {
        return Byte.toUnsignedInt(red[index]) << 16
                | Byte.toUnsignedInt(green[index]) << 8
                | Byte.toUnsignedInt(blue[index]);
    }
}
