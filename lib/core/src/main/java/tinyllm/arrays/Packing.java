package tinyllm.arrays;

import tinyllm.course.ReferenceUse;

/** Four bits a code, low bits first. */
public final class Packing implements PackingFn {

    @Override
    public int[] pack(int[] codes) {
        ReferenceUse.note("2.2 packing");
        return words(codes);
    }

    static int[] words(int[] codes) {
        int[] words = new int[codes.length / 8];
        for (int i = 0; i < codes.length; i++) {
            words[i / 8] |= codes[i] << 4 * (i % 8);
        }
        return words;
    }

    @Override
    public int[] unpack(int[] words) {
        ReferenceUse.note("2.2 packing");
        int[] codes = new int[words.length * 8];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = words[i / 8] >>> 4 * (i % 8) & 15;
        }
        return codes;
    }
}
