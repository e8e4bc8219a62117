package tinyllm.cache;

import tinyllm.kernel.KeyTurn;
import tinyllm.kernel.PageForm;
import tinyllm.kernel.RopeTable;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** Keys to what they were before their rotation and their bias, and back, by array operations: R(k + b) = R(k) + R(b). */
final class KeyTurner {
    private final PageForm form;
    private final KeyTurn turn;
    private final RopeTable angles;

    KeyTurner(PageForm form, KeyTurn turn) {
        this.form = form;
        this.turn = turn;
        this.angles = new RopeTable(form.headDim(), turn.theta());
    }

    /** @param keys {@code [1, H_kv, L, D]}, rotated, the first at a position */
    Tensor before(Tensor keys, int layer, int position) {
        Tensor[] at = angles.at(position, keys.dim(2));
        Tensor plain = turned(keys.astype(DType.F32), at[0], at[1].neg());
        return turn.biases().isEmpty() ? plain : plain.sub(bias(layer));
    }

    /** @param keys {@code [1, H_kv, S, D]} from position 0 on, as they were before */
    Tensor after(Tensor keys, int layer) {
        Tensor[] at = angles.at(0, keys.dim(2));
        Tensor whole = keys.astype(DType.F32);
        return turned(turn.biases().isEmpty() ? whole : whole.add(bias(layer)), at[0], at[1]);
    }

    private Tensor bias(int layer) {
        return turn.biases().get(layer).astype(DType.F32).reshape(1, form.kvHeads(), 1, form.headDim());
    }

    /** @param cosines {@code [L, D / 2]}, as sines */
    private Tensor turned(Tensor x, Tensor cosines, Tensor sines) {
        int[] shape = x.shape();
        int half = form.headDim() / 2;
        Tensor pairs = turn.neighbours()
                ? x.reshape(1, shape[1], shape[2], half, 2)
                : x.reshape(1, shape[1], shape[2], 2, half).swapAxes(3, 4);
        Tensor a = pairs.slice(4, 0, 1).squeeze(4); // [1, H_kv, L, D / 2]
        Tensor b = pairs.slice(4, 1, 2).squeeze(4);
        Tensor first = a.mul(cosines).sub(b.mul(sines));
        Tensor second = a.mul(sines).add(b.mul(cosines));
        return Tensor.stack(turn.neighbours() ? 4 : 3, first, second).reshape(shape);
    }
}
