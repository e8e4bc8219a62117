package tinyllm.cache;

import tinyllm.course.ReferenceUse;
import tinyllm.tensor.DType;
import tinyllm.tensor.Tensor;

/** The range of each group in equal steps, by array operations. */
public final class GroupKvCodec implements KvCodecFn {

    @Override
    public KvCodes pack(Tensor numbers, int bits) {
        ReferenceUse.note("4.1 codec");
        int[] shape = numbers.shape();
        int groups = shape[3] / KvCodes.GROUP;
        Tensor x = numbers.reshape(1, shape[1], shape[2], groups, KvCodes.GROUP);
        int most = (1 << bits) - 1;
        Tensor zeros = x.minKeep(-1).astype(DType.F16); // [1, H, L, G, 1]
        Tensor low = zeros.astype(DType.F32);
        Tensor scales = x.maxKeep(-1).sub(low).div(most).astype(DType.F16);
        Tensor step = scales.astype(DType.F32).maximum(1e-12); // of equal numbers the step is 0
        Tensor codes = x.sub(low).div(step).round().maximum(0).minimum(most).reshape(shape);
        if (bits == 4) {
            Tensor[] halves = codes.split(-1, 2);
            codes = halves[0].add(halves[1].mul(16));
        }
        return new KvCodes(
                codes.astype(DType.U8),
                scales.reshape(1, shape[1], shape[2], groups),
                zeros.reshape(1, shape[1], shape[2], groups),
                bits);
    }

    @Override
    public Tensor unpack(KvCodes packed) {
        ReferenceUse.note("4.1 codec");
        Tensor codes = packed.codes().astype(DType.F32);
        if (packed.bits() == 4) {
            Tensor high = codes.div(16).floor();
            codes = Tensor.concat(-1, codes.sub(high.mul(16)), high);
        }
        int[] shape = codes.shape();
        Tensor groups = codes.reshape(1, shape[1], shape[2], shape[3] / KvCodes.GROUP, KvCodes.GROUP);
        Tensor scales = packed.scales().astype(DType.F32).expandDims(4);
        Tensor zeros = packed.zeros().astype(DType.F32).expandDims(4);
        return groups.mul(scales).add(zeros).reshape(shape);
    }
}
