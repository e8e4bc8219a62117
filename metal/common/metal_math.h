// Metal's mathematical functions, for C++ and CUDA: one template for scalars, half, bfloat and vectors of them.
// A host defines METAL_FUNC, METAL_LIBM(name), METAL_INFINITY, METAL_NAN, half and bfloat before this header.
#pragma once

#include "metal_constants.h"
#include "metal_types.h"
#include "metal_vectors.h"

namespace metal {

template <class T>
struct is_small_float { static constexpr bool value = same<T, half>::value || same<T, bfloat>::value; };

// What a function of real numbers gives for T: itself for the floating types, float for integers.
template <class T, bool SmallFloat = is_small_float<T>::value>
struct real { using type = float; };
template <class T>
struct real<T, true> { using type = T; };
template <class T, int N>
struct real<vec<T, N>, false> { using type = vec<typename real<T>::type, N>; };

#define METAL_REAL_FUNCTION(name, expression)                                  \
  namespace detail {                                                           \
  METAL_FUNC float name##_of(float x) { return expression; }                   \
  }                                                                            \
  template <class T>                                                           \
  METAL_FUNC typename real<T>::type name(const T& v) {                         \
    using R = typename real<T>::type;                                          \
    if constexpr (lanes<T>::count == 1) {                                      \
      return R(detail::name##_of(float(v)));                                   \
    } else {                                                                   \
      R r;                                                                     \
      for (int i = 0; i < lanes<T>::count; ++i) {                              \
        r.at[i] = typename lanes<R>::element(detail::name##_of(float(v.at[i]))); \
      }                                                                        \
      return r;                                                                \
    }                                                                          \
  }

METAL_REAL_FUNCTION(exp, METAL_LIBM(expf)(x))
METAL_REAL_FUNCTION(exp2, METAL_LIBM(exp2f)(x))
METAL_REAL_FUNCTION(exp10, METAL_LIBM(powf)(10.0f, x))
METAL_REAL_FUNCTION(log, METAL_LIBM(logf)(x))
METAL_REAL_FUNCTION(log2, METAL_LIBM(log2f)(x))
METAL_REAL_FUNCTION(log10, METAL_LIBM(log10f)(x))
METAL_REAL_FUNCTION(sqrt, METAL_LIBM(sqrtf)(x))
METAL_REAL_FUNCTION(rsqrt, 1.0f / METAL_LIBM(sqrtf)(x))
METAL_REAL_FUNCTION(sin, METAL_LIBM(sinf)(x))
METAL_REAL_FUNCTION(cos, METAL_LIBM(cosf)(x))
METAL_REAL_FUNCTION(tan, METAL_LIBM(tanf)(x))
METAL_REAL_FUNCTION(sinh, METAL_LIBM(sinhf)(x))
METAL_REAL_FUNCTION(cosh, METAL_LIBM(coshf)(x))
METAL_REAL_FUNCTION(tanh, METAL_LIBM(tanhf)(x))
METAL_REAL_FUNCTION(asin, METAL_LIBM(asinf)(x))
METAL_REAL_FUNCTION(acos, METAL_LIBM(acosf)(x))
METAL_REAL_FUNCTION(atan, METAL_LIBM(atanf)(x))
METAL_REAL_FUNCTION(floor, METAL_LIBM(floorf)(x))
METAL_REAL_FUNCTION(ceil, METAL_LIBM(ceilf)(x))
METAL_REAL_FUNCTION(round, METAL_LIBM(roundf)(x))
METAL_REAL_FUNCTION(rint, METAL_LIBM(rintf)(x))
METAL_REAL_FUNCTION(trunc, METAL_LIBM(truncf)(x))
METAL_REAL_FUNCTION(fract, METAL_LIBM(fminf)(x - METAL_LIBM(floorf)(x), 0.99999994f))
METAL_REAL_FUNCTION(fabs, METAL_LIBM(fabsf)(x))
METAL_REAL_FUNCTION(sign, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
#undef METAL_REAL_FUNCTION

#define METAL_REAL_FUNCTION_2(name, expression)                                                          \
  namespace detail {                                                                                     \
  METAL_FUNC float name##_of(float x, float y) { return expression; }                                    \
  }                                                                                                      \
  template <class T>                                                                                     \
  METAL_FUNC typename real<T>::type name(const T& a, const typename identity<T>::type& b) {              \
    using R = typename real<T>::type;                                                                    \
    if constexpr (lanes<T>::count == 1) {                                                                \
      return R(detail::name##_of(float(a), float(b)));                                                   \
    } else {                                                                                             \
      R r;                                                                                               \
      for (int i = 0; i < lanes<T>::count; ++i) {                                                        \
        r.at[i] = typename lanes<R>::element(detail::name##_of(float(a.at[i]), float(b.at[i])));         \
      }                                                                                                  \
      return r;                                                                                          \
    }                                                                                                    \
  }

METAL_REAL_FUNCTION_2(pow, METAL_LIBM(powf)(x, y))
METAL_REAL_FUNCTION_2(powr, METAL_LIBM(powf)(x, y))
METAL_REAL_FUNCTION_2(fmod, METAL_LIBM(fmodf)(x, y))
METAL_REAL_FUNCTION_2(atan2, METAL_LIBM(atan2f)(x, y))
METAL_REAL_FUNCTION_2(fmax, METAL_LIBM(fmaxf)(x, y))
METAL_REAL_FUNCTION_2(fmin, METAL_LIBM(fminf)(x, y))
#undef METAL_REAL_FUNCTION_2

// max and min of floating numbers give the other number where one is NaN, as Metal's do; both sides have one type there.
template <class T>
METAL_FUNC T max(T a, T b) {
  if constexpr (lanes<T>::count > 1) {
    T r;
    for (int i = 0; i < lanes<T>::count; ++i) r.at[i] = metal::max(a.at[i], b.at[i]);
    return r;
  } else if constexpr (same<T, float>::value || is_small_float<T>::value) {
    return T(METAL_LIBM(fmaxf)(float(a), float(b)));
  } else {
    return a < b ? b : a;
  }
}

template <class T>
METAL_FUNC T min(T a, T b) {
  if constexpr (lanes<T>::count > 1) {
    T r;
    for (int i = 0; i < lanes<T>::count; ++i) r.at[i] = metal::min(a.at[i], b.at[i]);
    return r;
  } else if constexpr (same<T, float>::value || is_small_float<T>::value) {
    return T(METAL_LIBM(fminf)(float(a), float(b)));
  } else {
    return b < a ? b : a;
  }
}

template <class T>
METAL_FUNC T max3(T a, T b, T c) { return metal::max(metal::max(a, b), c); }
template <class T>
METAL_FUNC T min3(T a, T b, T c) { return metal::min(metal::min(a, b), c); }

template <class T>
METAL_FUNC T abs(T v) {
  if constexpr (lanes<T>::count > 1) {
    T r;
    for (int i = 0; i < lanes<T>::count; ++i) r.at[i] = metal::abs(v.at[i]);
    return r;
  } else {
    return v < T(0) ? T(-v) : v == T(0) ? T(0) : v;
  }
}

template <class T>
METAL_FUNC T clamp(T v, typename identity<T>::type low, typename identity<T>::type high) {
  return metal::min(metal::max(v, low), high);
}

template <class T>
METAL_FUNC T saturate(T v) { return metal::clamp(v, T(0.0f), T(1.0f)); }

template <class T>
METAL_FUNC T mix(T a, typename identity<T>::type b, typename identity<T>::type t) { return T(a + (b - a) * t); }

METAL_FUNC float fma(float a, float b, float c) { return METAL_LIBM(fmaf)(a, b, c); }

template <class T, int N>
METAL_FUNC vec<T, N> fma(const vec<T, N>& a, const vec<T, N>& b, const vec<T, N>& c) {
  vec<T, N> r;
  for (int i = 0; i < N; ++i) r.at[i] = T(METAL_LIBM(fmaf)(float(a.at[i]), float(b.at[i]), float(c.at[i])));
  return r;
}

template <class T>
METAL_FUNC T select(T no, T yes, bool condition) { return condition ? yes : no; }

template <class T, int N>
METAL_FUNC vec<T, N> select(vec<T, N> no, vec<T, N> yes, vec<bool, N> condition) {
  for (int i = 0; i < N; ++i) no.at[i] = condition.at[i] ? yes.at[i] : no.at[i];
  return no;
}

template <class T, int N>
METAL_FUNC float length(const vec<T, N>& v) { return METAL_LIBM(sqrtf)(float(dot(v, v))); }

METAL_FUNC bool isnan(float x) { return x != x; }
METAL_FUNC bool isinf(float x) { return METAL_LIBM(fabsf)(x) > FLT_MAX; }
METAL_FUNC bool isfinite(float x) { return METAL_LIBM(fabsf)(x) <= FLT_MAX; }

template <class To, class From>
METAL_FUNC To as_type(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs two types of the same size");
  To to;
  METAL_COPY(&to, &from, sizeof(To));
  return to;
}

METAL_FUNC unsigned popcount(unsigned x) {
  unsigned n = 0;
  for (; x != 0; x &= x - 1) ++n;
  return n;
}
METAL_FUNC unsigned clz(unsigned x) {
  unsigned n = 32;
  for (; x != 0; x >>= 1) --n;
  return n;
}
METAL_FUNC unsigned ctz(unsigned x) { return x == 0 ? 32 : 31 - clz(x & (0u - x)); }
METAL_FUNC unsigned extract_bits(unsigned x, unsigned offset, unsigned bits) {
  return bits == 0 ? 0 : (x >> offset) & (0xffffffffu >> (32 - bits));
}

template <class T>
struct numeric_limits;
template <>
struct numeric_limits<float> {
  METAL_FUNC static float infinity() { return INFINITY; }
  METAL_FUNC static constexpr float max() { return FLT_MAX; }
  METAL_FUNC static constexpr float lowest() { return -FLT_MAX; }
  METAL_FUNC static constexpr float min() { return FLT_MIN; }
  METAL_FUNC static float quiet_NaN() { return NAN; }
};
template <>
struct numeric_limits<int> {
  METAL_FUNC static constexpr int max() { return 0x7fffffff; }
  METAL_FUNC static constexpr int min() { return -0x7fffffff - 1; }
};
template <>
struct numeric_limits<unsigned> {
  METAL_FUNC static constexpr unsigned max() { return 0xffffffffu; }
  METAL_FUNC static constexpr unsigned min() { return 0u; }
};

// The precision is one and the same here.
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

}  // namespace metal
