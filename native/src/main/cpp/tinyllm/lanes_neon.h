// Sixteen lanes in four 128-bit registers: NEON with the byte dot product of ARMv8.2. Never run by this project's own machines.

#pragma once

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

namespace {

struct F { float32x4_t v[4]; };
struct I { int32x4_t v[4]; };
struct B { uint8x16_t v[4]; };

#define TL_FOUR(i) for (int i = 0; i < 4; i++)

inline F set1(float x) { F r; TL_FOUR(i) r.v[i] = vdupq_n_f32(x); return r; }
inline F zero() { return set1(0); }
inline F load(const float* p) { F r; TL_FOUR(i) r.v[i] = vld1q_f32(p + 4 * i); return r; }
inline void store(float* p, F a) { TL_FOUR(i) vst1q_f32(p + 4 * i, a.v[i]); }
inline F add(F a, F b) { TL_FOUR(i) a.v[i] = vaddq_f32(a.v[i], b.v[i]); return a; }
inline F sub(F a, F b) { TL_FOUR(i) a.v[i] = vsubq_f32(a.v[i], b.v[i]); return a; }
inline F mul(F a, F b) { TL_FOUR(i) a.v[i] = vmulq_f32(a.v[i], b.v[i]); return a; }
inline F div(F a, F b) { TL_FOUR(i) a.v[i] = vdivq_f32(a.v[i], b.v[i]); return a; }
inline F fma(F a, F b, F c) { TL_FOUR(i) c.v[i] = vfmaq_f32(c.v[i], a.v[i], b.v[i]); return c; }
inline F max(F a, F b) { TL_FOUR(i) b.v[i] = vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); return b; }
inline F min(F a, F b) { TL_FOUR(i) b.v[i] = vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]); return b; }
inline F abs(F a) { TL_FOUR(i) a.v[i] = vabsq_f32(a.v[i]); return a; }
inline F rint(F a) { TL_FOUR(i) a.v[i] = vrndnq_f32(a.v[i]); return a; }
inline F first(int n, F a, F b) {
  const int32_t lane[4] = {0, 1, 2, 3};
  int32x4_t index = vld1q_s32(lane);
  TL_FOUR(i) a.v[i] = vbslq_f32(vcltq_s32(index, vdupq_n_s32(n - 4 * i)), a.v[i], b.v[i]);
  return a;
}
inline F same(F a, F b, F c) { TL_FOUR(i) c.v[i] = vbslq_f32(vceqq_f32(a.v[i], b.v[i]), a.v[i], c.v[i]); return c; }
inline F replace(F a, F b, F c) { TL_FOUR(i) c.v[i] = vbslq_f32(vceqq_f32(a.v[i], b.v[i]), c.v[i], a.v[i]); return c; }
inline F pow2(F n) {
  TL_FOUR(i) {
    int32x4_t bits = vshlq_n_s32(vaddq_s32(vcvtnq_s32_f32(n.v[i]), vdupq_n_s32(127)), 23);
    n.v[i] = vreinterpretq_f32_s32(bits);
  }
  return n;
}

inline float sum_of_lanes(F a) {
  float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
inline float larger(float a, float b) { return a > b ? a : b; }
inline float max_of_lanes(F a) {
  float lane[16];
  store(lane, a);
  float eight[8], four[4];
  for (int i = 0; i < 8; i++) eight[i] = larger(lane[i], lane[i + 8]);
  TL_FOUR(i) four[i] = larger(eight[i], eight[i + 4]);
  return larger(larger(four[0], four[2]), larger(four[1], four[3]));
}

inline I set1i(int32_t x) { I r; TL_FOUR(i) r.v[i] = vdupq_n_s32(x); return r; }
inline F floats(I a) { F r; TL_FOUR(i) r.v[i] = vcvtq_f32_s32(a.v[i]); return r; }
inline void store_bytes(int8_t* p, F a) {
  int16x8_t low = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(a.v[0])), vqmovn_s32(vcvtnq_s32_f32(a.v[1])));
  int16x8_t high = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(a.v[2])), vqmovn_s32(vcvtnq_s32_f32(a.v[3])));
  vst1q_s8(p, vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)));
}
inline F load_u8(const uint8_t* p) {
  uint8x16_t all = vld1q_u8(p);
  uint16x8_t low = vmovl_u8(vget_low_u8(all)), high = vmovl_u8(vget_high_u8(all));
  return {{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
           vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}
inline F load_s8(const int8_t* p) {
  int8x16_t all = vld1q_s8(p);
  int16x8_t low = vmovl_s8(vget_low_s8(all)), high = vmovl_s8(vget_high_s8(all));
  return {{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(low))),
           vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), vcvtq_f32_s32(vmovl_s16(vget_high_s16(high)))}};
}
inline F load_half(const uint16_t* p) {
  F r;
  TL_FOUR(i) r.v[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
  return r;
}
inline void store_half(uint16_t* p, F a) {
  TL_FOUR(i) vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.v[i])));
}
inline F load_bfloat(const uint16_t* p) {
  F r;
  TL_FOUR(i) r.v[i] = vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(p + 4 * i)), 16));
  return r;
}

inline B bytes(const uint8_t* p) { B r; TL_FOUR(i) r.v[i] = vld1q_u8(p + 16 * i); return r; }
inline B low4(B a) { TL_FOUR(i) a.v[i] = vandq_u8(a.v[i], vdupq_n_u8(15)); return a; }
inline B high4(B a) { TL_FOUR(i) a.v[i] = vshrq_n_u8(a.v[i], 4); return a; }
inline B with5(B a, const uint8_t* p) {
  const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t bits = vld1q_u8(bit);
  TL_FOUR(i) {
    uint8x16_t spread = vcombine_u8(vdup_n_u8(p[2 * i]), vdup_n_u8(p[2 * i + 1]));
    a.v[i] = vorrq_u8(a.v[i], vandq_u8(vtstq_u8(spread, bits), vdupq_n_u8(16)));
  }
  return a;
}
inline B with6(B a, B b, int shift) {
  int8x16_t by = vdupq_n_s8(static_cast<int8_t>(4 - shift));
  TL_FOUR(i) a.v[i] = vorrq_u8(a.v[i], vandq_u8(vshlq_u8(b.v[i], by), vdupq_n_u8(0x30)));
  return a;
}
template <int BITS>
inline I dot(I acc, B w, const int8_t* x) {
  int32_t four;
  std::memcpy(&four, x, 4);
  int8x16_t all = vreinterpretq_s8_s32(vdupq_n_s32(four));
  TL_FOUR(i) {
    if constexpr (BITS < 8) {
      acc.v[i] = vdotq_s32(acc.v[i], vreinterpretq_s8_u8(w.v[i]), all);
    } else { // w = (w - 128) + 127 + 1
      acc.v[i] = vdotq_s32(acc.v[i], vreinterpretq_s8_u8(veorq_u8(w.v[i], vdupq_n_u8(128))), all);
      acc.v[i] = vdotq_s32(acc.v[i], vdupq_n_s8(127), all);
      acc.v[i] = vdotq_s32(acc.v[i], vdupq_n_s8(1), all);
    }
  }
  return acc;
}
inline void prefetch(const void* p) { __builtin_prefetch(p); }
inline void prefetch_far(const void* p) { __builtin_prefetch(p, 0, 2); }

} // namespace
