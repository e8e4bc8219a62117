#define TL_ROWS 16
#define TL_TOGETHER 4
#include "half.h"
#include "lanes_avx512.h"
#include "forms.inl"

namespace tinyllm {

const Kernels avx512_kernels = TL_KERNELS("avx512-vnni", tile, nothing_kept);

} // namespace tinyllm
