#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "large_pages.h"
#include "pool.h"
#include "primitives.h"

namespace tinyllm {
namespace {

// The second cache has more buffers for misses than the first: asked that far ahead it brings more than a plain read does, and kernels
// read weights like that.
constexpr size_t FAR = 512; // words: 4 KiB

} // namespace

double read_bandwidth(size_t bytes) {
  constexpr size_t piece = size_t{1} << 18; // words: 2 MiB
  size_t pieces = std::max<size_t>(1, bytes / (piece * 8));
  auto memory = std::make_unique_for_overwrite<uint64_t[]>(pieces * piece + FAR); // not touched yet
  want_large_pages(memory.get(), pieces * piece * 8);
  std::fill_n(memory.get(), pieces * piece, 1);
  std::vector<uint64_t> sums(pieces);
  double best = 0;
  for (int pass = 0; pass < 4; pass++) {
    auto start = std::chrono::steady_clock::now();
    parallel(static_cast<int>(pieces), [&](int item) {
      const uint64_t* from = memory.get() + static_cast<size_t>(item) * piece;
      uint64_t sum[8] = {};
      for (size_t i = 0; i < piece; i += 8) {
        __builtin_prefetch(from + i + FAR, 0, 2);
        for (size_t lane = 0; lane < 8; lane++) {
          sum[lane] += from[i + lane];
        }
      }
      for (uint64_t part : sum) {
        sums[static_cast<size_t>(item)] += part;
      }
    });
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (pass > 0) {
      best = std::max(best, static_cast<double>(pieces * piece * 8) / took.count());
    }
  }
  return sums[0] == 0 ? 0 : best;
}

} // namespace tinyllm
