package tinyllm.weights;

import tinyllm.weights.format.ElementType;

/**
 * GGUF's quantized blocks, taken apart. Every one is a row of affine groups: {@code w = scale · (code − zero) + min}, with unsigned
 * codes. The layouts are those of ggml's {@code ggml-common.h}; all numbers are little-endian.
 */
final class GgufBlocks {
    private GgufBlocks() {}

    /** What the groups of a type look like: bits of a code, elements of a group, and the code that stands for 0. */
    record Form(int bits, int groupSize, int zero) {}

    static Form form(ElementType type) {
        return switch (type) {
            case Q4_0 -> new Form(4, 32, 8);
            case Q4_1 -> new Form(4, 32, 0);
            case Q5_0 -> new Form(5, 32, 16);
            case Q5_1 -> new Form(5, 32, 0);
            case Q8_0 -> new Form(8, 32, 128);
            case Q4_K -> new Form(4, 32, 0);
            case Q5_K -> new Form(5, 32, 0);
            case Q6_K -> new Form(6, 16, 32);
            default -> throw new IllegalArgumentException(type + " has no quantized blocks");
        };
    }

    /**
     * Takes {@code blocks} blocks apart.
     *
     * @param codes receives one unsigned byte per element
     * @param scales receives one per group
     * @param mins receives one per group
     */
    static void unpack(ElementType type, byte[] in, int blocks, byte[] codes, float[] scales, float[] mins) {
        for (int b = 0; b < blocks; b++) {
            int at = b * type.blockBytes();
            int out = b * type.blockElements();
            int group = out / form(type).groupSize;
            switch (type) {
                case Q4_0, Q4_1 -> q4(in, at, type == ElementType.Q4_1, codes, out, scales, mins, group);
                case Q5_0, Q5_1 -> q5(in, at, type == ElementType.Q5_1, codes, out, scales, mins, group);
                case Q8_0 -> q8(in, at, codes, out, scales, mins, group);
                case Q4_K -> q4k(in, at, codes, out, scales, mins, group);
                case Q5_K -> q5k(in, at, codes, out, scales, mins, group);
                case Q6_K -> q6k(in, at, codes, out, scales, mins, group);
                default -> throw new IllegalArgumentException(type + " has no quantized blocks");
            }
        }
    }

    /**
     * The same, with the products of a K-quant's scales not taken: scales and mins are the small integers of each group, and a group's
     * scale is {@code d · scale}, its min {@code −dmin · min} with d and dmin of its block. Q6_K has no dmin.
     */
    static void unpackFactors(
            ElementType type,
            byte[] in,
            int blocks,
            byte[] codes,
            float[] scales,
            float[] mins,
            float[] d,
            float[] dmin) {
        byte[] one = new byte[type.blockBytes()];
        int groups = type.blockElements() / form(type).groupSize;
        for (int b = 0; b < blocks; b++) {
            System.arraycopy(in, b * one.length, one, 0, one.length);
            int at = type == ElementType.Q6_K ? 208 : 0;
            d[b] = half(one, at);
            put(one, at, Float.floatToFloat16(1));
            if (type != ElementType.Q6_K) {
                dmin[b] = half(one, 2);
                put(one, 2, Float.floatToFloat16(-1));
            }
            byte[] blockCodes = new byte[type.blockElements()];
            float[] blockScales = new float[groups];
            float[] blockMins = new float[groups];
            unpack(type, one, 1, blockCodes, blockScales, blockMins);
            System.arraycopy(blockCodes, 0, codes, b * blockCodes.length, blockCodes.length);
            System.arraycopy(blockScales, 0, scales, b * groups, groups);
            System.arraycopy(blockMins, 0, mins, b * groups, groups);
        }
    }

    private static void put(byte[] bytes, int at, short half) {
        bytes[at] = (byte) half;
        bytes[at + 1] = (byte) (half >> 8);
    }

    // block_q4_0: half d; uint8 qs[16].  block_q4_1: half d, m; uint8 qs[16]
    private static void q4(
            byte[] in, int at, boolean min, byte[] codes, int out, float[] scales, float[] mins, int group) {
        scales[group] = half(in, at);
        mins[group] = min ? half(in, at + 2) : 0;
        nibbles(in, at + (min ? 4 : 2), 16, codes, out);
    }

