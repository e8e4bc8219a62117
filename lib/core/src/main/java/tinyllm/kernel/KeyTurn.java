package tinyllm.kernel;

import java.util.List;
import tinyllm.tensor.Tensor;

/**
 * What a key gets between its projection and attention, for pages that store it before: R(k + b) = R(k) + R(b), with the rotary
 * embedding R and the projection's bias b.
 *
 * @param theta of the rotary embedding
 * @param neighbours true when rotary pairs are neighbours, false for halves
 * @param biases of each layer's keys, {@code [H_kv · D]}; empty when the model has none
 */
public record KeyTurn(double theta, boolean neighbours, List<Tensor> biases) {

    public KeyTurn {
        biases = List.copyOf(biases);
    }
}
