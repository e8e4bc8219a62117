// Metal's names over CUDA, for MLX's cuda_kernel: the kernel's source compiles behind this header unchanged. MLX puts the kernel's
// function after it; helper functions get __device__ from the caller. A SIMD group is what CUDA schedules as 32 threads: both count with x fastest.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#define METAL_FUNC __device__ __forceinline__
#define METAL_LIBM(name) ::name
#define METAL_COPY(to, from, bytes) ::memcpy(to, from, bytes)
#define METAL_INFINITY __int_as_float(0x7f800000)
#define METAL_NAN __int_as_float(0x7fc00000)

using uint = unsigned int;
using ushort = unsigned short;
using uchar = unsigned char;
using ulong = unsigned long;
using bfloat = __nv_bfloat16;
using bfloat16_t = __nv_bfloat16;
using float16_t = __half;

#include "../common/metal_math.h"

namespace metal {

// CUDA's own float4 and friends have no operators: Metal's stand under the same words from here on.
#define METAL_VECTORS(name, type)       \
  using metal_##name##2 = vec<type, 2>; \
  using metal_##name##3 = vec<type, 3>; \
  using metal_##name##4 = vec<type, 4>;
METAL_VECTOR_TYPES(METAL_VECTORS)
#undef METAL_VECTORS
#define METAL_PACKED(name, type)                \
  using packed_##name##2 = packed_vec<type, 2>; \
  using packed_##name##3 = packed_vec<type, 3>; \
  using packed_##name##4 = packed_vec<type, 4>;
METAL_NUMBER_TYPES(METAL_PACKED)
#undef METAL_PACKED
#define float2 metal_float2
#define float3 metal_float3
#define float4 metal_float4
#define half2 metal_half2
#define half3 metal_half3
#define half4 metal_half4
#define bfloat2 metal_bfloat2
#define bfloat3 metal_bfloat3
#define bfloat4 metal_bfloat4
#define int2 metal_int2
#define int3 metal_int3
#define int4 metal_int4
#define uint2 metal_uint2
#define uint3 metal_uint3
#define uint4 metal_uint4
#define short2 metal_short2
#define short3 metal_short3
#define short4 metal_short4
#define ushort2 metal_ushort2
#define ushort3 metal_ushort3
#define ushort4 metal_ushort4
#define char2 metal_char2
#define char3 metal_char3
#define char4 metal_char4
#define uchar2 metal_uchar2
#define uchar3 metal_uchar3
#define uchar4 metal_uchar4
#define long2 metal_long2
#define long3 metal_long3
#define long4 metal_long4
#define ulong2 metal_ulong2
#define ulong3 metal_ulong3
#define ulong4 metal_ulong4
#define bool2 metal_bool2
#define bool3 metal_bool3
#define bool4 metal_bool4

enum mem_flags { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4 };

// __syncthreads orders shared and global memory for the block, whatever the flags ask for.
METAL_FUNC void threadgroup_barrier(mem_flags) { __syncthreads(); }
// All threads of a SIMD group reach it; those that a short last group lacks count as gone.
METAL_FUNC void simdgroup_barrier(mem_flags) { __syncwarp(); }

}  // namespace metal

using namespace metal;

namespace tinyllm {

METAL_FUNC uint3 triple(uint x, uint y, uint z) { return uint3(x, y, z); }
METAL_FUNC uint3 thread_position_in_threadgroup() { return triple(threadIdx.x, threadIdx.y, threadIdx.z); }
METAL_FUNC uint3 threadgroup_position_in_grid() { return triple(blockIdx.x, blockIdx.y, blockIdx.z); }
METAL_FUNC uint3 threads_per_threadgroup() { return triple(blockDim.x, blockDim.y, blockDim.z); }
METAL_FUNC uint3 dispatch_threads_per_threadgroup() { return threads_per_threadgroup(); }
METAL_FUNC uint3 threadgroups_per_grid() { return triple(gridDim.x, gridDim.y, gridDim.z); }
METAL_FUNC uint3 thread_position_in_grid() {
  return triple(blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y * blockDim.y + threadIdx.y, blockIdx.z * blockDim.z + threadIdx.z);
}
METAL_FUNC uint3 threads_per_grid() { return triple(gridDim.x * blockDim.x, gridDim.y * blockDim.y, gridDim.z * blockDim.z); }
METAL_FUNC uint thread_index_in_threadgroup() { return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z); }
METAL_FUNC uint thread_index_in_simdgroup() { return thread_index_in_threadgroup() % 32; }
METAL_FUNC uint simdgroup_index_in_threadgroup() { return thread_index_in_threadgroup() / 32; }
METAL_FUNC uint simdgroups_per_threadgroup() { return (blockDim.x * blockDim.y * blockDim.z + 31) / 32; }
METAL_FUNC uint thread_index_in_quadgroup() { return thread_index_in_threadgroup() % 4; }
METAL_FUNC uint quadgroup_index_in_threadgroup() { return thread_index_in_threadgroup() / 4; }
METAL_FUNC uint quadgroups_per_threadgroup() { return (blockDim.x * blockDim.y * blockDim.z + 3) / 4; }
METAL_FUNC uint dispatch_quadgroups_per_threadgroup() { return quadgroups_per_threadgroup(); }
METAL_FUNC uint dispatch_simdgroups_per_threadgroup() { return simdgroups_per_threadgroup(); }
METAL_FUNC uint3 grid_size() { return threads_per_grid(); }
METAL_FUNC uint3 grid_origin() { return triple(0, 0, 0); }
METAL_FUNC uint threads_per_simdgroup() { return 32; }
METAL_FUNC uint thread_execution_width() { return 32; }

