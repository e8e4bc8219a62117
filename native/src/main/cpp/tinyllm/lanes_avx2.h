// Sixteen lanes in two 256-bit registers: AVX2 with FMA and F16C, and the byte dot product of AVX-VNNI where it is compiled in.

#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "lanes_x86.h"

namespace {

struct F { __m256 a, b; };
struct I { __m256i a, b; };
using B = I;

inline F zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline F set1(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline F load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, F x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
inline F add(F x, F y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
inline F sub(F x, F y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
inline F mul(F x, F y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
inline F div(F x, F y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
inline F fma(F x, F y, F z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
inline F max(F x, F y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
inline F min(F x, F y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
inline F abs(F x) {
  __m256 sign = _mm256_set1_ps(-0.0f);
  return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
inline F rint(F x) {
  constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  return {_mm256_round_ps(x.a, nearest), _mm256_round_ps(x.b, nearest)};
}
inline __m256 below(int n) {
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane));
}
inline F first(int n, F x, F y) {
  return {_mm256_blendv_ps(y.a, x.a, below(n)), _mm256_blendv_ps(y.b, x.b, below(n - 8))};
}
inline F same(F x, F y, F z) {
  return {_mm256_blendv_ps(z.a, x.a, _mm256_cmp_ps(x.a, y.a, _CMP_EQ_OQ)),
          _mm256_blendv_ps(z.b, x.b, _mm256_cmp_ps(x.b, y.b, _CMP_EQ_OQ))};
}
inline F replace(F x, F y, F z) {
  return {_mm256_blendv_ps(x.a, z.a, _mm256_cmp_ps(x.a, y.a, _CMP_EQ_OQ)),
          _mm256_blendv_ps(x.b, z.b, _mm256_cmp_ps(x.b, y.b, _CMP_EQ_OQ))};
}
inline __m256 pow2(__m256 n) {
  __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_castsi256_ps(bits);
}
inline F pow2(F n) { return {pow2(n.a), pow2(n.b)}; }
inline float sum_of_lanes(F x) { return sum_of_eight(_mm256_add_ps(x.a, x.b)); }
inline float max_of_lanes(F x) { return max_of_eight(_mm256_max_ps(x.a, x.b)); }

inline I set1i(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
inline F floats(I x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
inline void store_bytes(int8_t* p, F x) {
  __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b));
  words = _mm256_permute4x64_epi64(words, 0xd8);
  __m128i packed = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
}
inline __m128i eight(const void* p) { return _mm_loadl_epi64(static_cast<const __m128i*>(p)); }
inline F load_u8(const uint8_t* p) {
  return floats({_mm256_cvtepu8_epi32(eight(p)), _mm256_cvtepu8_epi32(eight(p + 8))});
}
inline F load_s8(const int8_t* p) {
  return floats({_mm256_cvtepi8_epi32(eight(p)), _mm256_cvtepi8_epi32(eight(p + 8))});
}
inline __m128i words(const uint16_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline F load_half(const uint16_t* p) { return {_mm256_cvtph_ps(words(p)), _mm256_cvtph_ps(words(p + 8))}; }
inline void store_half(uint16_t* p, F x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT));
}
inline __m256 bfloats(const uint16_t* p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words(p)), 16));
}
inline F load_bfloat(const uint16_t* p) { return {bfloats(p), bfloats(p + 8)}; }

inline __m256i half(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline B bytes(const uint8_t* p) { return {half(p), half(p + 32)}; }
inline B low4(B x) {
  __m256i m = _mm256_set1_epi8(15);
  return {_mm256_and_si256(x.a, m), _mm256_and_si256(x.b, m)};
}
inline B high4(B x) { return low4({_mm256_srli_epi16(x.a, 4), _mm256_srli_epi16(x.b, 4)}); }
inline __m256i spread16(const uint8_t* p) {
  int32_t bits;
  std::memcpy(&bits, p, 4);
  __m256i which = _mm256_setr_epi8(
      0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
  __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201ULL));
  __m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), which), bit);
  return _mm256_and_si256(_mm256_cmpeq_epi8(spread, bit), _mm256_set1_epi8(16));
}
inline B with5(B x, const uint8_t* p) {
  return {_mm256_or_si256(x.a, spread16(p)), _mm256_or_si256(x.b, spread16(p + 4))};
}
inline __m256i two(__m256i x, int shift) {
  __m256i moved = shift < 4 ? _mm256_slli_epi16(x, 4 - shift) : _mm256_srli_epi16(x, shift - 4);
  return _mm256_and_si256(moved, _mm256_set1_epi8(0x30));
}
inline B with6(B x, B y, int shift) {
  return {_mm256_or_si256(x.a, two(y.a, shift)), _mm256_or_si256(x.b, two(y.b, shift))};
}

template <int BITS>
inline __m256i dot(__m256i acc, __m256i w, __m256i x) {
#if defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32(acc, w, x);
#else
  if constexpr (BITS < 8) { // 63 * 127 * 2 fits into the 16 bits that maddubs saturates at
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1)));
  } else {
    __m256i even = _mm256_madd_epi16(
        _mm256_and_si256(w, _mm256_set1_epi16(0xff)), _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(w, 8), _mm256_srai_epi16(x, 8));
    return _mm256_add_epi32(acc, _mm256_add_epi32(even, odd));
  }
#endif
}
template <int BITS>
inline I dot(I acc, B w, const int8_t* x) {
  int32_t four;
  std::memcpy(&four, x, 4);
  __m256i all = _mm256_set1_epi32(four);
  return {dot<BITS>(acc.a, w.a, all), dot<BITS>(acc.b, w.b, all)};
}
inline void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
inline void prefetch_far(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }

} // namespace
