// Sixteen lanes in one 512-bit register, with the byte dot product of AVX-512 VNNI.

#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "lanes_x86.h"

namespace {

using F = __m512;
using I = __m512i;
using B = __m512i;

inline F zero() { return _mm512_setzero_ps(); }
inline F set1(float x) { return _mm512_set1_ps(x); }
inline F load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, F a) { _mm512_storeu_ps(p, a); }
inline F add(F a, F b) { return _mm512_add_ps(a, b); }
inline F sub(F a, F b) { return _mm512_sub_ps(a, b); }
inline F mul(F a, F b) { return _mm512_mul_ps(a, b); }
inline F div(F a, F b) { return _mm512_div_ps(a, b); }
inline F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
inline F max(F a, F b) { return _mm512_max_ps(a, b); }
inline F min(F a, F b) { return _mm512_min_ps(a, b); }
inline F abs(F a) { return _mm512_abs_ps(a); }
inline F rint(F a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F first(int n, F a, F b) {
  return _mm512_mask_blend_ps(static_cast<__mmask16>(n >= 16 ? 0xffff : (1 << n) - 1), b, a);
}
inline F same(F a, F b, F c) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), c, a); }
inline F replace(F a, F b, F c) { return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ), a, c); }
inline F pow2(F n) {
  __m512i bits = _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23);
  return _mm512_castsi512_ps(bits);
}

inline __m256 upper(F a) { return _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)); }
inline float sum_of_lanes(F a) { return sum_of_eight(_mm256_add_ps(_mm512_castps512_ps256(a), upper(a))); }
inline float max_of_lanes(F a) { return max_of_eight(_mm256_max_ps(_mm512_castps512_ps256(a), upper(a))); }

inline I set1i(int32_t x) { return _mm512_set1_epi32(x); }
inline F floats(I a) { return _mm512_cvtepi32_ps(a); }
inline void store_bytes(int8_t* p, F a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a)));
}
inline F load_u8(const uint8_t* p) {
  return floats(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline F load_s8(const int8_t* p) {
  return floats(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline F load_half(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline void store_half(uint16_t* p, F a) {
  _mm256_storeu_si256(
      reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
inline F load_bfloat(const uint16_t* p) {
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

inline B bytes(const uint8_t* p) { return _mm512_loadu_si512(p); }
inline B low4(B a) { return _mm512_and_si512(a, _mm512_set1_epi8(15)); }
inline B high4(B a) { return _mm512_and_si512(_mm512_srli_epi16(a, 4), _mm512_set1_epi8(15)); }
inline B with5(B a, const uint8_t* p) {
  uint64_t bits;
  std::memcpy(&bits, p, 8);
  return _mm512_mask_add_epi8(a, bits, a, _mm512_set1_epi8(16));
}
inline B with6(B a, B b, int shift) {
  B two = shift < 4 ? _mm512_slli_epi16(b, 4 - shift) : _mm512_srli_epi16(b, shift - 4);
  return _mm512_or_si512(a, _mm512_and_si512(two, _mm512_set1_epi8(0x30)));
}
template <int BITS>
inline I dot(I acc, B w, const int8_t* x) {
  int32_t four;
  std::memcpy(&four, x, 4);
  return _mm512_dpbusd_epi32(acc, w, _mm512_set1_epi32(four));
}
inline void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
inline void prefetch_far(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T1); }

} // namespace
