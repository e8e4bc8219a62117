package tinyllm.lab.film;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import tinyllm.lab.Charts;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;

@Tag("slow")
class ReelTest {

    /** What a viewer sees after each step, and how long in hundredths of a second. */
    private record Seen(BufferedImage image, int hundredths) {}

    @Test
    void everyFrameIsSeenAsItWasDrawn() throws IOException {
        List<Picture> frames = IntStream.range(0, 5)
                .mapToObj(i -> square(60, 40, 4 * i, 3 * i))
                .toList();

        List<Seen> seen = play(Reel.of("a square", frames, 450, 1500).gif());

        assertThat(seen).extracting(Seen::hundredths).containsExactly(45, 45, 45, 45, 150);
        for (int i = 0; i < 5; i++) {
            assertThat(largestError(read(frames.get(i).png()), seen.get(i).image()))
                    .isLessThanOrEqualTo(1);
        }
    }

    @Test
    void aSmallerFrameStandsOnAWhiteCard() throws IOException {
        List<Picture> frames = List.of(square(40, 60, 0, 0), square(80, 20, 9, 9));

        Film film = Reel.of("two sizes", frames, 100, 100);
        List<Seen> seen = play(film.gif());

        assertThat(film.width()).isEqualTo(80);
        assertThat(seen.getFirst().image().getWidth()).isEqualTo(160);
        assertThat(seen.getFirst().image().getHeight()).isEqualTo(120);
        assertThat(seen.getFirst().image().getRGB(159, 5)).isEqualTo(0xffffffff);
        assertThat(seen.get(1).image().getRGB(5, 119)).isEqualTo(0xffffffff);
    }

    @Test
    void equalFramesAreOneThatStaysLonger() throws IOException {
        Picture still = square(30, 30, 2, 2);

        assertThat(play(Reel.of("still", List.of(still, still, square(30, 30, 4, 4)), 200, 500)
                        .gif()))
                .extracting(Seen::hundredths)
                .containsExactly(40, 50);
    }

    @Test
    void runsForEverUnderOnePalette() {
        byte[] gif = Reel.of("two", List.of(square(20, 20, 0, 0), square(20, 20, 5, 5)), 100, 100)
                .gif();

        assertThat(new String(gif, StandardCharsets.ISO_8859_1)).contains("NETSCAPE2.0\u0003\u0001\u0000\u0000");
        assertThat(gif[10] & 0x80).as("a global colour table").isNotZero();
        assertThat(localTables(gif)).isZero();
    }

    @Test
    void aColourMapKeepsItsColours() throws IOException {
        Picture rainbow = draw(256, 100, g -> {
            for (int i = 0; i < 256; i++) {
                g.setColor(Color.getHSBColor(i / 256f, 0.8f, 0.9f));
                g.fillRect(i, 0, 1, 100);
            }
        });
        Picture grey = draw(256, 100, g -> {
            g.setPaint(new GradientPaint(0, 0, Color.BLACK, 256, 0, Color.WHITE));
            g.fillRect(0, 0, 256, 100);
        });

        List<Seen> seen =
                play(Reel.of("colours", List.of(rainbow, grey), 100, 100).gif());

        assertThat(largestError(read(rainbow.png()), seen.get(0).image())).isLessThan(24);
        assertThat(largestError(read(grey.png()), seen.get(1).image())).isLessThan(24);
    }

    @Test
    void noiseIsCutToTheLimit() throws IOException {
        List<Picture> frames = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            Random random = new Random(i);
            frames.add(draw(300, 300, g -> {
                for (int x = 0; x < 300; x += 2) {
                    for (int y = 0; y < 300; y += 2) {
                        g.setColor(new Color(random.nextInt(0x1000000)));
                        g.fillRect(x, y, 2, 2);
                    }
                }
            }));
        }

        Film film = Reel.of("noise", frames, 100, 300);

