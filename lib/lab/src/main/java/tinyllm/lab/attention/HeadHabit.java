package tinyllm.lab.attention;

import java.util.Locale;

/**
 * What a head mostly does, read from its map.
 *
 * @param place where most of the attention goes
 * @param share how much, the mean over all queries but the first, in 0…1
 */
public record HeadHabit(Place place, double share) {

    /** Places that heads are known for. */
    public enum Place {
        FIRST("at the first token", "first"),
        PREVIOUS("at the token before", "before"),
        ITSELF("at itself", "itself"),
        SPREAD("here and there", "mixed");

        private final String words;
        private final String word;

        Place(String words, String word) {
            this.words = words;
            this.word = word;
        }
    }

    private static final double MOSTLY = 0.35;

    /**
     * Reads a map.
     *
     * @param map queries × keys, rows sum to 1, NaN where hidden
     */
    public static HeadHabit of(float[][] map) {
        double first = onFirst(map);
        double previous = onDiagonal(map, 1);
        double itself = onDiagonal(map, 0);
        double most = Math.max(first, Math.max(previous, itself));
        if (!(most >= MOSTLY)) {
            return new HeadHabit(Place.SPREAD, 1 - first - previous - itself);
        }
        return new HeadHabit(most == first ? Place.FIRST : most == previous ? Place.PREVIOUS : Place.ITSELF, most);
    }

    /** "at the first token (81 %)". */
    public String words() {
        return place == Place.SPREAD
                ? place.words
                : String.format(Locale.ROOT, "%s (%.0f %%)", place.words, share * 100);
    }

    /** "first 81 %", for small captions. */
    public String caption() {
        return place == Place.SPREAD ? place.word : String.format(Locale.ROOT, "%s %.0f %%", place.word, share * 100);
    }

    /** The mean share on key 0 over all queries but the first, which sees nothing else. */
    public static double onFirst(float[][] map) {
        double sum = 0;
        for (int i = 1; i < map.length; i++) {
            sum += map[i][0];
        }
        return sum / (map.length - 1);
    }

    private static double onDiagonal(float[][] map, int back) {
        double sum = 0;
        for (int i = 1; i < map.length; i++) {
            // Query 1's previous token is the first one: counted there.
            sum += i - back == 0 ? 0 : map[i][i - back];
        }
        return sum / (map.length - 1);
    }

    /** The map without key 0 and query 0, each row scaled to sum to 1; a row without attention stays 0. */
    public static float[][] withoutFirst(float[][] map) {
        int rest = map.length - 1;
        float[][] out = new float[rest][rest];
        for (int i = 0; i < rest; i++) {
            float sum = 0;
            for (int j = 0; j <= i; j++) {
                sum += map[i + 1][j + 1];
            }
            for (int j = 0; j < rest; j++) {
                float w = map[i + 1][j + 1];
                out[i][j] = Float.isNaN(w) ? Float.NaN : sum > 0 ? w / sum : 0;
            }
        }
        return out;
    }
}
