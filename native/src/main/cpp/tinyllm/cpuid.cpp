#include "amx.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tinyllm {
namespace {

bool bit(unsigned leaf, unsigned sub, int which, int at) {
  unsigned r[4] = {0, 0, 0, 0};
  return __get_cpuid_count(leaf, sub, &r[0], &r[1], &r[2], &r[3]) != 0 && (r[which] >> at & 1) != 0;
}

bool asked_for_amx() {
#if defined(__linux__)
  constexpr long ask = 0x1023, tile_data = 18; // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return bit(7, 0, 3, 24) && bit(7, 0, 3, 25) && syscall(SYS_arch_prctl, ask, tile_data) == 0;
#else
  return false;
#endif
}

} // namespace

bool has_amx() {
  static const bool has = asked_for_amx();
  return has;
}

bool has_avxvnni() { return bit(7, 1, 0, 4); }

bool has_f16c() { return bit(1, 0, 2, 29); }

} // namespace tinyllm
#endif
