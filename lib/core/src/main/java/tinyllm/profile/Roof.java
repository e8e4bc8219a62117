package tinyllm.profile;

import tinyllm.course.ReferenceUse;

/** The larger of two times. */
public final class Roof implements RoofFn {

    @Override
    public double seconds(Work work, double flopsPerSecond, double bytesPerSecond) {
        ReferenceUse.note("4.6 roofline");
        return Math.max(work.flops() / flopsPerSecond, work.bytes() / bytesPerSecond);
    }

    @Override
    public boolean memoryBound(Work work, double flopsPerSecond, double bytesPerSecond) {
        ReferenceUse.note("4.6 roofline");
        return work.bytes() / bytesPerSecond > work.flops() / flopsPerSecond;
    }
}
