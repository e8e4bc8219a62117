#define TL_ROWS 8
#include "half.h"
#include "lanes_avx512.h"
#include "forms.inl"

namespace tinyllm {

const Kernels avx512_kernels = {"avx512-vnni", 64, quantize, tile, rms_norm, swiglu, softmax, log_sum_exp, rope, span, merge, append, unpack_keys, unpack_values};

} // namespace tinyllm