constexpr unsigned all_lanes = 0xffffffffu;

// Any value of up to 16 bytes from another lane, word by word; the lanes of the mask meet here.
template <class T>
METAL_FUNC T from_lane(T v, uint lane, unsigned mask = __activemask()) {
  constexpr int words = (sizeof(T) + 3) / 4;
  unsigned bits[words] = {};
  METAL_COPY(bits, &v, sizeof(T));
  for (int i = 0; i < words; ++i) {
    bits[i] = __shfl_sync(mask, bits[i], int(lane));
  }
  METAL_COPY(&v, bits, sizeof(T));
  return v;
}

// Where all lanes take part, halving steps; else one lane after another. Width 4 is a quad.
template <class Op, int Width, class T>
METAL_FUNC T reduce(T v) {
  unsigned active = __activemask(), lane = thread_index_in_simdgroup();
  if (active == all_lanes) {
    for (unsigned step = Width / 2; step > 0; step /= 2) {
      v = Op::apply(v, from_lane(v, lane ^ step, all_lanes));
    }
    return v;
  }
  unsigned first = lane / Width * Width;
  T result = v;
  bool some = false;
  for (unsigned i = first; i < first + Width; ++i) {
    if ((active >> i) & 1u) {
      T other = from_lane(v, i, active);
      result = some ? Op::apply(result, other) : other;
      some = true;
    }
  }
  return result;
}

template <class Op, bool Inclusive, class T>
METAL_FUNC T prefix(T v, T zero) {
  unsigned active = __activemask(), lane = thread_index_in_simdgroup();
  T result = zero;
  for (unsigned i = 0; i < 32; ++i) {
    if ((active >> i) & 1u) {
      T other = from_lane(v, i, active);
      if (i < lane || (Inclusive && i == lane)) {
        result = Op::apply(result, other);
      }
    }
  }
  return result;
}

#define TINYLLM_OP(name, expression) \
  struct name {                      \
    template <class T>               \
    METAL_FUNC static T apply(T a, T b) { return T(expression); } \
  };
TINYLLM_OP(Sum, a + b)
TINYLLM_OP(Product, a * b)
TINYLLM_OP(Largest, metal::max(a, b))
TINYLLM_OP(Smallest, metal::min(a, b))
TINYLLM_OP(And, a & b)
TINYLLM_OP(Or, a | b)
TINYLLM_OP(Xor, a ^ b)
#undef TINYLLM_OP

METAL_FUNC unsigned matrix_row(unsigned lane) { return ((lane >> 2) & 4u) + ((lane >> 1) & 3u); }
METAL_FUNC unsigned matrix_column(unsigned lane) { return ((lane >> 1) & 4u) + (lane & 1u) * 2u; }
METAL_FUNC unsigned matrix_lane(unsigned row, unsigned column) {
  return (row >> 2) << 4 | (column >> 2) << 3 | (row & 3u) << 1 | ((column >> 1) & 1u);
}

}  // namespace tinyllm

