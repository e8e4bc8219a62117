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

#if TL_ROWS > 1
#define TL_INLINE __attribute__((always_inline))
#else // lanes without registers: written out it would be sixteen times as much code, for nothing
#define TL_INLINE
#endif

/** f(0) … f(COUNT - 1), written out: a loop that a compiler finds too long to unroll would keep its arrays in memory. */
template <int COUNT, class Body>
TL_INLINE inline void unrolled(Body f) {
  if constexpr (TL_ROWS > 1) {
    auto all = [&]<int... N>(std::integer_sequence<int, N...>) TL_INLINE { (f(N), ...); };
    all(std::make_integer_sequence<int, COUNT>());
  } else {
    for (int n = 0; n < COUNT; n++) {
      f(n);
    }
  }
}

/** Where the activations of some rows lie, and what is known of their blocks. */
struct Rows {
  const int8_t* x;
  size_t cols;
  const Act* acts;
  size_t blocks;

  const int8_t* codes(int row, int column) const { return x + static_cast<size_t>(row) * cols + column; }
  const Act& act(int row) const { return acts[static_cast<size_t>(row) * blocks]; }
  Rows from(int row, size_t block) const { return {codes(row, 0) + block * BLOCK, cols, &act(row) + block, blocks}; }
};

/** COUNT rows times vectors FROM … TO - 1. The rows take turns, so that no product waits for the one before it. */
template <int BITS, int FROM, int TO, int COUNT>
TL_INLINE inline void dots(const B* v, const Rows& rows, I* sums) {
  unrolled<TO - FROM>([&](int i) TL_INLINE {
    unrolled<COUNT>([&](int m) TL_INLINE {
      sums[m] = dot<BITS>(sums[m], v[FROM + i], rows.codes(m, 4 * (FROM + i)));
    });
  });
}

/** Adds the block's part of COUNT outputs to what came before it. */
template <int BITS, int KIND, int COUNT>
TL_INLINE inline void combine(const B* v, const Rows& rows, F scale, F bias, F* sums) {
  constexpr int zero_point = 1 << (BITS - 1);
  I whole[COUNT];
  F part[COUNT];
  auto each = [](auto body) TL_INLINE { unrolled<COUNT>(body); };
  if constexpr (KIND == SUPER16) {
    each([&](int m) TL_INLINE { whole[m] = set1i(-zero_point * rows.act(m).low); });
    dots<BITS, 0, 4, COUNT>(v, rows, whole);
    each([&](int m) TL_INLINE {
      part[m] = mul(scale, floats(whole[m]));
      whole[m] = set1i(-zero_point * rows.act(m).high);
    });
    dots<BITS, 4, 8, COUNT>(v, rows, whole);
    each([&](int m) TL_INLINE { part[m] = fma(bias, floats(whole[m]), part[m]); });
  } else {
    each([&](int m) TL_INLINE { whole[m] = set1i(0); });
    dots<BITS, 0, 8, COUNT>(v, rows, whole);
    each([&](int m) TL_INLINE {
      F sum = set1(rows.act(m).sum);
      if constexpr (KIND == CENTERED) { // whole numbers below 2^24: as exact as if the codes were signed
        part[m] = mul(scale, fma(set1(-static_cast<float>(zero_point)), sum, floats(whole[m])));
      } else {
        part[m] = fma(bias, sum, mul(scale, floats(whole[m])));
      }
    });
  }
  each([&](int m) TL_INLINE { sums[m] = fma(part[m], set1(rows.act(m).scale), sums[m]); });
}

template <int BITS, int KIND, int ROWS>
void rows_times_tile(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, float* out) {
  constexpr size_t block_size = BITS == 4 ? 256 : BITS == 5 ? 320 : BITS == 6 ? 384 : 512;
  constexpr int together = ROWS < TL_TOGETHER ? ROWS : TL_TOGETHER;
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  const Rows rows = {x, cols, acts, blocks};
  const int per_group = form.group / BLOCK; // 0 with groups of 16
  const int shift = per_group == 4 ? 2 : per_group == 2 ? 1 : 0;
  F sums[ROWS];
  unrolled<ROWS>([&](int m) { sums[m] = zero(); });
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
      unrolled<ROWS / together>([&](int group) TL_INLINE {
        int m = group * together;
        combine<BITS, KIND, together>(v, rows.from(m, first + static_cast<size_t>(b)), scale, bias, sums + m);
      });
    }
  }
  unrolled<ROWS>([&](int m) { store(out + 16 * m, sums[m]); });
}

template <int BITS, int KIND>
void many_times_tile(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int count, float* out) {
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  while (count > 0) {
    int done;
    if (TL_ROWS >= 16 && count >= 16) {
      rows_times_tile<BITS, KIND, TL_ROWS >= 16 ? 16 : 1>(form, packed, x, acts, out);
      done = 16;
    } else if (TL_ROWS >= 8 && count >= 8) {
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

#undef TL_INLINE
