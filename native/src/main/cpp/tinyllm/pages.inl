// Writing one token into its block, and reading blocks as floats; kv.h says how they lie.

inline void store_narrow(int kind, uint16_t* to, F x) {
  if (kind == KV_HALF) {
    store_half(to, x);
    return;
  }
  float floats[16];
  store(floats, x);
  for (int i = 0; i < 16; i++) {
    to[i] = float_to_bfloat(floats[i]);
  }
}

inline void append_key(char* block, const KeyValues& kv, size_t lane, const float* key) {
  if (kv.key_kind == KV_8 || kv.key_kind == KV_4) {
    write_key_codes(block, kv.key_kind, kv.dim, kv.head_dim, static_cast<int>(lane), key);
    return;
  }
  for (int first = 0; first < kv.dim; first += 16) {
    F k = load_some(key + first, kv.head_dim - first < 0 ? 0 : kv.head_dim - first, 0);
    size_t at = 16 * static_cast<size_t>(first) + lane;
    if (kv.key_kind == KV_FLOAT) {
      float floats[16];
      store(floats, k);
      for (size_t i = 0; i < 16; i++) {
        reinterpret_cast<float*>(block)[at + 16 * i] = floats[i];
      }
    } else {
      uint16_t halves[16];
      store_narrow(kv.key_kind, halves, k);
      for (size_t i = 0; i < 16; i++) {
        reinterpret_cast<uint16_t*>(block)[at + 16 * i] = halves[i];
      }
    }
  }
}

inline void append_value(char* block, const KeyValues& kv, size_t lane, const float* value) {
  if (kv.value_kind == KV_8 || kv.value_kind == KV_4) {
    write_value_codes(block, kv.value_kind, kv.dim, kv.head_dim, static_cast<int>(lane), value);
    return;
  }
  size_t row = lane * static_cast<size_t>(kv.dim);
  for (int first = 0; first < kv.dim; first += 16) {
    F v = load_some(value + first, kv.head_dim - first < 0 ? 0 : kv.head_dim - first, 0);
    size_t at = row + static_cast<size_t>(first);
    if (kv.value_kind == KV_FLOAT) {
      store(reinterpret_cast<float*>(block) + at, v);
    } else {
      store_narrow(kv.value_kind, reinterpret_cast<uint16_t*>(block) + at, v);
    }
  }
}

void append(const float* key, const float* value, const KeyValues& kv, int kv_head, int position) {
  size_t lane = static_cast<size_t>(position % 16);
  append_key(const_cast<char*>(keys_block(kv, kv_head, position)), kv, lane, key);
  append_value(const_cast<char*>(values_block(kv, kv_head, position)), kv, lane, value);
}

/** The low or the high halves of sixteen bytes, each a whole number below 16: exact in floats. */
inline F nibbles(F both, bool high) {
  F top = rint(mul(sub(both, set1(7.5f)), set1(0.0625f)));
  return high ? top : sub(both, mul(top, set1(16.0f)));
}

/** Sixteen codes of components d … d + 15 of a token, or of component d of sixteen tokens, that lie at `codes`. */
template <int KIND>
inline F codes_at(const char* codes, size_t at, bool high) {
  F bytes = load_u8(reinterpret_cast<const uint8_t*>(codes) + at);
  return KIND == KV_8 ? bytes : nibbles(bytes, high);
}

/** Turns the keys of a block, [dim][16], by the angles of their positions. */
inline void turn_block(const KeyValues& kv, int key, float* block) {
  int half = kv.head_dim / 2;
  const float* cosines = kv.turn.cosines + static_cast<size_t>(key / 16) * static_cast<size_t>(half) * 16;
  const float* sines = kv.turn.sines + static_cast<size_t>(key / 16) * static_cast<size_t>(half) * 16;
  for (int i = 0; i < half; i++) {
    float* first = block + 16 * (kv.turn.neighbours ? 2 * i : i);
    float* second = block + 16 * (kv.turn.neighbours ? 2 * i + 1 : i + half);
    F a = load(first), b = load(second), c = load(cosines + 16 * i), s = load(sines + 16 * i);
    store(first, sub(mul(a, c), mul(b, s)));
    store(second, fma(a, s, mul(b, c)));
  }
}

