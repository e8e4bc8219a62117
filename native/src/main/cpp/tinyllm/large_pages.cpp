#include "large_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tinyllm {

void want_large_pages([[maybe_unused]] void* from, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  constexpr uintptr_t small = 4096;
  uintptr_t first = (reinterpret_cast<uintptr_t>(from) + small - 1) / small * small;
  uintptr_t last = (reinterpret_cast<uintptr_t>(from) + bytes) / small * small;
  if (bytes >= size_t{4} << 20 && last > first) {
    madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
  }
#endif
}

void gather_in_large_pages([[maybe_unused]] void* from, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  constexpr uintptr_t large = uintptr_t{1} << 21;
  constexpr int collapse = 25; // MADV_COLLAPSE, which older headers lack
  if (bytes < large / 2) {
    return;
  }
  uintptr_t begin = reinterpret_cast<uintptr_t>(from), end = begin + bytes;
  // One at a time: where the outer ones reach into memory that is not ours to move, the inner ones still can.
  for (uintptr_t page = begin / large * large; page < end; page += large) {
    madvise(reinterpret_cast<void*>(page), large, collapse);
  }
#endif
}

} // namespace tinyllm
