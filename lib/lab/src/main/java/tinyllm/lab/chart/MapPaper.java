package tinyllm.lab.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tinyllm.lab.view.Picture;

/** Boxes in tracks, each track from left to right and top to bottom; a box's place in the whole order stands in its corner. */
public final class MapPaper {

    private static final int COLUMNS = 5;
    private static final int BOX_W = 148;
    private static final int BOX_H = 42;
    private static final int STEP_X = 156;
    private static final int STEP_Y = 50;
    private static final int TOP = 30;
    private static final int HEAD = 24;
    private static final Color DONE = new Color(0x00, 0x9E, 0x73);

    private MapPaper() {}

    /** How far a place is. */
    public enum State {
        MISSING,
        THERE,
        BEGUN,
        DONE
    }

    /** One box; the list's order is the reading order. */
    public record Place(String track, String number, String title, String note, State state) {}

    private record Numbered(int order, Place place) {}

    public static Picture paint(String title, List<Place> places, String text) {
        if (places.isEmpty()) {
            throw new IllegalArgumentException("the map \"" + title + "\" has no places");
        }
        Map<String, List<Numbered>> tracks = new LinkedHashMap<>();
        for (int i = 0; i < places.size(); i++) {
            tracks.computeIfAbsent(places.get(i).track(), track -> new ArrayList<>())
                    .add(new Numbered(i + 1, places.get(i)));
        }
        int rows = tracks.values().stream()
                .mapToInt(track -> Math.ceilDiv(track.size(), COLUMNS))
                .sum();
        int height = TOP + rows * STEP_Y + tracks.size() * (HEAD + 6) + 22;
        return Canvas.draw(COLUMNS * STEP_X - (STEP_X - BOX_W) + 2, height, text, g -> {
            g.setFont(Theme.bold(14));
            g.drawString(title, 0, 14);
            int y = TOP;
            int color = 0;
            for (Map.Entry<String, List<Numbered>> track : tracks.entrySet()) {
                g.setColor(Theme.series(color));
                g.setFont(Theme.bold(12));
                g.drawString(track.getKey(), 0, y + 14);
                y += HEAD;
                for (int i = 0; i < track.getValue().size(); i++) {
                    box(
                            g,
                            track.getValue().get(i),
                            i % COLUMNS * STEP_X,
                            y + i / COLUMNS * STEP_Y,
                            Theme.series(color));
                }
                y += Math.ceilDiv(track.getValue().size(), COLUMNS) * STEP_Y + 6;
                color++;
            }
            legend(g, height - 6);
        });
    }

    private static void box(Graphics2D g, Numbered numbered, int x, int y, Color track) {
        Place place = numbered.place();
        boolean done = place.state() == State.DONE;
        boolean missing = place.state() == State.MISSING;
        RoundRectangle2D shape = new RoundRectangle2D.Double(x + 1, y, BOX_W - 2, BOX_H, 9, 9);
        g.setColor(done ? DONE : place.state() == State.BEGUN ? pale(DONE) : missing ? Theme.CARD : pale(track));
        g.fill(shape);
        g.setColor(missing ? Theme.FAINT : track);
        g.setStroke(missing ? Theme.DASHED : new BasicStroke(1.4f));
        g.draw(shape);
        g.setColor(done ? Color.WHITE : missing ? Theme.FAINT : Theme.INK);
        fitted(g, Theme.bold(11), place.number() + " " + place.title(), x + 7, y + 17);
        fitted(g, Theme.font(10), place.note() + (done ? " ✔" : ""), x + 7, y + 33);
        String order = Integer.toString(numbered.order());
        g.setFont(Theme.font(10));
        g.drawString(order, x + BOX_W - 7 - g.getFontMetrics().stringWidth(order), y + 33);
    }

    private static void fitted(Graphics2D g, Font font, String text, int x, int y) {
        float size = font.getSize2D();
        g.setFont(font);
        while (size > 7 && g.getFontMetrics().stringWidth(text) > BOX_W - 14) {
            size -= 0.5f;
            g.setFont(font.deriveFont(size));
        }
        g.drawString(text, x, y);
    }

    private static Color pale(Color color) {
        return new Color(pale(color.getRed()), pale(color.getGreen()), pale(color.getBlue()));
    }

    private static int pale(int channel) {
        return (int) Math.round(255 + (channel - 255) * 0.18);
    }

    private static void legend(Graphics2D g, int y) {
        g.setFont(Theme.font(11));
        g.setColor(Theme.INK);
        g.drawString("in the corner: the reading order; green: all exercises solved; dashed: not there yet", 0, y);
    }
}
