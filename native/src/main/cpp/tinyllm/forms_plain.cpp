#define TL_ROWS 1
#define TL_TOGETHER 1
#include "half.h"
#include "lanes_plain.h"
#include "forms.inl"

namespace tinyllm {

const Kernels plain_kernels = TL_KERNELS("plain", tile, nothing_kept);

} // namespace tinyllm
