// AVX-512 VNNI, and for five rows of activations and more the int8 tiles of AMX. A tile product is the same exact integer sum of one
// block of 32 columns; what follows is the float combination of matmul.inl, in the same order.

#include <initializer_list>

#define TL_ROWS 8
#include "half.h"
#include "lanes_avx512.h"
#include "forms.inl"

namespace tinyllm {
namespace {

constexpr int AMX_ROWS = 16;
// Fewer rows than these are quicker without tiles.
constexpr int LEAST_AMX_ROWS = 5;

/** Tiles 0 to 3 are products [16 rows, 16 outputs], 4 and 6 activations, 5 and 7 weights, of 32 columns or of 16. */
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start = 0;
  uint8_t reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 32, 64, 32, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 8, 16, 8};

  /** For so many rows of activations, 1 … 16. */
  TileConfig(int count, bool halves) {
    for (int tile : {0, 1, 2, 3, 4, 6}) {
      rows[tile] = static_cast<uint8_t>(count);
    }
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

/** The chunk that comes next, fetched a few lines at a time while this one's products are added up. */
class Ahead {
 public:
  /** Of `bytes` bytes, in `times` portions. */
  Ahead(const uint8_t* from, size_t bytes, int times) : at_(from), end_(from + bytes) {
    size_t lines = (bytes + 63) / 64, portions = static_cast<size_t>(times);
    step_ = (lines + portions - 1) / portions * 64;
  }

  void fetch() {
    for (const uint8_t* stop = at_ + step_; at_ < stop && at_ < end_; at_ += 64) {
      prefetch(at_);
    }
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  size_t step_;
};

template <int COUNT>
inline void add_products(const Chunk& chunk, int first, const int32_t* sums, int rows, const Act* acts, size_t blocks, Ahead& ahead,
                         float* out) {
  F scale[COUNT], bias[COUNT];
  for (int b = 0; b < COUNT; b++) {
    scale[b] = load(chunk.scale[first + b]);
    bias[b] = load(chunk.bias[first + b]);
  }
  for (int m = 0; m < rows; m++) {
    ahead.fetch();
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
inline void add_halves(const Chunk& chunk, int b, const int8_t* x, size_t cols, int rows, const Act* acts, size_t blocks,
                       int32_t* sums, Ahead& ahead, float* out) {
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
  for (int m = 0; m < rows; m++) {
    ahead.fetch();
    const Act& act = acts[static_cast<size_t>(m) * blocks + static_cast<size_t>(b)];
    I low = _mm512_add_epi32(set1i(-zero_point * act.low), _mm512_load_si512(sums + 16 * m));
    I high = _mm512_add_epi32(set1i(-zero_point * act.high), _mm512_load_si512(sums + 256 + 16 * m));
    F part = fma(other, floats(high), mul(scale, floats(low)));
    store(out + 16 * m, fma(part, set1(act.scale), load(out + 16 * m)));
  }
}

/** groups * rows rows of activations times a tile; rows are what the tiles are configured for. */
template <int BITS, int KIND>
void amx_rows(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int groups, int rows, float* out) {
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  Chunk chunk;
  alignas(64) int32_t sums[4 * 256];
  memset(out, 0, static_cast<size_t>(groups * rows) * 64);
  for (size_t first = 0; first < blocks; first += CHUNK / BLOCK) {
    int count = static_cast<int>(blocks - first < CHUNK / BLOCK ? blocks - first : CHUNK / BLOCK);
    const uint8_t* next = open_chunk<BITS, KIND>(packed, count, form.group, chunk);
    Ahead ahead(next, static_cast<size_t>(next - packed), (KIND == SUPER16 ? count : (count + 3) / 4) * rows);
    packed = next;
    for (int g = 0; g < groups; g++) {
      const int8_t* from = x + static_cast<size_t>(g * rows) * cols + first * BLOCK;
      const Act* act = acts + static_cast<size_t>(g * rows) * blocks + first;
      float* to = out + g * rows * 16;
      if constexpr (KIND == SUPER16) {
        for (int b = 0; b < count; b++) {
          add_halves(chunk, b, from, cols, rows, act, blocks, sums, ahead, to);
        }
      } else {
        int b = 0;
        for (; b + 4 <= count; b += 4) {
          four_products(chunk, b, from, cols, sums);
          add_products<4>(chunk, b, sums, rows, act, blocks, ahead, to);
        }
        for (; b < count; b++) {
          one_product(chunk, b, from, cols, sums);
          add_products<1>(chunk, b, sums, rows, act, blocks, ahead, to);
        }
      }
    }
  }
}

template <int BITS>
void amx_of_kind(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int groups, int rows, float* out) {
  switch (form.kind) {
    case CENTERED: return amx_rows<BITS, CENTERED>(form, packed, x, acts, groups, rows, out);
    case HALF: return amx_rows<BITS, HALF>(form, packed, x, acts, groups, rows, out);
    case BFLOAT: return amx_rows<BITS, BFLOAT>(form, packed, x, acts, groups, rows, out);
    case FLOAT: return amx_rows<BITS, FLOAT>(form, packed, x, acts, groups, rows, out);
    case SUPER: return amx_rows<BITS, SUPER>(form, packed, x, acts, groups, rows, out);
    default:
      if constexpr (BITS == 6) {
        amx_rows<6, SUPER16>(form, packed, x, acts, groups, rows, out);
      }
  }
}

/** groups * rows rows of activations, from row `first` on. */
void amx_groups(const Form& form, const uint8_t* packed, const QuantizedRows& all, int first, int groups, int rows, float* out) {
  const int8_t* x = all.codes + static_cast<size_t>(first) * static_cast<size_t>(all.cols);
  const Act* acts = all.acts + static_cast<size_t>(first) * static_cast<size_t>(all.cols / BLOCK);
  TileConfig config(rows, form.kind == SUPER16);
  _tile_loadconfig(&config);
  switch (form.bits) {
    case 4: amx_of_kind<4>(form, packed, x, acts, groups, rows, out); break;
    case 5: amx_of_kind<5>(form, packed, x, acts, groups, rows, out); break;
    case 6: amx_of_kind<6>(form, packed, x, acts, groups, rows, out); break;
    default: amx_of_kind<8>(form, packed, x, acts, groups, rows, out); break;
  }
  _tile_release();
}

void amx_tile(const Form& form, const uint8_t* packed, const QuantizedRows& rows, int first, int count, float* out) {
  int groups = count / AMX_ROWS, done = groups * AMX_ROWS, rest = count - done;
  if (groups > 0) {
    amx_groups(form, packed, rows, first, groups, AMX_ROWS, out);
  }
  float* to = out + static_cast<size_t>(done) * 16;
  if (rest >= LEAST_AMX_ROWS) {
    amx_groups(form, packed, rows, first + done, 1, rest, to);
  } else if (rest > 0) {
    tile(form, packed, rows, first + done, rest, to);
  }
}

} // namespace

const Kernels amx_kernels = TL_KERNELS("amx-int8", amx_tile);

} // namespace tinyllm
