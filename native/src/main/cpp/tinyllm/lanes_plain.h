// Sixteen lanes in plain C++: the form that every CPU runs, and what the other forms have to equal bit for bit.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

struct F { float v[16]; };
struct I { int32_t v[16]; };
struct B { uint8_t v[64]; };

#define TL_EACH(i) for (int i = 0; i < 16; i++)

inline F zero() { return F{}; }
inline F set1(float x) { F r; TL_EACH(i) r.v[i] = x; return r; }
inline F load(const float* p) { F r; std::memcpy(r.v, p, 64); return r; }
inline void store(float* p, F a) { std::memcpy(p, a.v, 64); }
inline F add(F a, F b) { TL_EACH(i) a.v[i] += b.v[i]; return a; }
inline F sub(F a, F b) { TL_EACH(i) a.v[i] -= b.v[i]; return a; }
inline F mul(F a, F b) { TL_EACH(i) a.v[i] *= b.v[i]; return a; }
inline F div(F a, F b) { TL_EACH(i) a.v[i] /= b.v[i]; return a; }
inline F fma(F a, F b, F c) { TL_EACH(i) c.v[i] = std::fma(a.v[i], b.v[i], c.v[i]); return c; }
/** The larger of each pair; b where one is no number. */
inline F max(F a, F b) { TL_EACH(i) b.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i]; return b; }
/** The smaller of each pair; b where one is no number. */
inline F min(F a, F b) { TL_EACH(i) b.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i]; return b; }
inline F abs(F a) { TL_EACH(i) a.v[i] = std::fabs(a.v[i]); return a; }
/** To the nearest whole number, ties to even. */
inline F rint(F a) { TL_EACH(i) a.v[i] = std::nearbyintf(a.v[i]); return a; }
/** a in the lanes below n, b in the others. */
inline F first(int n, F a, F b) { TL_EACH(i) a.v[i] = i < n ? a.v[i] : b.v[i]; return a; }
/** a where a equals b, else c. */
inline F same(F a, F b, F c) { TL_EACH(i) c.v[i] = a.v[i] == b.v[i] ? a.v[i] : c.v[i]; return c; }
/** c where a equals b, else a. */
inline F replace(F a, F b, F c) { TL_EACH(i) c.v[i] = a.v[i] == b.v[i] ? c.v[i] : a.v[i]; return c; }
/** 2^n for whole n from -127 (which gives 0) to 128 (infinity). */
inline F pow2(F n) {
  F r;
  TL_EACH(i) {
    uint32_t bits = static_cast<uint32_t>((n.v[i] == n.v[i] ? static_cast<int32_t>(n.v[i]) : 0) + 127) << 23;
    std::memcpy(&r.v[i], &bits, 4);
  }
  return r;
}

/** By halves: lanes i and i + 8, of these i and i + 4, and so on. Each step has its own loop, of a length that the compiler knows. */
inline float sum_of_lanes(F a) {
  for (int i = 0; i < 8; i++) a.v[i] += a.v[i + 8];
  for (int i = 0; i < 4; i++) a.v[i] += a.v[i + 4];
  return (a.v[0] + a.v[2]) + (a.v[1] + a.v[3]);
}
inline float larger(float a, float b) { return a > b ? a : b; }
inline float max_of_lanes(F a) {
  for (int i = 0; i < 8; i++) a.v[i] = larger(a.v[i], a.v[i + 8]);
  for (int i = 0; i < 4; i++) a.v[i] = larger(a.v[i], a.v[i + 4]);
  return larger(larger(a.v[0], a.v[2]), larger(a.v[1], a.v[3]));
}

inline I set1i(int32_t x) { I r; TL_EACH(i) r.v[i] = x; return r; }
inline F floats(I a) { F r; TL_EACH(i) r.v[i] = static_cast<float>(a.v[i]); return r; }
inline void store_bytes(int8_t* p, F a) { TL_EACH(i) p[i] = static_cast<int8_t>(static_cast<int32_t>(a.v[i])); }
inline F load_u8(const uint8_t* p) { F r; TL_EACH(i) r.v[i] = p[i]; return r; }
inline F load_s8(const int8_t* p) { F r; TL_EACH(i) r.v[i] = p[i]; return r; }

inline F load_half(const uint16_t* p) { F r; TL_EACH(i) r.v[i] = half_to_float(p[i]); return r; }
inline void store_half(uint16_t* p, F a) { TL_EACH(i) p[i] = float_to_half(a.v[i]); }
inline F load_bfloat(const uint16_t* p) {
  F r;
  TL_EACH(i) {
    uint32_t bits = static_cast<uint32_t>(p[i]) << 16;
    std::memcpy(&r.v[i], &bits, 4);
  }
  return r;
}

inline B bytes(const uint8_t* p) { B r; std::memcpy(r.v, p, 64); return r; }
inline B low4(B a) { for (auto& x : a.v) x &= 15; return a; }
inline B high4(B a) { for (auto& x : a.v) x >>= 4; return a; }
/** Adds 16 to the bytes whose bit is set in the 64 bits at p. */
inline B with5(B a, const uint8_t* p) {
  for (int i = 0; i < 64; i++) a.v[i] = static_cast<uint8_t>(a.v[i] | ((p[i / 8] >> (i % 8) & 1) << 4));
  return a;
}
/** Puts two bits of each byte of b, from bit `shift` on, above the four bits of a. */
inline B with6(B a, B b, int shift) {
  for (int i = 0; i < 64; i++) a.v[i] = static_cast<uint8_t>(a.v[i] | ((b.v[i] >> shift & 3) << 4));
  return a;
}
/** Adds the products of four neighbouring bytes of w with the four signed bytes of x, in each lane. */
template <int BITS>
inline I dot(I acc, B w, const int8_t* x) {
  TL_EACH(i) {
    acc.v[i] += w.v[4 * i] * x[0] + w.v[4 * i + 1] * x[1] + w.v[4 * i + 2] * x[2] + w.v[4 * i + 3] * x[3];
  }
  return acc;
}
inline void prefetch(const void*) {}
inline void prefetch_far(const void*) {}

} // namespace
