// Metal's types and functions for clang, with its address spaces as types: a pointer into threadgroup memory is no pointer into
// device memory, and a pointer without an address space is a thread's own. Declarations only; nothing here ever runs.
#pragma once

#define device __attribute__((address_space(1)))
#define constant __attribute__((address_space(2)))
#define threadgroup __attribute__((address_space(3)))
#define thread
#define METAL_FUNC inline

typedef unsigned int uint;
typedef unsigned short ushort;
typedef unsigned char uchar;
typedef unsigned long ulong;
typedef unsigned long size_t;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef _Float16 half;
typedef __bf16 bfloat;
typedef bfloat bfloat16_t;
typedef half float16_t;
typedef float float32_t;

#define METAL_INFINITY __builtin_inff()
#define METAL_NAN __builtin_nanf("")
#include "../common/metal_constants.h"
#include "../common/metal_types.h"

#define METAL_VECTORS(name, type)                           \
  typedef type name##2 __attribute__((ext_vector_type(2))); \
  typedef type name##3 __attribute__((ext_vector_type(3))); \
  typedef type name##4 __attribute__((ext_vector_type(4)));
METAL_VECTOR_TYPES(METAL_VECTORS)
#undef METAL_VECTORS
#define METAL_PACKED(name, type)     \
  typedef name##2 packed_##name##2; \
  typedef name##3 packed_##name##3; \
  typedef name##4 packed_##name##4;
METAL_NUMBER_TYPES(METAL_PACKED)
#undef METAL_PACKED