        assertThat(film.gif().length).isLessThanOrEqualTo(Reel.MAX_BYTES);
        List<Seen> seen = play(film.gif());
        assertThat(seen.size()).isBetween(2, 12);
        assertThat(seen.stream().mapToInt(Seen::hundredths).sum())
                .as("as long as with all frames")
                .isBetween(240, 260);
    }

    @Test
    void everyFormIsThere() throws IOException {
        Film film = Charts.film("A <b>film</b>.", List.of(square(20, 20, 0, 0), square(20, 20, 6, 6)));

        assertThat(film.html())
                .contains("src=\"data:image/gif;base64,R0lGOD", "A &lt;b&gt;film&lt;/b&gt;.")
                .doesNotContain("<b>");
        assertThat(largestError(read(film.png()), read(square(20, 20, 6, 6).png())))
                .isZero();
        assertThat(film.text()).isEqualTo("A <b>film</b>.");
        assertThat(Charts.film(List.of(square(9, 9, 0, 0))).text())
                .isEqualTo("A film of 1 pictures. The last: a square.");
    }

    @Test
    void whatIsNoFilm() {
        assertThatThrownBy(() -> Charts.film(List.of())).hasMessageContaining("1 to 240 frames, not 0");
        assertThatThrownBy(() -> Charts.film("fast", List.of(square(9, 9, 0, 0)), 5))
                .hasMessageContaining("at least 20 ms, not 5");
    }

    private static Picture square(int width, int height, int x, int y) {
        return draw(width, height, g -> {
            g.setColor(new Color(0xD55E00));
            g.fillRect(x, y, 8, 8);
        });
    }

    /** A picture of so many CSS pixels, painted at twice that. */
    private static Picture draw(int width, int height, Consumer<Graphics2D> painter) {
        BufferedImage image = new BufferedImage(2 * width, 2 * height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, 2 * width, 2 * height);
        g.scale(2, 2);
        painter.accept(g);
        g.dispose();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return new Picture(bytes.toByteArray(), width, "a square.");
    }

    private static BufferedImage read(byte[] png) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    /** Plays a GIF as a browser does: each step is painted over what was there. */
    private static List<Seen> play(byte[] gif) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        List<Seen> seen = new ArrayList<>();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(gif))) {
            reader.setInput(in);
            int width = (gif[6] & 0xff) | (gif[7] & 0xff) << 8;
            int height = (gif[8] & 0xff) | (gif[9] & 0xff) << 8;
            BufferedImage screen = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
            for (int i = 0; i < reader.getNumImages(true); i++) {
                Element tree = (Element) reader.getImageMetadata(i).getAsTree("javax_imageio_gif_image_1.0");
                Element place =
                        (Element) tree.getElementsByTagName("ImageDescriptor").item(0);
                Element control = (Element)
                        tree.getElementsByTagName("GraphicControlExtension").item(0);
                assertThat(control.getAttribute("disposalMethod")).isEqualTo("doNotDispose");
                int left = Integer.parseInt(place.getAttribute("imageLeftPosition"));
                int top = Integer.parseInt(place.getAttribute("imageTopPosition"));
                screen.createGraphics().drawImage(reader.read(i), left, top, null);
                BufferedImage copy = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
                copy.createGraphics().drawImage(screen, 0, 0, null);
                seen.add(new Seen(copy, Integer.parseInt(control.getAttribute("delayTime"))));
            }
        } finally {
            reader.dispose();
        }
        return seen;
    }

    private static long localTables(byte[] gif) {
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(gif))) {
            reader.setInput(in);
            long tables = 0;
            for (int i = 0; i < reader.getNumImages(true); i++) {
                Element tree = (Element) reader.getImageMetadata(i).getAsTree("javax_imageio_gif_image_1.0");
                tables += tree.getElementsByTagName("LocalColorTable").getLength();
            }
            return tables;
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            reader.dispose();
        }
    }

    private static int largestError(BufferedImage expected, BufferedImage actual) {
        assertThat(actual.getWidth()).isEqualTo(expected.getWidth());
        assertThat(actual.getHeight()).isEqualTo(expected.getHeight());
        int worst = 0;
        for (int y = 0; y < expected.getHeight(); y++) {
            for (int x = 0; x < expected.getWidth(); x++) {
                for (int shift = 0; shift <= 16; shift += 8) {
                    int a = expected.getRGB(x, y) >> shift & 0xff;
                    int b = actual.getRGB(x, y) >> shift & 0xff;
                    worst = Math.max(worst, Math.abs(a - b));
                }
            }
        }
        return worst;
    }
}
