package tinyllm.lab.race;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import tinyllm.lab.chart.Canvas;
import tinyllm.lab.chart.TextBlock;
import tinyllm.lab.chart.TextBlock.Piece;
import tinyllm.lab.chart.Theme;
import tinyllm.lab.film.Reel;
import tinyllm.lab.view.Film;
import tinyllm.lab.view.Picture;

/** Paints a race's moments: two panels on one clock. */
final class RaceFilm {

    private static final int FRAME_MS = 200;
    private static final int LAST_MS = 3_000;
    private static final double LONGEST_S = 12;
    private static final int PANEL = 370;
    private static final int GAP = 14;
    private static final int PAD = 12;
    private static final int HEAD = 66;
    private static final int MOST_LINES = 14;
    /** Beyond this many answers they stand in two columns. */
    private static final int ONE_COLUMN = 4;

    private final Race race;
    private final int columns;
    private final int[] lines;
    private final Font font;

    private RaceFilm(Race race) {
        this.race = race;
        int prompts = race.prompts().size();
        this.columns = prompts > ONE_COLUMN ? 2 : 1;
        this.font = Theme.font(prompts > ONE_COLUMN ? 10 : 13);
        this.lines = lines();
    }

    static Film of(Race race) {
        double end = Math.max(race.a().seconds(), race.b().seconds());
        int speed = Math.max(1, (int) Math.ceil(end / LONGEST_S));
        int steps = Math.max(1, (int) Math.ceil(end / speed / (FRAME_MS / 1e3)));
        RaceFilm film = new RaceFilm(race);
        List<Picture> frames = new ArrayList<>();
        for (int i = 0; i <= steps; i++) {
            frames.add(film.paint(Math.min(end, i * speed * FRAME_MS / 1e3), speed, i == steps));
        }
        String pace = speed == 1 ? "at the pace of life" : speed + " times faster than life";
        String text = String.format(
                Locale.ROOT,
                "A race, %s: %s. %s: %.1f tokens/s, first token after %.1f s; %s: %.1f tokens/s, first token after %.1f s.",
                pace,
                race.headline(),
                race.a().name(),
                race.a().tokensPerSecond(),
                race.a().firstToken(),
                race.b().name(),
                race.b().tokensPerSecond(),
                race.b().firstToken());
        return Reel.of(text, frames, FRAME_MS, LAST_MS);
    }

    private Picture paint(double at, int speed, boolean last) {
        int height = HEAD + textHeight() + PAD;
        int width = 2 * PANEL + GAP;
        return Canvas.draw(width, height + 46, race.headline() + ".", g -> {
            g.setFont(Theme.bold(13));
            String question = race.prompts().size() == 1
                    ? race.prompts().getFirst()
                    : race.prompts().size() + " prompts";
            g.drawString(fitting(g, question, width), 0, 13);
            g.translate(0, 22);
            panel(g, race.a(), at, 0, height);
            g.translate(PANEL + GAP, 0);
            panel(g, race.b(), at, 1, height);
            g.translate(-PANEL - GAP, 0);
            g.setFont(last ? Theme.bold(12) : Theme.font(12));
            g.setColor(last ? Theme.INK : Theme.FAINT);
            String pace = speed == 1 ? "" : " (the film runs " + speed + " times faster than life)";
            g.drawString(fitting(g, (last ? race.headline() : "one clock for both") + pace, width), 0, height + 17);
        });
    }

    private void panel(Graphics2D g, Lane lane, double at, int color, int height) {
        boolean done = at >= lane.seconds();
        Color ink = Theme.series(color);
        g.setColor(done ? ink : Theme.GRID);
        g.setStroke(new BasicStroke(done ? 2f : 1f));
        g.draw(new RoundRectangle2D.Double(0.5, 0.5, PANEL - 1.0, height - 1.0, 10, 10));
        g.setFont(Theme.bold(14));
        g.setColor(ink);
        g.drawString(fitting(g, lane.name(), PANEL - 2 * PAD - 90), PAD, 22);
        g.setFont(Theme.bold(20));
        g.setColor(Theme.INK);
        String clock = String.format(Locale.ROOT, "%.1f s", lane.clock(at));
        g.drawString(clock, PANEL - PAD - g.getFontMetrics().stringWidth(clock), 24);
        g.setFont(Theme.font(11));
        g.setColor(Theme.FAINT);
        g.drawString(below(lane, at), PAD, 40);
        g.setColor(ink);
        g.setStroke(new BasicStroke(4f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER));
        double share = lane.share(at);
        g.draw(new Line2D.Double(PAD, 50, PAD + share * (PANEL - 2 * PAD), 50));
        answers(g, lane, at);
    }

    private static String below(Lane lane, double at) {
        if (at >= lane.seconds()) {
            return String.format(
                    Locale.ROOT,
                    "%d tokens, %.1f tokens/s, the first after %.1f s",
                    lane.allTokens(),
                    lane.tokensPerSecond(),
                    lane.firstToken());
        }
        return lane.spoke(at) ? "writes …" : "reads the prompt …";
    }

    private void answers(Graphics2D g, Lane lane, double at) {
        int rows = lines.length;
        double y = HEAD;
        double lineHeight = block(g, "", 100).lineHeight();
        double wide = columnWidth();
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int prompt = row * columns + column;
                if (prompt >= race.prompts().size()) {
                    continue;
                }
                double x = PAD + column * (wide + GAP);
                double top = y;
                if (race.prompts().size() > 1) {
                    g.setFont(Theme.font(10));
                    g.setColor(Theme.FAINT);
                    g.drawString(fitting(g, race.prompts().get(prompt), (int) wide), (float) x, (float) (y + 10));
                    top += 14;
                }
                block(g, lane.text(prompt, at), wide).paintTail(g, x, top, lines[row]);
            }
            y += lines[row] * lineHeight + (race.prompts().size() > 1 ? 20 : 0);
        }
    }

    private double columnWidth() {
        return (PANEL - 2.0 * PAD - (columns - 1) * GAP) / columns;
    }

    private TextBlock block(Graphics2D g, String text, double wide) {
        return TextBlock.of(g, font, wide, List.of(new Piece(text.strip(), null)));
    }

    private int textHeight() {
        Graphics2D g = measuring();
        double lineHeight = block(g, "", 100).lineHeight();
        g.dispose();
        double heads = race.prompts().size() > 1 ? 20.0 * lines.length : 0;
        return (int) Math.ceil(IntStream.of(lines).sum() * lineHeight + heads);
    }

    /** How many lines each row of answers takes at the end, cut where they would not fit a screen. */
    private int[] lines() {
        Graphics2D g = measuring();
        int prompts = race.prompts().size();
        int rows = Math.ceilDiv(prompts, columns);
        int most = Math.max(2, MOST_LINES / rows + 1);
        int[] out = new int[rows];
        double end = Double.POSITIVE_INFINITY;
        for (int i = 0; i < prompts; i++) {
            for (Lane lane : List.of(race.a(), race.b())) {
                int needed = block(g, lane.text(i, end), columnWidth()).lineCount();
                out[i / columns] = Math.clamp(needed, Math.max(1, out[i / columns]), most);
            }
        }
        g.dispose();
        return out;
    }

    private static Graphics2D measuring() {
        return new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    }

    private static String fitting(Graphics2D g, String text, int wide) {
        String shown = Canvas.drawable(g.getFont(), text.replace('\n', ' '));
        while (shown.length() > 1 && g.getFontMetrics().stringWidth(shown) > wide) {
            shown = shown.substring(0, shown.length() - (shown.endsWith("…") ? 2 : 1)) + "…";
        }
        return shown;
    }
}
