// Included once per instruction set, after the lanes. TL_ROWS says how many rows of activations share weights that were taken apart,
// TL_TOGETHER how many of them take turns.

#include <cmath>
#include <cstring>
#include <utility>

#include "kernels.h"

namespace tinyllm {
namespace {

// How far ahead of the block at hand weights are fetched. The first level's few buffers for misses cannot ask for all that memory
// can give: the second level, which has more, is asked long before.
constexpr size_t PREFETCH = 2048;
constexpr size_t PREFETCH_FAR = 8192;

template <int KIND>
inline size_t head_size(int groups) {
  size_t n = static_cast<size_t>(groups);
  size_t bytes = KIND == CENTERED ? 32 * n : KIND == FLOAT ? 128 * n : KIND == SUPER ? 64 + 32 * n
      : KIND == SUPER16                                                              ? 32 + 16 * n
                                                                                     : 64 * n;
  return (bytes + 63) / 64 * 64;
}

[[maybe_unused]] void nothing_kept() {}

#include "rows.inl"
#include "matmul.inl"
#include "attention.inl"
#include "pages.inl"

} // namespace
} // namespace tinyllm

/** A set of the functions above; `products` is its form of the tile, and `release` of what it keeps. */
#define TL_KERNELS(name, products, release)                                                                                    \
  {                                                                                                                            \
    name, quantize, products, release, rms_norm, swiglu, softmax, log_sum_exp, block_maxima, exp_sum, rope, span, merge,       \
        append, unpack_keys, unpack_values                                                                                     \
  }
