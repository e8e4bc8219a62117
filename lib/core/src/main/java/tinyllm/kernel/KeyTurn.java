package tinyllm.kernel;

import java.util.List;
import org.jspecify.annotations.Nullable;
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

    /** @throws IllegalArgumentException unless this is what pages of that form need; null is nothing */
    public static void check(PageForm form, @Nullable KeyTurn turn) {
        if (form.beforeRotation() && turn == null) {
            throw new IllegalArgumentException(
                    "keys are to be stored before their rotation, and nobody says which rotation that is");
        }
        if (turn != null && !turn.biases.isEmpty() && turn.biases.size() != form.layers()) {
            throw new IllegalArgumentException(
                    "there are biases of " + turn.biases.size() + " layers, and the pages are of " + form.layers());
        }
        for (Tensor bias : turn == null || !form.beforeRotation() ? List.<Tensor>of() : turn.biases) {
            if (bias.size() != (long) form.kvHeads() * form.headDim()) {
                throw new IllegalArgumentException("a bias of " + bias.size() + " values does not fit " + form.kvHeads()
                        + " KV heads of " + form.headDim());
            }
        }
    }
}
