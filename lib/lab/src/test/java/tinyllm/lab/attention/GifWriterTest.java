package tinyllm.lab.attention;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class GifWriterTest {

    @Test
    void keepsEveryFrameAndItsTime() throws IOException {
        byte[] gif = GifWriter.write(List.of(frame(Color.RED), frame(Color.GREEN), frame(Color.BLUE)), 450, 1500);

        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(gif))) {
            reader.setInput(in);
            assertThat(reader.getNumImages(true)).isEqualTo(3);
            assertThat(new Color(reader.read(1).getRGB(4, 4))).isEqualTo(Color.GREEN);
            assertThat(delay(reader, 0)).isEqualTo("45");
            assertThat(delay(reader, 2)).isEqualTo("150");
        } finally {
            reader.dispose();
        }
    }

    @Test
    void runsForEver() {
        byte[] gif = GifWriter.write(List.of(frame(Color.RED), frame(Color.GREEN)), 100, 100);

        assertThat(new String(gif, StandardCharsets.ISO_8859_1)).contains("NETSCAPE2.0\u0003\u0001\u0000\u0000");
    }

    private static BufferedImage frame(Color color) {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setColor(color);
        g.fillRect(0, 0, 8, 8);
        g.dispose();
        return image;
    }

    private static String delay(ImageReader reader, int frame) throws IOException {
        Element tree = (Element) reader.getImageMetadata(frame).getAsTree("javax_imageio_gif_image_1.0");
        NodeList controls = tree.getElementsByTagName("GraphicControlExtension");
        return ((Element) controls.item(0)).getAttribute("delayTime");
    }
}
