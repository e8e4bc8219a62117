// Metal's names over C++, for the host run: a kernel's source compiles against this header unchanged.
#pragma once

#include "runtime.h"

#define METAL_FUNC inline __attribute__((always_inline))
#define METAL_LIBM(name) __builtin_##name
#define METAL_COPY(to, from, bytes) __builtin_memcpy(to, from, bytes)
#define METAL_INFINITY __builtin_inff()
#define METAL_NAN __builtin_nanf("")

using uint = unsigned int;
using ushort = unsigned short;
using uchar = unsigned char;
using ulong = unsigned long;

#include "small_floats.h"

// Address spaces are one on a host; the checker sees to them.
#define device
#define constant
#define thread
#define threadgroup
#define kernel

#include "../common/metal_math.h"

namespace metal {

#define METAL_VECTORS(name, type) \
  using name##2 = vec<type, 2>;   \
  using name##3 = vec<type, 3>;   \
  using name##4 = vec<type, 4>;
METAL_VECTOR_TYPES(METAL_VECTORS)
#undef METAL_VECTORS
#define METAL_PACKED(name, type)                \
  using packed_##name##2 = packed_vec<type, 2>; \
  using packed_##name##3 = packed_vec<type, 3>; \
  using packed_##name##4 = packed_vec<type, 4>;
METAL_NUMBER_TYPES(METAL_PACKED)
#undef METAL_PACKED

using mem_flags = tinyllm::MemoryFlags;

METAL_FUNC void threadgroup_barrier(mem_flags flags, int line = __builtin_LINE()) { tinyllm::barrier(flags, line); }
METAL_FUNC void simdgroup_barrier(mem_flags flags, int line = __builtin_LINE()) { tinyllm::simd_barrier(flags, line); }

}  // namespace metal

#include "simd.h"
#include "simdgroup_matrix.h"
#include "atomics.h"

namespace tinyllm {

METAL_FUNC metal::uint3 triple(const unsigned* v) { return metal::uint3(v[0], v[1], v[2]); }

}  // namespace tinyllm

// A variable in threadgroup memory: `threadgroup float tile[32];` becomes a reference to what all threads of the group share.
#define TINYLLM_THREADGROUP(name, line, ...)                                                                       \
  metal::identity<__VA_ARGS__>::type& name = *static_cast<metal::identity<__VA_ARGS__>::type*>(                    \
      tinyllm::threadgroup_memory(__COUNTER__, #name, sizeof(__VA_ARGS__), tinyllm::element_size<__VA_ARGS__>::value, line))

using namespace metal;
using bfloat16_t = bfloat;
using float16_t = half;
using float32_t = float;
using std::int16_t;
using std::int32_t;
using std::int64_t;
using std::int8_t;
using std::size_t;
using std::uint16_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;