namespace metal {

#define METAL_REDUCTION(name, op)                                                       \
  template <class T>                                                                    \
  METAL_FUNC T simd_##name(T v) { return tinyllm::reduce<tinyllm::op, 32>(v); }         \
  template <class T>                                                                    \
  METAL_FUNC T quad_##name(T v) { return tinyllm::reduce<tinyllm::op, 4>(v); }
METAL_REDUCTION(sum, Sum)
METAL_REDUCTION(product, Product)
METAL_REDUCTION(max, Largest)
METAL_REDUCTION(min, Smallest)
METAL_REDUCTION(and, And)
METAL_REDUCTION(or, Or)
METAL_REDUCTION(xor, Xor)
#undef METAL_REDUCTION

template <class T>
METAL_FUNC T simd_prefix_inclusive_sum(T v) { return tinyllm::prefix<tinyllm::Sum, true>(v, T(0)); }
template <class T>
METAL_FUNC T simd_prefix_exclusive_sum(T v) { return tinyllm::prefix<tinyllm::Sum, false>(v, T(0)); }
template <class T>
METAL_FUNC T simd_prefix_inclusive_product(T v) { return tinyllm::prefix<tinyllm::Product, true>(v, T(1)); }
template <class T>
METAL_FUNC T simd_prefix_exclusive_product(T v) { return tinyllm::prefix<tinyllm::Product, false>(v, T(1)); }

template <class T>
METAL_FUNC T simd_shuffle(T v, ushort lane) { return tinyllm::from_lane(v, lane); }
template <class T>
METAL_FUNC T simd_broadcast(T v, ushort lane) { return tinyllm::from_lane(v, lane); }
template <class T>
METAL_FUNC T simd_shuffle_xor(T v, ushort mask) { return tinyllm::from_lane(v, tinyllm::thread_index_in_simdgroup() ^ mask); }
template <class T>
METAL_FUNC T simd_shuffle_up(T v, ushort delta) {
  uint lane = tinyllm::thread_index_in_simdgroup();
  return tinyllm::from_lane(v, lane >= delta ? lane - delta : lane);
}
template <class T>
METAL_FUNC T simd_shuffle_down(T v, ushort delta) {
  uint lane = tinyllm::thread_index_in_simdgroup();
  return tinyllm::from_lane(v, lane + delta < 32 ? lane + delta : lane);
}
template <class T>
METAL_FUNC T simd_shuffle_rotate_up(T v, ushort delta) {
  return tinyllm::from_lane(v, (tinyllm::thread_index_in_simdgroup() + 32 - delta % 32) % 32);
}
template <class T>
METAL_FUNC T simd_shuffle_rotate_down(T v, ushort delta) {
  return tinyllm::from_lane(v, (tinyllm::thread_index_in_simdgroup() + delta) % 32);
}
template <class T>
METAL_FUNC T quad_shuffle_xor(T v, ushort mask) {
  return tinyllm::from_lane(v, tinyllm::thread_index_in_simdgroup() ^ (mask & 3));
}
template <class T>
METAL_FUNC T quad_broadcast(T v, ushort lane) {
  return tinyllm::from_lane(v, (tinyllm::thread_index_in_simdgroup() & ~3u) + lane);
}
template <class T>
METAL_FUNC T simd_broadcast_first(T v) { return tinyllm::from_lane(v, uint(__ffs(int(__activemask())) - 1)); }
METAL_FUNC bool simd_all(bool v) { return __all_sync(__activemask(), v) != 0; }
METAL_FUNC bool simd_any(bool v) { return __any_sync(__activemask(), v) != 0; }
METAL_FUNC bool simd_is_first() { return uint(__ffs(int(__activemask())) - 1) == tinyllm::thread_index_in_simdgroup(); }

class simd_vote {
 public:
  using vote_t = ulong;
  METAL_FUNC explicit simd_vote(vote_t bits) : bits_(bits) {}
  METAL_FUNC explicit operator vote_t() const { return bits_; }
  METAL_FUNC bool all() const { return bits_ == 0xffffffffu; }
  METAL_FUNC bool any() const { return bits_ != 0; }

