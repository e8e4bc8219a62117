#define TL_ROWS 4
#define TL_TOGETHER 4
#include "half.h"
#include "lanes_avx2.h"
#include "forms.inl"

namespace tinyllm {

const Kernels avxvnni_kernels = TL_KERNELS("avx-vnni", tile, nothing_kept);

} // namespace tinyllm
