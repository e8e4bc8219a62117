#define TL_ROWS 4
#include "half.h"
#include "lanes_neon.h"
#include "forms.inl"

namespace tinyllm {

const Kernels neon_kernels = {"neon", 64, quantize, tile, rms_norm, swiglu, softmax, log_sum_exp, rope, span, merge, append, unpack_keys, unpack_values};

} // namespace tinyllm
