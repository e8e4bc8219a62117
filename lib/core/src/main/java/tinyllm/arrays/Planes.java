package tinyllm.arrays;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** A reshape, which moves nothing, and a transpose, which changes the order of the axes. */
public final class Planes implements PlanesFn {

    @Override
    public Tensor split(Tensor line, int height, int width) {
        ReferenceUse.note("0.1 reshape or transpose");
        return line.reshape(height, width, 3).transpose(2, 0, 1);
    }

    @Override
    public Tensor merge(Tensor planes) {
        ReferenceUse.note("0.1 reshape or transpose");
        return planes.transpose(1, 2, 0).reshape(-1);
    }
}
