#include "dispatch.h"

#include <atomic>
#include <cstdlib>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "amx.h"

namespace tinyllm {
namespace {

std::vector<const Kernels*> available() {
  std::vector<const Kernels*> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  if (avx512 && has_amx()) {
    sets.push_back(&amx_kernels);
  }
  if (avx512) {
    sets.push_back(&avx512_kernels);
  }
  if (avx2 && has_avxvnni()) {
    sets.push_back(&avxvnni_kernels);
  }
  if (avx2) {
    sets.push_back(&avx2_kernels);
  }
#elif defined(__aarch64__) && defined(__linux__)
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) {
    sets.push_back(&neon_kernels);
  }
#elif defined(__aarch64__)
  sets.push_back(&neon_kernels); // every Apple chip has the dot product
#endif
  sets.push_back(&plain_kernels);
  return sets;
}

const Kernels* named(const std::string& name) {
  for (const Kernels* set : available()) {
    if (name == set->name) {
      return set;
    }
  }
  return nullptr;
}

std::atomic<const Kernels*>& current() {
  static std::atomic<const Kernels*> set = [] {
    const char* wanted = std::getenv("TINYLLM_ISA");
    const Kernels* found = wanted == nullptr ? nullptr : named(wanted);
    return found == nullptr ? available().front() : found;
  }();
  return set;
}

} // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const Kernels* set : available()) {
    names.emplace_back(set->name);
  }
  return names;
}

const Kernels& kernels() { return *current().load(std::memory_order_relaxed); }

bool use_instruction_set(const std::string& name) {
  const Kernels* set = named(name);
  if (set != nullptr) {
    current() = set;
  }
  return set != nullptr;
}

} // namespace tinyllm