template <int KIND>
inline void key_block(const KeyValues& kv, int kv_head, const char* block, float* out) {
  const float* bias = kv.turn.bias == nullptr ? nullptr : kv.turn.bias + kv_head * kv.head_dim;
  auto* scales = reinterpret_cast<const uint16_t*>(block + kv_codes(KIND, kv.dim));
  for (int d = 0; d < kv.dim; d++) {
    F x;
    if constexpr (KIND == KV_8 || KIND == KV_4) {
      const uint16_t* of = scales + 32 * (d / KV_GROUP);
      size_t at = KIND == KV_8 ? static_cast<size_t>(16 * d) : static_cast<size_t>(16 * (d / 32 * 16 + d % 16));
      x = fma(codes_at<KIND>(block, at, d % 32 >= 16), load_half(of), load_half(of + 16));
    } else {
      x = components<KIND>(block, static_cast<size_t>(16 * d));
    }
    store(out + 16 * d, bias != nullptr && d < kv.head_dim ? add(x, set1(bias[d])) : x);
  }
}

template <int KIND>
inline void value_row(const KeyValues& kv, const char* block, size_t lane, float* out) {
  const char* row = block + lane * kv_codes(KIND, kv.dim) / 16;
  auto* scales = reinterpret_cast<const uint16_t*>(block + kv_codes(KIND, kv.dim)) + lane * 2 * kv_groups(kv.dim);
  for (int d = 0; d < kv.dim; d += 16) {
    F x;
    if constexpr (KIND == KV_8 || KIND == KV_4) {
      const uint16_t* of = scales + 2 * (d / KV_GROUP);
      size_t at = KIND == KV_8 ? static_cast<size_t>(d) : static_cast<size_t>(d / 32 * 16);
      x = fma(codes_at<KIND>(row, at, d % 32 >= 16), set1(half_to_float(of[0])), set1(half_to_float(of[1])));
    } else {
      x = components<KIND>(row, static_cast<size_t>(d));
    }
    store(out + d, x);
  }
}

template <int KIND>
inline void key_blocks(const KeyValues& kv, int kv_head, int first, int count, float* out) {
  for (int group = 0; group < count; group += 16, out += 16 * kv.dim) {
    key_block<KIND>(kv, kv_head, keys_block(kv, kv_head, first + group), out);
    if (kv.turn.cosines != nullptr) {
      turn_block(kv, first + group, out);
    }
  }
}

template <int KIND>
inline void value_rows(const KeyValues& kv, int kv_head, int first, int count, float* out) {
  for (int i = 0; i < count; i++, out += kv.dim) {
    value_row<KIND>(kv, values_block(kv, kv_head, first + i), static_cast<size_t>((first + i) % 16), out);
  }
}

void unpack_keys(const KeyValues& kv, int kv_head, int first, int count, float* out) {
  switch (kv.key_kind) {
    case KV_FLOAT: return key_blocks<KV_FLOAT>(kv, kv_head, first, count, out);
    case KV_HALF: return key_blocks<KV_HALF>(kv, kv_head, first, count, out);
    case KV_BFLOAT: return key_blocks<KV_BFLOAT>(kv, kv_head, first, count, out);
    case KV_8: return key_blocks<KV_8>(kv, kv_head, first, count, out);
    default: return key_blocks<KV_4>(kv, kv_head, first, count, out);
  }
}

void unpack_values(const KeyValues& kv, int kv_head, int first, int count, float* out) {
  switch (kv.value_kind) {
    case KV_FLOAT: return value_rows<KV_FLOAT>(kv, kv_head, first, count, out);
    case KV_HALF: return value_rows<KV_HALF>(kv, kv_head, first, count, out);
    case KV_BFLOAT: return value_rows<KV_BFLOAT>(kv, kv_head, first, count, out);
    case KV_8: return value_rows<KV_8>(kv, kv_head, first, count, out);
    default: return value_rows<KV_4>(kv, kv_head, first, count, out);
  }
}
