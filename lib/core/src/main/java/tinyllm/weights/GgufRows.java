package tinyllm.weights;

import tinyllm.weights.format.ElementType;

/** The rows of a matrix in GGUF's blocks. */
record GgufRows(StoredTensor tensor) implements AffineRows {

    private ElementType element() {
        return tensor.entry().type();
    }

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
        return GgufBlocks.form(element()).bits();
    }

    @Override
    public int groupSize() {
        return GgufBlocks.form(element()).groupSize();
    }

    @Override
    public Scales scales() {
        return switch (element()) {
            case Q4_0, Q5_0, Q8_0 -> Scales.CENTERED;
            case Q4_K, Q5_K -> Scales.FACTORS;
            case Q6_K -> Scales.FACTORS_16;
            default -> Scales.HALF;
        };
    }

    @Override
    public String type() {
        return element().name();
    }

    @Override
    public void read(int first, int count, byte[] codes, float[] scales, float[] biases, float[] d, float[] dmin) {
        ElementType type = element();
        int blocks = count * cols() / type.blockElements();
        byte[] bytes = new byte[blocks * type.blockBytes()];
        long from = (long) first * cols() / type.blockElements() * type.blockBytes();
        tensor.copy(from, bytes, bytes.length);
        if (scales() == Scales.FACTORS || scales() == Scales.FACTORS_16) {
            GgufBlocks.unpackFactors(type, bytes, blocks, codes, scales, biases, d, dmin);
        } else {
            GgufBlocks.unpack(type, bytes, blocks, codes, scales, biases);
        }
    }
}
