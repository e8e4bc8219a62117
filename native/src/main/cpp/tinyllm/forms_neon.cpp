#define TL_ROWS 4
#define TL_TOGETHER 1
#include "half.h"
#include "lanes_neon.h"
#include "forms.inl"

namespace tinyllm {

const Kernels neon_kernels = TL_KERNELS("neon", tile, nothing_kept);

} // namespace tinyllm