namespace metal {

template <class T>
struct identity { typedef T type; };

template <class T, int N>
struct vec_of;
#define METAL_VEC(name, type)                      \
  template <>                                      \
  struct vec_of<type, 2> { typedef name##2 type_; }; \
  template <>                                      \
  struct vec_of<type, 3> { typedef name##3 type_; }; \
  template <>                                      \
  struct vec_of<type, 4> { typedef name##4 type_; };
METAL_VECTOR_TYPES(METAL_VEC)
#undef METAL_VEC
template <class T, int N>
using vec = typename vec_of<T, N>::type_;

enum mem_flags { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4 };
void threadgroup_barrier(mem_flags flags);
void simdgroup_barrier(mem_flags flags);

// Of real numbers: an integer becomes a float.
#define METAL_REAL(name)                                 \
  template <class T>                                     \
  T name(T v);                                           \
  inline float name(int v) { return float(v); }          \
  inline float name(uint v) { return float(v); }
METAL_REAL(exp)
METAL_REAL(exp2)
METAL_REAL(exp10)
METAL_REAL(log)
METAL_REAL(log2)
METAL_REAL(log10)
METAL_REAL(sqrt)
METAL_REAL(rsqrt)
METAL_REAL(sin)
METAL_REAL(cos)
METAL_REAL(tan)
METAL_REAL(sinh)
METAL_REAL(cosh)
METAL_REAL(tanh)
METAL_REAL(asin)
METAL_REAL(acos)
METAL_REAL(atan)
METAL_REAL(floor)
METAL_REAL(ceil)
METAL_REAL(round)
METAL_REAL(rint)
METAL_REAL(trunc)
METAL_REAL(fract)
METAL_REAL(fabs)
METAL_REAL(sign)
#undef METAL_REAL
#define METAL_TWO(name) \
  template <class T>    \
  T name(T a, T b);
METAL_TWO(max)
METAL_TWO(min)
METAL_TWO(pow)
METAL_TWO(powr)
METAL_TWO(fmod)
METAL_TWO(atan2)
METAL_TWO(fmax)
METAL_TWO(fmin)
#undef METAL_TWO
template <class T> T max3(T a, T b, T c);
template <class T> T min3(T a, T b, T c);
template <class T> T abs(T v);
template <class T> T clamp(T v, typename identity<T>::type low, typename identity<T>::type high);
template <class T> T saturate(T v);
template <class T> T mix(T a, typename identity<T>::type b, typename identity<T>::type t);
template <class T> T fma(T a, typename identity<T>::type b, typename identity<T>::type c);
template <class T> T select(T no, T yes, bool condition);
template <class V> auto dot(V a, V b) -> decltype(a.x);
template <class V> auto length(V v) -> decltype(v.x);
bool isnan(float x);
bool isinf(float x);
bool isfinite(float x);
template <class V> bool all(V v);
template <class V> bool any(V v);
template <class To, class From> To as_type(From from);
uint popcount(uint x);
uint clz(uint x);
uint ctz(uint x);
uint extract_bits(uint x, uint offset, uint bits);

template <class T>
struct numeric_limits {
  static constexpr T infinity();
  static constexpr T max();
  static constexpr T min();
  static constexpr T lowest();
  static constexpr T quiet_NaN();
};

namespace precise {
using metal::cos;
using metal::exp;
using metal::exp2;
using metal::log;
using metal::pow;
using metal::rsqrt;
using metal::sin;
using metal::sqrt;
using metal::tanh;
}  // namespace precise
namespace fast {
using namespace metal::precise;
}

#define METAL_SIMD(name) \
  template <class T>     \
  T simd_##name(T v);    \
  template <class T>     \
  T quad_##name(T v);
METAL_SIMD(sum)
METAL_SIMD(product)
METAL_SIMD(max)
METAL_SIMD(min)
METAL_SIMD(and)
METAL_SIMD(or)
METAL_SIMD(xor)
METAL_SIMD(prefix_inclusive_sum)
METAL_SIMD(prefix_exclusive_sum)
METAL_SIMD(prefix_inclusive_product)
METAL_SIMD(prefix_exclusive_product)
METAL_SIMD(broadcast_first)
#undef METAL_SIMD
#define METAL_SHUFFLE(name) \
  template <class T>        \
  T name(T v, ushort lane);
METAL_SHUFFLE(simd_shuffle)
METAL_SHUFFLE(simd_broadcast)
METAL_SHUFFLE(simd_shuffle_xor)
METAL_SHUFFLE(simd_shuffle_up)
METAL_SHUFFLE(simd_shuffle_down)
METAL_SHUFFLE(simd_shuffle_rotate_up)
METAL_SHUFFLE(simd_shuffle_rotate_down)
METAL_SHUFFLE(quad_shuffle_xor)
METAL_SHUFFLE(quad_broadcast)
#undef METAL_SHUFFLE
bool simd_all(bool v);
bool simd_any(bool v);
bool simd_is_first();
struct simd_vote {
  typedef ulong vote_t;
  explicit operator vote_t() const;
  bool all() const;
  bool any() const;
};
simd_vote simd_ballot(bool v);
simd_vote simd_active_threads_mask();

template <class T, int Rows, int Columns>
struct simdgroup_matrix {
  simdgroup_matrix();
  explicit simdgroup_matrix(T diagonal);
  vec<T, 2>& thread_elements();
};
typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
typedef simdgroup_matrix<half, 8, 8> simdgroup_half8x8;
typedef simdgroup_matrix<bfloat, 8, 8> simdgroup_bfloat8x8;
template <class T, int R, int C>
simdgroup_matrix<T, R, C> make_filled_simdgroup_matrix(T value);
#define METAL_MATRIX_IN(space)                                                                                     \
  template <class T>                                                                                               \
  void simdgroup_load(simdgroup_matrix<T, 8, 8>& m, const space T* from, ulong stride = 8, ulong2 origin = 0,      \
                      bool transposed = false);                                                                    \
  template <class T>                                                                                               \
  void simdgroup_store(const simdgroup_matrix<T, 8, 8>& m, space T* to, ulong stride = 8, ulong2 origin = 0,       \
                       bool transposed = false);
METAL_MATRIX_IN(device)
METAL_MATRIX_IN(threadgroup)
#undef METAL_MATRIX_IN
template <class D, class A, class B, class C>
void simdgroup_multiply_accumulate(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a,
                                   const simdgroup_matrix<B, 8, 8>& b, const simdgroup_matrix<C, 8, 8>& c);
template <class D, class A, class B>
void simdgroup_multiply(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a, const simdgroup_matrix<B, 8, 8>& b);

enum memory_order { memory_order_relaxed };
template <class T>
struct atomic { T value; };
typedef atomic<uint> atomic_uint;
typedef atomic<int> atomic_int;
typedef atomic<float> atomic_float;
typedef atomic<bool> atomic_bool;
#define METAL_ATOMIC_IN(space)                                                                              \
  template <class T>                                                                                        \
  T atomic_load_explicit(const space atomic<T>* object, memory_order);                                      \
  template <class T>                                                                                        \
  void atomic_store_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);          \
  template <class T>                                                                                        \
  T atomic_exchange_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);          \
  template <class T>                                                                                        \
  bool atomic_compare_exchange_weak_explicit(space atomic<T>* object, T* expected, typename identity<T>::type v, \
                                             memory_order, memory_order);                                   \
  template <class T>                                                                                        \
  T atomic_fetch_add_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);         \
  template <class T>                                                                                        \
  T atomic_fetch_sub_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);         \
  template <class T>                                                                                        \
  T atomic_fetch_max_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);         \
  template <class T>                                                                                        \
  T atomic_fetch_min_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);         \
  template <class T>                                                                                        \
  T atomic_fetch_and_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);         \
  template <class T>                                                                                        \
  T atomic_fetch_or_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);          \
  template <class T>                                                                                        \
  T atomic_fetch_xor_explicit(space atomic<T>* object, typename identity<T>::type v, memory_order);
