// half and bfloat: two bytes in memory, computed in float.
#pragma once

#include <cstdint>

namespace tinyllm {

METAL_FUNC float bits_to_float(std::uint32_t bits) {
  float f;
  __builtin_memcpy(&f, &bits, 4);
  return f;
}
METAL_FUNC std::uint32_t float_to_bits(float f) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &f, 4);
  return bits;
}

inline float half_to_float(std::uint16_t h) {
  std::uint32_t sign = std::uint32_t(h & 0x8000u) << 16, exponent = (h >> 10) & 31u, fraction = h & 0x3ffu;
  if (exponent == 31) {
    return bits_to_float(sign | 0x7f800000u | (fraction << 13));
  }
  if (exponent != 0) {
    return bits_to_float(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  float small = float(fraction) * 5.9604644775390625e-8f;  // 2^-24
  return sign != 0 ? -small : small;
}

// To the nearest, halves to even.
inline std::uint16_t float_to_half(float f) {
  std::uint32_t bits = float_to_bits(f), sign = (bits >> 16) & 0x8000u, rest = bits & 0x7fffffffu;
  if (rest >= 0x7f800000u) {
    return std::uint16_t(sign | (rest > 0x7f800000u ? 0x7e00u : 0x7c00u));
  }
  if (rest >= 0x477ff000u) {
    return std::uint16_t(sign | 0x7c00u);
  }
  if (rest < 0x38800000u) {  // below the smallest normal number: the addition of 0.5 rounds at the last bit of a half
    std::uint32_t rounded = float_to_bits(bits_to_float(rest) + 0.5f) - float_to_bits(0.5f);
    return std::uint16_t(sign | rounded);
  }
  std::uint32_t odd = (rest >> 13) & 1u;
  return std::uint16_t(sign | ((rest + 0xfffu + odd - 0x38000000u) >> 13));
}

inline float bfloat_to_float(std::uint16_t b) { return bits_to_float(std::uint32_t(b) << 16); }

inline std::uint16_t float_to_bfloat(float f) {
  std::uint32_t bits = float_to_bits(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return std::uint16_t((bits >> 16) | 0x40u);
  }
  return std::uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

#define TINYLLM_SMALL_FLOAT(name, to_float, from_float)                                                     \
  struct name {                                                                                             \
    std::uint16_t bits;                                                                                     \
    name() = default;                                                                                       \
    METAL_FUNC constexpr name(std::uint16_t b, int) : bits(b) {}                                            \
    template <class T, decltype(float(T()))* = nullptr>                                                     \
    METAL_FUNC name(T v) : bits(from_float(float(v))) {}                                                    \
    METAL_FUNC operator float() const { return to_float(bits); }                                            \
    METAL_FUNC name& operator+=(float o) { return *this = name(float(*this) + o); }                         \
    METAL_FUNC name& operator-=(float o) { return *this = name(float(*this) - o); }                         \
    METAL_FUNC name& operator*=(float o) { return *this = name(float(*this) * o); }                         \
    METAL_FUNC name& operator/=(float o) { return *this = name(float(*this) / o); }                         \
  };

TINYLLM_SMALL_FLOAT(half, half_to_float, float_to_half)
TINYLLM_SMALL_FLOAT(bfloat, bfloat_to_float, float_to_bfloat)
#undef TINYLLM_SMALL_FLOAT

template <class T>
constexpr bool small_float = __is_same(T, half) || __is_same(T, bfloat);

// Two of a kind give that kind, as in Metal; with a float beside it the built-in operator computes in float.
#define TINYLLM_SMALL_OPERATOR(op)       \
  template <class T>                     \
    requires small_float<T>              \
  METAL_FUNC T operator op(T a, T b) {   \
    return T(float(a) op float(b));      \
  }
TINYLLM_SMALL_OPERATOR(+)
TINYLLM_SMALL_OPERATOR(-)
TINYLLM_SMALL_OPERATOR(*)
TINYLLM_SMALL_OPERATOR(/)
#undef TINYLLM_SMALL_OPERATOR

template <class T>
struct element_size {
  static constexpr std::size_t value = sizeof(T) % 4 == 0 ? 4 : sizeof(T) % 2 == 0 ? 2 : 1;
};
template <class T, std::size_t N>
struct element_size<T[N]> {
  static constexpr std::size_t value = element_size<T>::value;
};

}  // namespace tinyllm

using tinyllm::bfloat;
using tinyllm::half;
