package tinyllm.lab.chart;

import java.awt.Color;

/** Numbers as colours. */
public enum ColorMap {
    /** Dark to light, evenly for every eye, and in grey print too (viridis). */
    RISING(0x440154, 0x482878, 0x3E4A89, 0x31688E, 0x26828E, 0x1F9E89, 0x35B779, 0x6DCD59, 0xB4DE2C, 0xFDE725),
    /** Blue below zero, white at zero, orange above. */
    AROUND_ZERO(0x0B559F, 0x5E9FD0, 0xB8D5EA, 0xFFFFFF, 0xFAD2AB, 0xEE914B, 0xB14A00);

    /** What is no finite number. */
    static final Color MISSING = new Color(0xC8, 0xC8, 0xC8);

    @SuppressWarnings("ImmutableEnumChecker") // never written
    private final int[] anchors;

    ColorMap(int... anchors) {
        this.anchors = anchors;
    }

    /** The colour at a share of the scale, 0…1; beyond it the end's. */
    Color at(double share) {
        if (Double.isNaN(share)) {
            return MISSING;
        }
        double place = Math.clamp(share, 0, 1) * (anchors.length - 1);
        int low = Math.min((int) place, anchors.length - 2);
        return mix(anchors[low], anchors[low + 1], place - low);
    }

    private static Color mix(int a, int b, double t) {
        return new Color(channel(a, b, 16, t), channel(a, b, 8, t), channel(a, b, 0, t));
    }

    private static int channel(int a, int b, int shift, double t) {
        int from = (a >> shift) & 0xff;
        int to = (b >> shift) & 0xff;
        return (int) Math.round(from + (to - from) * t);
    }
}