METAL_ATOMIC_IN(device)
METAL_ATOMIC_IN(threadgroup)
#undef METAL_ATOMIC_IN

}  // namespace metal

#define TINYLLM_THREADGROUP(name, line, ...) static threadgroup typename metal::identity<__VA_ARGS__>::type name

// clang has no constructors of vectors in C++: float4(1, 2, 3, 4) becomes a call, and the bare name stays the type.
namespace metal {
template <class V, class... Parts>
V vector(Parts... parts);
}
#define float2(...) metal::vector<float2>(__VA_ARGS__)
#define float3(...) metal::vector<float3>(__VA_ARGS__)
#define float4(...) metal::vector<float4>(__VA_ARGS__)
#define half2(...) metal::vector<half2>(__VA_ARGS__)
#define half3(...) metal::vector<half3>(__VA_ARGS__)
#define half4(...) metal::vector<half4>(__VA_ARGS__)
#define bfloat2(...) metal::vector<bfloat2>(__VA_ARGS__)
#define bfloat3(...) metal::vector<bfloat3>(__VA_ARGS__)
#define bfloat4(...) metal::vector<bfloat4>(__VA_ARGS__)
#define int2(...) metal::vector<int2>(__VA_ARGS__)
#define int3(...) metal::vector<int3>(__VA_ARGS__)
#define int4(...) metal::vector<int4>(__VA_ARGS__)
#define uint2(...) metal::vector<uint2>(__VA_ARGS__)
#define uint3(...) metal::vector<uint3>(__VA_ARGS__)
#define uint4(...) metal::vector<uint4>(__VA_ARGS__)
#define short2(...) metal::vector<short2>(__VA_ARGS__)
#define short3(...) metal::vector<short3>(__VA_ARGS__)
#define short4(...) metal::vector<short4>(__VA_ARGS__)
#define ushort2(...) metal::vector<ushort2>(__VA_ARGS__)
#define ushort3(...) metal::vector<ushort3>(__VA_ARGS__)
#define ushort4(...) metal::vector<ushort4>(__VA_ARGS__)
#define char2(...) metal::vector<char2>(__VA_ARGS__)
#define char3(...) metal::vector<char3>(__VA_ARGS__)
#define char4(...) metal::vector<char4>(__VA_ARGS__)
#define uchar2(...) metal::vector<uchar2>(__VA_ARGS__)
#define uchar3(...) metal::vector<uchar3>(__VA_ARGS__)
#define uchar4(...) metal::vector<uchar4>(__VA_ARGS__)
#define long2(...) metal::vector<long2>(__VA_ARGS__)
#define long3(...) metal::vector<long3>(__VA_ARGS__)
#define long4(...) metal::vector<long4>(__VA_ARGS__)
#define ulong2(...) metal::vector<ulong2>(__VA_ARGS__)
#define ulong3(...) metal::vector<ulong3>(__VA_ARGS__)
#define ulong4(...) metal::vector<ulong4>(__VA_ARGS__)
#define bool2(...) metal::vector<bool2>(__VA_ARGS__)
#define bool3(...) metal::vector<bool3>(__VA_ARGS__)
#define bool4(...) metal::vector<bool4>(__VA_ARGS__)

using namespace metal;
