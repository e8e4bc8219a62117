// AVX-512 VNNI, and for sixteen rows of activations and more the int8 tiles of AMX. A tile product is the same exact integer sum of one
// block of 32 columns; what follows is the float combination of matmul.inl, in the same order.

#define TL_ROWS 8
#include "half.h"
#include "lanes_avx512.h"
#include "forms.inl"

namespace tinyllm {
namespace {

constexpr int AMX_ROWS = 16;

/** Tiles 0 to 3 are products [16 rows, 16 outputs], 4 and 6 activations, 5 and 7 weights, of 32 columns or of 16. */
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 32, 64, 32, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 8, 16, 8};

  explicit TileConfig(bool halves) {
    if (halves) {
      bytes[4] = bytes[6] = 16;
      rows[5] = rows[7] = 4;
    }
  }
};

/** A chunk of weights, taken apart once for all rows of activations. */
struct Chunk {
  alignas(64) uint8_t codes[CHUNK / BLOCK][8 * 64];
  alignas(64) float scale[CHUNK / BLOCK][16];
  alignas(64) float bias[CHUNK / BLOCK][16];
};

template <int BITS, int KIND>
inline const uint8_t* open_chunk(const uint8_t* packed, int count, int group, Chunk& chunk) {
  constexpr size_t block_size = BITS == 4 ? 256 : BITS == 5 ? 320 : BITS == 6 ? 384 : 512;
  const int shift = group == 128 ? 2 : group == 64 ? 1 : 0;
  const uint8_t* head = packed;
  packed += head_size<KIND>(count * BLOCK / group);
  for (int b = 0; b < count; b++) {
    F scale = zero(), bias = zero();
    scales<BITS, KIND>(head, b >> shift, scale, bias);
    store(chunk.scale[b], scale);
    store(chunk.bias[b], bias);
    B v[8];
    codes<BITS>(packed, v);
    packed += block_size;
    for (int i = 0; i < 8; i++) {
      _mm512_store_si512(chunk.codes[b] + 64 * i, v[i]);
    }
  }
  return packed;
}

/** Four blocks: their products are stored as [block][row][output]. Operands alternate between tiles, so that two are on their way. */
inline void four_products(const Chunk& chunk, int first, const int8_t* x, size_t cols, int32_t* to) {
  const int8_t* from = x + first * BLOCK;
  _tile_loadd(4, from, cols);
  _tile_loadd(5, chunk.codes[first], 64);
  _tile_loadd(6, from + BLOCK, cols);
  _tile_loadd(7, chunk.codes[first + 1], 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_dpbsud(0, 4, 5);
  _tile_loadd(4, from + 2 * BLOCK, cols);
  _tile_loadd(5, chunk.codes[first + 2], 64);
  _tile_dpbsud(1, 6, 7);
  _tile_loadd(6, from + 3 * BLOCK, cols);
  _tile_loadd(7, chunk.codes[first + 3], 64);
  _tile_dpbsud(2, 4, 5);
  _tile_dpbsud(3, 6, 7);
  _tile_stored(0, to, 64);
  _tile_stored(1, to + 256, 64);
  _tile_stored(2, to + 512, 64);
  _tile_stored(3, to + 768, 64);
}

inline void one_product(const Chunk& chunk, int block, const int8_t* x, size_t cols, int32_t* to) {
  _tile_loadd(4, x + block * BLOCK, cols);
  _tile_loadd(5, chunk.codes[block], 64);
  _tile_zero(0);
  _tile_dpbsud(0, 4, 5);
  _tile_stored(0, to, 64);
}

template <int COUNT>
inline void add_products(const Chunk& chunk, int first, const int32_t* sums, const Act* acts, size_t blocks, float* out) {
  F scale[COUNT], bias[COUNT];
  for (int b = 0; b < COUNT; b++) {
    scale[b] = load(chunk.scale[first + b]);
    bias[b] = load(chunk.bias[first + b]);
  }
  for (int m = 0; m < AMX_ROWS; m++) {
    F total = load(out + 16 * m);
    const Act* act = acts + static_cast<size_t>(m) * blocks + first;
    for (int b = 0; b < COUNT; b++) {
      F dots = floats(_mm512_load_si512(sums + 256 * b + 16 * m));
      F part = fma(bias[b], set1(act[b].sum), mul(scale[b], dots));
      total = fma(part, set1(act[b].scale), total);
    }
    store(out + 16 * m, total);
  }
}

/** Groups of 16: the two halves of a block have sums of their own, and scales for themselves. */
inline void add_halves(const Chunk& chunk, int b, const int8_t* x, size_t cols, const Act* acts, size_t blocks, int32_t* sums,
                       float* out) {
  constexpr int zero_point = 32;
  _tile_loadd(4, x + b * BLOCK, cols);
  _tile_loadd(5, chunk.codes[b], 64);
  _tile_loadd(6, x + b * BLOCK + 16, cols);
  _tile_loadd(7, chunk.codes[b] + 256, 64);
  _tile_zero(0);
  _tile_zero(1);
  _tile_dpbsud(0, 4, 5);
  _tile_dpbsud(1, 6, 7);
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + 256, 64);
  F scale = load(chunk.scale[b]), other = load(chunk.bias[b]);
  for (int m = 0; m < AMX_ROWS; m++) {
    const Act& act = acts[static_cast<size_t>(m) * blocks + static_cast<size_t>(b)];
    I low = _mm512_add_epi32(set1i(-zero_point * act.low), _mm512_load_si512(sums + 16 * m));
    I high = _mm512_add_epi32(set1i(-zero_point * act.high), _mm512_load_si512(sums + 256 + 16 * m));
    F part = fma(other, floats(high), mul(scale, floats(low)));
    store(out + 16 * m, fma(part, set1(act.scale), load(out + 16 * m)));
  }
}

