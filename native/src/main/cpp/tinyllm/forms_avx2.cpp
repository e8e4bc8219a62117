#define TL_ROWS 2
#include "half.h"
#include "lanes_avx2.h"
#include "forms.inl"

namespace tinyllm {

const Kernels avx2_kernels = {"avx2", 64, quantize, tile, rms_norm, swiglu, softmax, log_sum_exp, rope, span, merge, append, unpack_keys, unpack_values};

} // namespace tinyllm
