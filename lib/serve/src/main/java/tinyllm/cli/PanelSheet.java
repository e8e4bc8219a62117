package tinyllm.cli;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import tinyllm.lab.chart.Canvas;
import tinyllm.lab.chart.Theme;
import tinyllm.lab.view.Picture;

/** A benchmark's charts as one PNG, and where it goes. */
final class PanelSheet {
    private static final int DENSITY = 2; // of a picture's pixels
    private static final int TOP = 34;
    private static final int COLUMNS = 2;

    private PanelSheet() {}

    /**
     * The file that --out names.
     *
     * @param standard its name in {@code target/} where nothing was asked for
     */
    static Path file(@Nullable String out, String standard) {
        String root = System.getenv("TINYLLM_ROOT");
        try {
            Path path = out == null ? Path.of(root == null ? "." : root, "target", standard) : Path.of(out);
            if (path.getFileName() != null && path.getFileName().toString().endsWith(".png")) {
                return path;
            }
        } catch (InvalidPathException e) {
            throw CommandException.wrongUsage("--out is no file name: " + e.getMessage());
        }
        throw CommandException.wrongUsage("--out is the name of a PNG, such as " + standard + ", not " + out);
    }

    static void write(Picture picture, Path png) {
        try {
            if (png.getParent() != null) {
                Files.createDirectories(png.getParent());
            }
            Files.write(png, picture.png());
        } catch (IOException e) {
            throw CommandException.failed(png + " cannot be written: " + e.getMessage());
        }
    }

    /** Two panels in a row, as large as they are alone, below one line. */
    static Picture of(String title, List<Picture> panels) {
        List<BufferedImage> images = panels.stream().map(PanelSheet::image).toList();
        int width = images.stream().mapToInt(PanelSheet::width).max().orElse(1);
        int height = images.stream().mapToInt(PanelSheet::height).max().orElse(1);
        int columns = Math.min(COLUMNS, images.size());
        int rows = (images.size() + columns - 1) / columns;
        String text = panels.stream().map(Picture::text).collect(Collectors.joining("; ", title + ": ", "."));
        return Canvas.draw(columns * width, TOP + rows * height, text, g -> {
            g.setFont(Theme.bold(15));
            g.drawString(title, 8, 20);
            for (int i = 0; i < images.size(); i++) {
                place(g, images.get(i), i % columns * width, TOP + i / columns * height);
            }
        });
    }

    private static void place(Graphics2D g, BufferedImage image, int x, int y) {
        g.drawImage(image, x, y, width(image), height(image), null);
    }

    private static int width(BufferedImage image) {
        return image.getWidth() / DENSITY;
    }

    private static int height(BufferedImage image) {
        return image.getHeight() / DENSITY;
    }

    private static BufferedImage image(Picture picture) {
        try {
            return ImageIO.read(new ByteArrayInputStream(picture.png()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
