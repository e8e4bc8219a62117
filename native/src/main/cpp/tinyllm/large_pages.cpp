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

} // namespace tinyllm
