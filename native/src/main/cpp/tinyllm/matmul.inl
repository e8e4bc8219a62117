// Rows of int8 activations times a tile of sixteen rows of weights. For each block of 32 columns the integer sums are exact; the
// float combination below is the same few operations, in the order of the blocks, for each output, in every form.

/** The scales of one group of sixteen rows, and their biases; centred codes have none. */
template <int BITS, int KIND>
inline void scales(const uint8_t* head, int group, F& scale, F& bias) {
  if constexpr (KIND == CENTERED) {
    scale = load_half(reinterpret_cast<const uint16_t*>(head + 32 * group));
  } else if constexpr (KIND == HALF) {
    scale = load_half(reinterpret_cast<const uint16_t*>(head + 64 * group));
    bias = load_half(reinterpret_cast<const uint16_t*>(head + 64 * group + 32));
  } else if constexpr (KIND == BFLOAT) {
    scale = load_bfloat(reinterpret_cast<const uint16_t*>(head + 64 * group));
    bias = load_bfloat(reinterpret_cast<const uint16_t*>(head + 64 * group + 32));
  } else if constexpr (KIND == FLOAT) {
    scale = load(reinterpret_cast<const float*>(head + 128 * group));
    bias = load(reinterpret_cast<const float*>(head + 128 * group + 64));
  } else if constexpr (KIND == SUPER) {
    scale = mul(load_half(reinterpret_cast<const uint16_t*>(head)), load_u8(head + 64 + 32 * group));
    F least = load_half(reinterpret_cast<const uint16_t*>(head + 32));
    bias = sub(zero(), mul(least, load_u8(head + 64 + 32 * group + 16)));
  } else { // two groups in each block: scale for the first, bias for the second
    F d = load_half(reinterpret_cast<const uint16_t*>(head));
    scale = mul(d, load_s8(reinterpret_cast<const int8_t*>(head + 32 + 32 * group)));
    bias = mul(d, load_s8(reinterpret_cast<const int8_t*>(head + 32 + 32 * group + 16)));
  }
}

template <int BITS>
inline void codes(const uint8_t* block, B* v) {
  if constexpr (BITS == 8) {
    for (int i = 0; i < 8; i++) {
      v[i] = bytes(block + 64 * i);
    }
    return;
  }
  for (int i = 0; i < 4; i++) {
    B both = bytes(block + 64 * i);
    v[i] = low4(both);
    v[i + 4] = high4(both);
  }
  if constexpr (BITS == 5) {
    for (int i = 0; i < 8; i++) {
      v[i] = with5(v[i], block + 256 + 8 * i);
    }
  }
  if constexpr (BITS == 6) {
    B first = bytes(block + 256), second = bytes(block + 320);
    for (int i = 0; i < 4; i++) {
      v[i] = with6(v[i], first, 2 * i);
      v[i + 4] = with6(v[i + 4], second, 2 * i);
    }
  }
}

/** The block's part of one output, and all that came before it. */
template <int BITS, int KIND>
inline F combine(const B* v, const int8_t* x, const Act& act, F scale, F bias, F before) {
  if constexpr (KIND == SUPER16) {
    constexpr int zero_point = 1 << (BITS - 1);
    I low = set1i(-zero_point * act.low), high = set1i(-zero_point * act.high);
    for (int i = 0; i < 4; i++) {
      low = dot<BITS>(low, v[i], x + 4 * i);
      high = dot<BITS>(high, v[i + 4], x + 16 + 4 * i);
    }
    F part = fma(bias, floats(high), mul(scale, floats(low)));
    return fma(part, set1(act.scale), before);
  } else {
    I sum = set1i(0);
    for (int i = 0; i < 8; i++) {
      sum = dot<BITS>(sum, v[i], x + 4 * i);
    }
    F part;
    if constexpr (KIND == CENTERED) { // whole numbers below 2^24: as exact as if the codes were signed
      constexpr float zero_point = 1 << (BITS - 1);
      part = mul(scale, fma(set1(-zero_point), set1(act.sum), floats(sum)));
    } else {
      part = fma(bias, set1(act.sum), mul(scale, floats(sum)));
    }
    return fma(part, set1(act.scale), before);
  }
}

