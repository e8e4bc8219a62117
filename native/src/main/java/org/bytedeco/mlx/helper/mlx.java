package org.bytedeco.mlx.helper;

import org.bytedeco.mlx.StringVector;

/** What the global class {@code org.bytedeco.mlx.global.mlx} inherits from: functions that take or return Java's own types. */
public class mlx extends org.bytedeco.mlx.presets.mlx {

    public static String[] strings(StringVector vector) {
        String[] strings = new String[Math.toIntExact(vector.size())];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = vector.get(i);
        }
        return strings;
    }
}
