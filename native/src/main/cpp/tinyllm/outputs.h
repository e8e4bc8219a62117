// Memory for what kernels give.

#pragma once

#include <cstddef>

#include "mlx/allocator.h"

namespace tinyllm {

/**
 * Memory for an output. The last large one is kept when its array ends, for the next: the system would hand out each of its pages anew
 * and empty, which costs as much as filling them.
 */
mlx::core::allocator::Data output_memory(size_t bytes);

} // namespace tinyllm
