package tinyllm.sampling;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.Tensor;

/** Logits divided by the temperature. */
public final class Temperature implements TemperatureFn {

    @Override
    public Tensor scale(Tensor logits, double temperature) {
        ReferenceUse.note("1.7 temperature");
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("a temperature to divide by is above 0, but is " + temperature
                    + " (0 means greedy: take the argmax)");
        }
        return logits.div(temperature);
    }
}