/** groups * 16 rows of activations times a tile. */
template <int BITS, int KIND>
void amx_rows(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int groups, float* out) {
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  Chunk chunk;
  alignas(64) int32_t sums[4 * 256];
  memset(out, 0, static_cast<size_t>(groups) * AMX_ROWS * 64);
  for (size_t first = 0; first < blocks; first += CHUNK / BLOCK) {
    int count = static_cast<int>(blocks - first < CHUNK / BLOCK ? blocks - first : CHUNK / BLOCK);
    packed = open_chunk<BITS, KIND>(packed, count, form.group, chunk);
    for (int g = 0; g < groups; g++) {
      const int8_t* from = x + static_cast<size_t>(g) * AMX_ROWS * cols + first * BLOCK;
      const Act* act = acts + static_cast<size_t>(g) * AMX_ROWS * blocks + first;
      float* to = out + g * AMX_ROWS * 16;
      if constexpr (KIND == SUPER16) {
        for (int b = 0; b < count; b++) {
          add_halves(chunk, b, from, cols, act, blocks, sums, to);
        }
      } else {
        int b = 0;
        for (; b + 4 <= count; b += 4) {
          four_products(chunk, b, from, cols, sums);
          add_products<4>(chunk, b, sums, act, blocks, to);
        }
        for (; b < count; b++) {
          one_product(chunk, b, from, cols, sums);
          add_products<1>(chunk, b, sums, act, blocks, to);
        }
      }
    }
  }
}

template <int BITS>
void amx_of_kind(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int groups, float* out) {
  switch (form.kind) {
    case CENTERED: return amx_rows<BITS, CENTERED>(form, packed, x, acts, groups, out);
    case HALF: return amx_rows<BITS, HALF>(form, packed, x, acts, groups, out);
    case BFLOAT: return amx_rows<BITS, BFLOAT>(form, packed, x, acts, groups, out);
    case FLOAT: return amx_rows<BITS, FLOAT>(form, packed, x, acts, groups, out);
    case SUPER: return amx_rows<BITS, SUPER>(form, packed, x, acts, groups, out);
    default:
      if constexpr (BITS == 6) {
        amx_rows<6, SUPER16>(form, packed, x, acts, groups, out);
      }
  }
}

void amx_tile(const Form& form, const uint8_t* packed, const QuantizedRows& rows, int first, int count, float* out) {
  int groups = count / AMX_ROWS, done = groups * AMX_ROWS;
  if (groups > 0) {
    const int8_t* x = rows.codes + static_cast<size_t>(first) * static_cast<size_t>(rows.cols);
    const Act* acts = rows.acts + static_cast<size_t>(first) * static_cast<size_t>(rows.cols / BLOCK);
    TileConfig config(form.kind == SUPER16);
    _tile_loadconfig(&config);
    switch (form.bits) {
      case 4: amx_of_kind<4>(form, packed, x, acts, groups, out); break;
      case 5: amx_of_kind<5>(form, packed, x, acts, groups, out); break;
      case 6: amx_of_kind<6>(form, packed, x, acts, groups, out); break;
      default: amx_of_kind<8>(form, packed, x, acts, groups, out); break;
    }
    _tile_release();
  }
  if (count > done) {
    tile(form, packed, rows, first + done, count - done, out + static_cast<size_t>(done) * 16);
  }
}

} // namespace

const Kernels amx_kernels = TL_KERNELS("amx-int8", amx_tile);

} // namespace tinyllm
