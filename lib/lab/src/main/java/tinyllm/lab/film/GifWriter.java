package tinyllm.lab.film;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/**
 * Writes frames of one size as an animated GIF that runs for ever, under one palette. After the first frame only the rectangle that
 * changed is written, and in it only the pixels that changed: the others are transparent.
 */
final class GifWriter {

    private static final String IMAGE = "javax_imageio_gif_image_1.0";
    private static final String STREAM = "javax_imageio_gif_stream_1.0";

    private final int width;
    private final int height;
    private final Palette palette;

    private GifWriter(int width, int height, Palette palette) {
        this.width = width;
        this.height = height;
        this.palette = palette;
    }

    /** A rectangle of indices that is painted over what was there, and how long it stays in hundredths of a second. */
    private record Step(Rectangle box, byte[] indices, int hundredths) {}

    /**
     * The film's bytes.
     *
     * @param frames at least one, all of one size
     * @param millis how long each stays; GIF counts in steps of 10
     */
    static byte[] write(List<BufferedImage> frames, int[] millis) {
        int width = frames.getFirst().getWidth();
        int height = frames.getFirst().getHeight();
        GifWriter writer = new GifWriter(width, height, Palette.of(frames));
        return writer.bytes(writer.steps(frames, millis));
    }

    /** A frame that equals the one before makes that one stay longer. */
    private List<Step> steps(List<BufferedImage> frames, int[] millis) {
        List<Step> steps = new ArrayList<>();
        byte[] before = palette.indices(frames.getFirst());
        steps.add(new Step(new Rectangle(width, height), before, millis[0] / 10));
        for (int i = 1; i < frames.size(); i++) {
            byte[] now = palette.indices(frames.get(i));
            Rectangle box = changed(before, now);
            if (box.isEmpty()) {
                Step last = steps.removeLast();
                steps.add(new Step(last.box(), last.indices(), last.hundredths() + millis[i] / 10));
            } else {
                steps.add(new Step(box, cut(before, now, box), millis[i] / 10));
            }
            before = now;
        }
        return steps;
    }

    private Rectangle changed(byte[] before, byte[] now) {
        int left = width;
        int top = height;
        int right = -1;
        int bottom = -1;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (before[y * width + x] != now[y * width + x]) {
                    left = Math.min(left, x);
                    right = Math.max(right, x);
                    top = Math.min(top, y);
                    bottom = y;
                }
            }
        }
        return right < 0 ? new Rectangle() : new Rectangle(left, top, right - left + 1, bottom - top + 1);
    }

    private byte[] cut(byte[] before, byte[] now, Rectangle box) {
        byte[] out = new byte[box.width * box.height];
        for (int y = 0; y < box.height; y++) {
            for (int x = 0; x < box.width; x++) {
                int at = (box.y + y) * width + box.x + x;
                out[y * box.width + x] = before[at] == now[at] ? (byte) Palette.TRANSPARENT : now[at];
            }
        }
        return out;
    }

    private byte[] bytes(List<Step> steps) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(out);
            writer.prepareWriteSequence(stream(writer));
            for (Step step : steps) {
                BufferedImage image = image(step);
                writer.writeToSequence(new IIOImage(image, null, metadata(writer, image, step)), null);
            }
            writer.endWriteSequence();
        } catch (IOException e) {
            throw new UncheckedIOException("the film could not be written: " + e.getMessage(), e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    private BufferedImage image(Step step) {
        BufferedImage image = new BufferedImage(
                step.box().width, step.box().height, BufferedImage.TYPE_BYTE_INDEXED, palette.model());
        WritableRaster raster = image.getRaster();
        raster.setDataElements(0, 0, step.box().width, step.box().height, step.indices());
        return image;
    }

    private IIOMetadata stream(ImageWriter writer) throws IOException {
        IIOMetadata metadata = writer.getDefaultStreamMetadata(null);
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(STREAM);
        IIOMetadataNode version = child(root, "Version");
        version.setAttribute("value", "89a");
        IIOMetadataNode screen = child(root, "LogicalScreenDescriptor");
        screen.setAttribute("logicalScreenWidth", Integer.toString(width));
        screen.setAttribute("logicalScreenHeight", Integer.toString(height));
        screen.setAttribute("colorResolution", "8");
        screen.setAttribute("pixelAspectRatio", "0");
        IIOMetadataNode table = child(root, "GlobalColorTable");
        table.setAttribute("sizeOfGlobalColorTable", "256");
        table.setAttribute("backgroundColorIndex", "0");
        table.setAttribute("sortFlag", "FALSE");
        for (int i = 0; i < 256; i++) {
            IIOMetadataNode entry = new IIOMetadataNode("ColorTableEntry");
            entry.setAttribute("index", Integer.toString(i));
            entry.setAttribute("red", Integer.toString(palette.rgb(i) >> 16));
            entry.setAttribute("green", Integer.toString(palette.rgb(i) >> 8 & 0xff));
            entry.setAttribute("blue", Integer.toString(palette.rgb(i) & 0xff));
            table.appendChild(entry);
        }
        metadata.setFromTree(STREAM, root);
        return metadata;
    }

    private static IIOMetadata metadata(ImageWriter writer, BufferedImage image, Step step) throws IOException {
        IIOMetadata metadata = writer.getDefaultImageMetadata(ImageTypeSpecifier.createFromRenderedImage(image), null);
        IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(IMAGE);
        IIOMetadataNode place = child(root, "ImageDescriptor");
        place.setAttribute("imageLeftPosition", Integer.toString(step.box().x));
        place.setAttribute("imageTopPosition", Integer.toString(step.box().y));
        IIOMetadataNode control = child(root, "GraphicControlExtension");
        control.setAttribute("disposalMethod", "doNotDispose");
        control.setAttribute("userInputFlag", "FALSE");
        control.setAttribute("transparentColorFlag", "TRUE");
        control.setAttribute("transparentColorIndex", Integer.toString(Palette.TRANSPARENT));
        control.setAttribute("delayTime", Integer.toString(Math.clamp(step.hundredths(), 2, 65_535)));
        IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
        loop.setAttribute("applicationID", "NETSCAPE");
        loop.setAttribute("authenticationCode", "2.0");
        loop.setUserObject(new byte[] {1, 0, 0});
        child(root, "ApplicationExtensions").appendChild(loop);
        metadata.setFromTree(IMAGE, root);
        return metadata;
    }

    private static IIOMetadataNode child(IIOMetadataNode root, String name) {
        for (int i = 0; i < root.getLength(); i++) {
            if (root.item(i).getNodeName().equals(name)) {
                return (IIOMetadataNode) root.item(i);
            }
        }
        IIOMetadataNode node = new IIOMetadataNode(name);
        root.appendChild(node);
        return node;
    }
}
