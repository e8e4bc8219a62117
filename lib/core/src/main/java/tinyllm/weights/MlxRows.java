package tinyllm.weights;

import tinyllm.weights.format.ElementType;

/** The rows of an MLX-quantized matrix. */
record MlxRows(QuantizedTensor tensor) implements AffineRows {

    @Override
    public int rows() {
        return tensor.shape()[0];
    }

    @Override
    public int cols() {
        return tensor.shape()[1];
    }

    @Override
    public int bits() {
        return tensor.form().bits();
    }

    @Override
    public int groupSize() {
        return tensor.form().groupSize();
    }

    @Override
    public Scales scales() {
        return switch (tensor.scales().entry().type()) {
            case F16 -> Scales.HALF;
            case BF16 -> Scales.BFLOAT;
            default -> Scales.FLOAT;
        };
    }

    @Override
    public String type() {
        return bits() + " bits, groups of " + groupSize();
    }

    @Override
    public void read(int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin) {
        int rowBytes = cols() / 8 * bits();
        byte[] packed = new byte[count * rowBytes];
        tensor.weight().copy((long) first * rowBytes, packed, packed.length);
        tensor.form().unpack(packed, codes, count * cols());
        int groups = count * (cols() / groupSize());
        floats(tensor.scales(), first, count, groups, scales);
        floats(tensor.biases(), first, count, groups, biases);
    }

    private static void floats(StoredTensor from, int first, int count, int groups, float[] to) {
        ElementType type = from.entry().type();
        byte[] raw = new byte[groups * type.blockBytes()];
        from.copy((long) first * (raw.length / count), raw, raw.length);
        StoredTensor.floats(type, raw, groups, to);
    }
}
