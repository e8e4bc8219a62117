package tinyllm.profile;

/**
 * What has to be done, whoever does it.
 *
 * @param flops floating-point operations; a multiply and an add are two
 * @param bytes that memory has to hand over or take, each once
 */
public record Work(double flops, double bytes) {

    public static final Work NONE = new Work(0, 0);

    public Work {
        if (!(flops >= 0) || !(bytes >= 0)) {
            throw new IllegalArgumentException(
                    "work is counted from 0 up, not " + flops + " operations and " + bytes + " bytes");
        }
    }

    public Work plus(Work other) {
        return new Work(flops + other.flops, bytes + other.bytes);
    }

    /** The same work so many times. */
    public Work times(double count) {
        return new Work(flops * count, bytes * count);
    }

    /** Operations for each byte: where the work stands on a roofline. */
    public double intensity() {
        return flops / bytes;
    }
}
