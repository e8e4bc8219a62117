// What the compiler calls: -fsanitize=thread puts a call before every load and store, -fsanitize=bounds one where an index leaves an
// array of known size. libtsan is not linked; these are the host run's own.
#include <cstring>

#include "memory.h"

using tinyllm::Site;

extern "C" {

#define TINYLLM_HOOK(name, bytes, write)                                                                      \
  void __tsan_##name(void* address) {                                                                         \
    tinyllm::access(reinterpret_cast<std::uintptr_t>(address), bytes, write, false, Site::at(__builtin_return_address(0))); \
  }
#define TINYLLM_HOOKS(bytes)                       \
  TINYLLM_HOOK(read##bytes, bytes, false)          \
  TINYLLM_HOOK(write##bytes, bytes, true)          \
  TINYLLM_HOOK(volatile_read##bytes, bytes, false) \
  TINYLLM_HOOK(volatile_write##bytes, bytes, true)
#define TINYLLM_UNALIGNED(bytes)                             \
  TINYLLM_HOOK(unaligned_read##bytes, bytes, false)          \
  TINYLLM_HOOK(unaligned_write##bytes, bytes, true)          \
  TINYLLM_HOOK(unaligned_volatile_read##bytes, bytes, false) \
  TINYLLM_HOOK(unaligned_volatile_write##bytes, bytes, true)
TINYLLM_HOOKS(1)
TINYLLM_HOOKS(2)
TINYLLM_HOOKS(4)
TINYLLM_HOOKS(8)
TINYLLM_HOOKS(16)
TINYLLM_UNALIGNED(2)
TINYLLM_UNALIGNED(4)
TINYLLM_UNALIGNED(8)
TINYLLM_UNALIGNED(16)

void __tsan_read_range(void* address, unsigned long bytes) {
  tinyllm::access(reinterpret_cast<std::uintptr_t>(address), bytes, false, false, Site::at(__builtin_return_address(0)));
}
void __tsan_write_range(void* address, unsigned long bytes) {
  tinyllm::access(reinterpret_cast<std::uintptr_t>(address), bytes, true, false, Site::at(__builtin_return_address(0)));
}
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

// clang turns copies into calls of these.
void* __tsan_memcpy(void* to, const void* from, unsigned long bytes) {
  Site site = Site::at(__builtin_return_address(0));
  tinyllm::access(reinterpret_cast<std::uintptr_t>(from), bytes, false, false, site);
  tinyllm::access(reinterpret_cast<std::uintptr_t>(to), bytes, true, false, site);
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, unsigned long bytes) {
  Site site = Site::at(__builtin_return_address(0));
  tinyllm::access(reinterpret_cast<std::uintptr_t>(from), bytes, false, false, site);
  tinyllm::access(reinterpret_cast<std::uintptr_t>(to), bytes, true, false, site);
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, unsigned long bytes) {
  tinyllm::access(reinterpret_cast<std::uintptr_t>(to), bytes, true, false, Site::at(__builtin_return_address(0)));
  return std::memset(to, value, bytes);
}

struct UbsanType {
  std::uint16_t kind, info;
  char name[1];
};
struct UbsanBounds {
  const char* file;
  std::uint32_t line, column;
  const UbsanType* array;
  const UbsanType* index;
};

void __ubsan_handle_out_of_bounds(UbsanBounds* data, std::uintptr_t index) {
  if (tinyllm::self == nullptr) {
    return;
  }
  bool is_signed = (data->index->info & 1) != 0;
  unsigned bits = 1u << (data->index->info >> 1);
  long long value = bits >= 64 || !is_signed ? static_cast<long long>(index) : static_cast<long long>(index << (64 - bits)) >> (64 - bits);
  bool in_kernel = std::strstr(data->file, "kernel.metal") != nullptr;
  tinyllm::fatal("out-of-bounds", in_kernel ? Site::of_line(int(data->line)) : Site::at(__builtin_return_address(0)), {},
                 tinyllm::name_of(*tinyllm::self) + " uses index " + std::to_string(value) + " of an array of type " + data->array->name);
}
void __ubsan_handle_out_of_bounds_abort(UbsanBounds* data, std::uintptr_t index) { __ubsan_handle_out_of_bounds(data, index); }

void __ubsan_handle_divrem_overflow(UbsanBounds* data, std::uintptr_t, std::uintptr_t) {
  bool in_kernel = std::strstr(data->file, "kernel.metal") != nullptr;
  tinyllm::fatal("division-by-zero", in_kernel ? Site::of_line(int(data->line)) : Site::at(__builtin_return_address(0)), {},
                 tinyllm::name_of(*tinyllm::self) + " divides an integer by zero");
}
void __ubsan_handle_divrem_overflow_abort(UbsanBounds* data, std::uintptr_t a, std::uintptr_t b) {
  __ubsan_handle_divrem_overflow(data, a, b);
}

}  // extern "C"

namespace tinyllm {

void atomic_access(const void* address, std::size_t bytes, bool write, int line) {
  access(reinterpret_cast<std::uintptr_t>(address), bytes, write, true, Site::of_line(line));
}

}  // namespace tinyllm