 private:
  vote_t bits_;
};
METAL_FUNC simd_vote simd_ballot(bool v) { return simd_vote(__ballot_sync(__activemask(), v)); }
METAL_FUNC simd_vote simd_active_threads_mask() { return simd_vote(__activemask()); }

template <class T, int Rows, int Columns>
struct simdgroup_matrix {
  static_assert(Rows == 8 && Columns == 8, "a simdgroup_matrix is 8 x 8");
  vec<T, 2> elements;
  simdgroup_matrix() = default;
  METAL_FUNC explicit simdgroup_matrix(T diagonal) {
    uint lane = tinyllm::thread_index_in_simdgroup(), row = tinyllm::matrix_row(lane), column = tinyllm::matrix_column(lane);
    elements.x = row == column ? diagonal : T(0.0f);
    elements.y = row == column + 1 ? diagonal : T(0.0f);
  }
  METAL_FUNC vec<T, 2>& thread_elements() { return elements; }
};
using simdgroup_float8x8 = simdgroup_matrix<float, 8, 8>;
using simdgroup_half8x8 = simdgroup_matrix<half, 8, 8>;
using simdgroup_bfloat8x8 = simdgroup_matrix<bfloat, 8, 8>;

template <class T, int Rows, int Columns>
METAL_FUNC simdgroup_matrix<T, Rows, Columns> make_filled_simdgroup_matrix(T value) {
  simdgroup_matrix<T, Rows, Columns> m;
  m.elements = vec<T, 2>(value, value);
  return m;
}

template <class T>
METAL_FUNC void simdgroup_load(simdgroup_matrix<T, 8, 8>& m, const T* from, ulong stride = 8, ulong2 origin = ulong2(0ul),
                               bool transposed = false) {
  uint lane = tinyllm::thread_index_in_simdgroup();
  ulong row = tinyllm::matrix_row(lane), column = tinyllm::matrix_column(lane);
  const T* start = from + origin.y * stride + origin.x;
  m.elements.x = transposed ? start[column * stride + row] : start[row * stride + column];
  m.elements.y = transposed ? start[(column + 1) * stride + row] : start[row * stride + column + 1];
}

template <class T>
METAL_FUNC void simdgroup_store(const simdgroup_matrix<T, 8, 8>& m, T* to, ulong stride = 8, ulong2 origin = ulong2(0ul),
                                bool transposed = false) {
  uint lane = tinyllm::thread_index_in_simdgroup();
  ulong row = tinyllm::matrix_row(lane), column = tinyllm::matrix_column(lane);
  T* start = to + origin.y * stride + origin.x;
  start[transposed ? column * stride + row : row * stride + column] = m.elements.x;
  start[transposed ? (column + 1) * stride + row : row * stride + column + 1] = m.elements.y;
}

// By shuffles: right, and no measure of what a tensor core does. All lanes take part, as Metal asks for.
template <class D, class A, class B, class C>
METAL_FUNC void simdgroup_multiply_accumulate(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a,
                                              const simdgroup_matrix<B, 8, 8>& b, const simdgroup_matrix<C, 8, 8>& c) {
  uint lane = tinyllm::thread_index_in_simdgroup(), row = tinyllm::matrix_row(lane), column = tinyllm::matrix_column(lane);
  float x = float(a.elements.x), y = float(a.elements.y), s = 0.0f, t = 0.0f;
  float bx = float(b.elements.x), by = float(b.elements.y);
  for (uint k = 0; k < 8; ++k) {
    float left = __shfl_sync(tinyllm::all_lanes, k % 2 == 0 ? x : y, int(tinyllm::matrix_lane(row, k)));
    s += left * __shfl_sync(tinyllm::all_lanes, bx, int(tinyllm::matrix_lane(k, column)));
    t += left * __shfl_sync(tinyllm::all_lanes, by, int(tinyllm::matrix_lane(k, column)));
  }
  d.elements.x = D(float(c.elements.x) + s);
  d.elements.y = D(float(c.elements.y) + t);
}

template <class D, class A, class B>
METAL_FUNC void simdgroup_multiply(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a,
                                   const simdgroup_matrix<B, 8, 8>& b) {
  simdgroup_matrix<D, 8, 8> zero = make_filled_simdgroup_matrix<D, 8, 8>(D(0.0f));
  simdgroup_multiply_accumulate(d, a, b, zero);
}

enum memory_order { memory_order_relaxed };
template <class T>
struct atomic { T value; };
using atomic_uint = atomic<uint>;
using atomic_int = atomic<int>;
using atomic_float = atomic<float>;

template <class T>
METAL_FUNC T atomic_load_explicit(const atomic<T>* object, memory_order) { return *(const volatile T*)&object->value; }
template <class T>
METAL_FUNC void atomic_store_explicit(atomic<T>* object, typename identity<T>::type v, memory_order) { atomicExch(&object->value, v); }
template <class T>
METAL_FUNC T atomic_exchange_explicit(atomic<T>* object, typename identity<T>::type v, memory_order) { return atomicExch(&object->value, v); }
template <class T>
METAL_FUNC bool atomic_compare_exchange_weak_explicit(atomic<T>* object, T* expected, typename identity<T>::type v, memory_order,
                                                      memory_order) {
  T old = atomicCAS(&object->value, *expected, v);
  bool same_value = old == *expected;
  *expected = old;
  return same_value;
}
#define METAL_FETCH(name, function)                                                                       \
  template <class T>                                                                                      \
  METAL_FUNC T atomic_fetch_##name##_explicit(atomic<T>* object, typename identity<T>::type v, memory_order) { \
    return function(&object->value, v);                                                                   \
  }
METAL_FETCH(add, atomicAdd)
METAL_FETCH(sub, atomicSub)
METAL_FETCH(max, atomicMax)
METAL_FETCH(min, atomicMin)
METAL_FETCH(and, atomicAnd)
METAL_FETCH(or, atomicOr)
METAL_FETCH(xor, atomicXor)
#undef METAL_FETCH

}  // namespace metal

#define TINYLLM_THREADGROUP(name, line, ...)                                              \
  __shared__ __align__(16) unsigned char name##_bytes[sizeof(__VA_ARGS__)];               \
  metal::identity<__VA_ARGS__>::type& name = *reinterpret_cast<metal::identity<__VA_ARGS__>::type*>(name##_bytes)