template <int BITS, int KIND, int ROWS>
void rows_times_tile(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, float* out) {
  constexpr size_t block_size = BITS == 4 ? 256 : BITS == 5 ? 320 : BITS == 6 ? 384 : 512;
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  const int per_group = form.group / BLOCK; // 0 with groups of 16
  const int shift = per_group == 4 ? 2 : per_group == 2 ? 1 : 0;
  F sums[ROWS];
  for (int m = 0; m < ROWS; m++) {
    sums[m] = zero();
  }
  for (size_t first = 0; first < blocks; first += CHUNK / BLOCK) {
    int count = static_cast<int>(blocks - first < CHUNK / BLOCK ? blocks - first : CHUNK / BLOCK);
    const uint8_t* head = packed;
    packed += head_size<KIND>(count * BLOCK / form.group);
    for (int b = 0; b < count; b++) {
      for (size_t ahead = 0; ahead < block_size; ahead += 64) {
        prefetch(packed + PREFETCH + ahead);
        prefetch_far(packed + PREFETCH_FAR + ahead);
      }
      F scale = zero(), bias = zero();
      scales<BITS, KIND>(head, b >> shift, scale, bias);
      B v[8];
      codes<BITS>(packed, v);
      packed += block_size;
      for (int m = 0; m < ROWS; m++) {
        sums[m] = combine<BITS, KIND>(
            v, x + m * cols + (first + b) * BLOCK, acts[m * blocks + first + b], scale, bias, sums[m]);
      }
    }
  }
  for (int m = 0; m < ROWS; m++) {
    store(out + 16 * m, sums[m]);
  }
}

template <int BITS, int KIND>
void many_times_tile(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int count, float* out) {
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  while (count > 0) {
    int done;
    if (TL_ROWS >= 8 && count >= 8) {
      rows_times_tile<BITS, KIND, TL_ROWS >= 8 ? 8 : 1>(form, packed, x, acts, out);
      done = 8;
    } else if (TL_ROWS >= 4 && count >= 4) {
      rows_times_tile<BITS, KIND, TL_ROWS >= 4 ? 4 : 1>(form, packed, x, acts, out);
      done = 4;
    } else if (count >= 2) {
      rows_times_tile<BITS, KIND, 2>(form, packed, x, acts, out);
      done = 2;
    } else {
      rows_times_tile<BITS, KIND, 1>(form, packed, x, acts, out);
      done = 1;
    }
    count -= done;
    x += static_cast<size_t>(done) * cols;
    acts += static_cast<size_t>(done) * blocks;
    out += 16 * done;
  }
}

template <int BITS>
void of_kind(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int count, float* out) {
  switch (form.kind) {
    case CENTERED: return many_times_tile<BITS, CENTERED>(form, packed, x, acts, count, out);
    case HALF: return many_times_tile<BITS, HALF>(form, packed, x, acts, count, out);
    case BFLOAT: return many_times_tile<BITS, BFLOAT>(form, packed, x, acts, count, out);
    case FLOAT: return many_times_tile<BITS, FLOAT>(form, packed, x, acts, count, out);
    case SUPER: return many_times_tile<BITS, SUPER>(form, packed, x, acts, count, out);
    default:
      if constexpr (BITS == 6) {
        many_times_tile<6, SUPER16>(form, packed, x, acts, count, out);
      }
  }
}

void tile(const Form& form, const uint8_t* packed, const QuantizedRows& rows, int first, int count, float* out) {
  const int8_t* x = rows.codes + static_cast<size_t>(first) * static_cast<size_t>(rows.cols);
  const Act* acts = rows.acts + static_cast<size_t>(first) * static_cast<size_t>(rows.cols / BLOCK);
  switch (form.bits) {
    case 4: return of_kind<4>(form, packed, x, acts, count, out);
    case 5: return of_kind<5>(form, packed, x, acts, count, out);
    case 6: return of_kind<6>(form, packed, x, acts, count, out);
    default: return of_kind<8>(form, packed, x, acts, count, out);
  }
}