    // block_q5_0: half d; uint8 qh[4]; uint8 qs[16].  block_q5_1: half d, m; uint8 qh[4]; uint8 qs[16]
    private static void q5(
            byte[] in, int at, boolean min, byte[] codes, int out, float[] scales, float[] mins, int group) {
        scales[group] = half(in, at);
        mins[group] = min ? half(in, at + 2) : 0;
        int high = at + (min ? 4 : 2);
        int bits = (in[high] & 0xFF) | (in[high + 1] & 0xFF) << 8 | (in[high + 2] & 0xFF) << 16 | in[high + 3] << 24;
        nibbles(in, high + 4, 16, codes, out);
        for (int j = 0; j < 32; j++) {
            codes[out + j] |= (byte) ((bits >>> j & 1) << 4);
        }
    }

    // block_q8_0: half d; int8 qs[32]
    private static void q8(byte[] in, int at, byte[] codes, int out, float[] scales, float[] mins, int group) {
        scales[group] = half(in, at);
        mins[group] = 0;
        for (int j = 0; j < 32; j++) {
            codes[out + j] = (byte) (in[at + 2 + j] ^ 0x80); // q + 128
        }
    }

    // block_q4_K: half d, dmin; uint8 scales[12]; uint8 qs[128]
    private static void q4k(byte[] in, int at, byte[] codes, int out, float[] scales, float[] mins, int group) {
        scales6(in, at, scales, mins, group);
        for (int pair = 0; pair < 4; pair++) {
            nibbles(in, at + 16 + 32 * pair, 32, codes, out + 64 * pair);
        }
    }

    // block_q5_K: half d, dmin; uint8 scales[12]; uint8 qh[32]; uint8 qs[128]
    private static void q5k(byte[] in, int at, byte[] codes, int out, float[] scales, float[] mins, int group) {
        scales6(in, at, scales, mins, group);
        for (int pair = 0; pair < 4; pair++) {
            nibbles(in, at + 48 + 32 * pair, 32, codes, out + 64 * pair);
            for (int j = 0; j < 32; j++) {
                int high = in[at + 16 + j] >> 2 * pair; // bit 0: low nibbles' fifth bit, bit 1: high nibbles'
                codes[out + 64 * pair + j] |= (byte) ((high & 1) << 4);
                codes[out + 64 * pair + 32 + j] |= (byte) ((high & 2) << 3);
            }
        }
    }

    // block_q6_K: uint8 ql[128]; uint8 qh[64]; int8 scales[16]; half d
    private static void q6k(byte[] in, int at, byte[] codes, int out, float[] scales, float[] mins, int group) {
        float d = half(in, at + 208);
        for (int g = 0; g < 16; g++) {
            scales[group + g] = d * in[at + 192 + g];
            mins[group + g] = 0;
        }
        for (int part = 0; part < 2; part++) {
            int ql = at + 64 * part;
            int qh = at + 128 + 32 * part;
            int o = out + 128 * part;
            for (int l = 0; l < 32; l++) {
                int low = in[ql + l];
                int next = in[ql + 32 + l];
                int high = in[qh + l];
                codes[o + l] = (byte) (low & 0xF | (high & 3) << 4);
                codes[o + 32 + l] = (byte) (next & 0xF | (high >> 2 & 3) << 4);
                codes[o + 64 + l] = (byte) (low >> 4 & 0xF | (high >> 4 & 3) << 4);
                codes[o + 96 + l] = (byte) (next >> 4 & 0xF | (high >> 6 & 3) << 4);
            }
        }
    }

    // eight 6-bit scales and eight 6-bit minimums in 12 bytes: four of each whole, the high bits of bytes 0…7 complete
    // the rest
    private static void scales6(byte[] in, int at, float[] scales, float[] mins, int group) {
        float d = half(in, at);
        float dmin = half(in, at + 2);
        int s = at + 4;
        for (int j = 0; j < 4; j++) {
            scales[group + j] = d * (in[s + j] & 63);
            mins[group + j] = -dmin * (in[s + 4 + j] & 63);
            int last = in[s + 8 + j];
            scales[group + 4 + j] = d * (last & 0xF | (in[s + j] >> 6 & 3) << 4);
            mins[group + 4 + j] = -dmin * (last >> 4 & 0xF | (in[s + 4 + j] >> 6 & 3) << 4);
        }
    }

    /** The low nibbles of n bytes, then their high nibbles. */
    private static void nibbles(byte[] in, int at, int n, byte[] codes, int out) {
        for (int j = 0; j < n; j++) {
            codes[out + j] = (byte) (in[at + j] & 0xF);
        }
        for (int j = 0; j < n; j++) {
            codes[out + n + j] = (byte) (in[at + j] >> 4 & 0xF);
        }
    }

    private static float half(byte[] in, int at) {
        return Float.float16ToFloat((short) ((in[at] & 0xFF) | in[at + 1] << 8));
    }
}
