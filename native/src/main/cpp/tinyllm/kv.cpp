#include "kv.h"

#include <algorithm>
#include <cmath>

#include "half.h"

namespace tinyllm {
namespace {

/** One group of a token's components: x is about scale * code + zero, with the scale and the zero as they are stored. */
struct Group {
  uint16_t scale;
  uint16_t zero;
  float step;
  float base;
  float levels;

  Group(const float* x, int count, int kind) : levels(kind == KV_8 ? 255.0f : 15.0f) {
    float low = x[0], high = x[0];
    bool finite = true;
    for (int i = 0; i < count; i++) {
      low = std::min(low, x[i]);
      high = std::max(high, x[i]);
      finite = finite && std::isfinite(x[i]);
    }
    // What is no number stays none: a broken sequence shows it, whatever its keys are stored as.
    scale = float_to_half(finite ? (high - low) / levels : NAN);
    zero = float_to_half(finite ? low : NAN);
    step = half_to_float(scale);
    base = half_to_float(zero);
  }

  uint8_t code(float x) const {
    float q = step > 0 ? std::nearbyintf((x - base) / step) : 0;
    return static_cast<uint8_t>(q > 0 ? std::min(q, levels) : 0);
  }
};

/** Writes the code of component d, the token's codes lying `stride` bytes apart. */
void put(uint8_t* codes, int kind, size_t stride, int d, uint8_t code) {
  if (kind == KV_8) {
    codes[static_cast<size_t>(d) * stride] = code;
    return;
  }
  uint8_t& both = codes[static_cast<size_t>(d / 32 * 16 + d % 16) * stride];
  both = d % 32 < 16 ? static_cast<uint8_t>((both & 0xf0) | code) : static_cast<uint8_t>((both & 0x0f) | code << 4);
}

void write(uint8_t* codes, uint16_t* scales, size_t scale_stride, int kind, size_t stride, int head_dim, const float* x) {
  for (int first = 0; first < head_dim; first += KV_GROUP) {
    int count = std::min(KV_GROUP, head_dim - first);
    Group group(x + first, count, kind);
    scales[0] = group.scale;
    scales[scale_stride] = group.zero;
    scales += 2 * scale_stride;
    for (int d = first; d < first + count; d++) {
      put(codes, kind, stride, d, group.code(x[d]));
    }
  }
}

} // namespace

void write_key_codes(char* block, int kind, int dim, int head_dim, int lane, const float* key) {
  auto* codes = reinterpret_cast<uint8_t*>(block) + lane;
  auto* scales = reinterpret_cast<uint16_t*>(block + kv_codes(kind, dim)) + lane;
  write(codes, scales, 16, kind, 16, head_dim, key);
}

void write_value_codes(char* block, int kind, int dim, int head_dim, int lane, const float* value) {
  auto* codes = reinterpret_cast<uint8_t*>(block) + static_cast<size_t>(lane) * kv_codes(kind, dim) / 16;
  auto* scales = reinterpret_cast<uint16_t*>(block + kv_codes(kind, dim)) + static_cast<size_t>(lane) * 2 * kv_groups(dim);
  write(codes, scales, 1, kind, 1, head_dim, value);
}

} // namespace tinyllm
