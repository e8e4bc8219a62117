#define TL_ROWS 1
#include "half.h"
#include "lanes_plain.h"
#include "forms.inl"

namespace tinyllm {

const Kernels plain_kernels = {"plain", 64, quantize, tile, rms_norm, swiglu, softmax, log_sum_exp, rope, span, merge, append, unpack_keys, unpack_values};

} // namespace tinyllm
