// AVX-512 VNNI, and for five rows of activations and more the int8 tiles of AMX. A tile product is the same exact integer sum of one
// block of 32 columns; what follows is the float combination of matmul.inl, in the same order.
//
// Tiles and vectors share the processor's ports: the products of a block and their addition take turns, however they are mixed
// (tried: a block ahead of its addition, in turn row by row; slower). So each operation less in either counts.

#include <initializer_list>

#define TL_ROWS 8
#define TL_TOGETHER 4
#include "half.h"
#include "lanes_avx512.h"
#include "forms.inl"

namespace tinyllm {
namespace {

// Fewer rows than these are quicker without tiles: alone, and after others that have taken the weights apart.
constexpr int LEAST_AMX_ROWS = 5;
constexpr int LEAST_AMX_REST = 3;

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

/** What this thread's tiles are configured for; loading it takes as long as three blocks of products. */
class Tiles {
 public:
  void configure(int rows, bool halves) {
    int wanted = halves ? -rows : rows;
    if (wanted != now_) {
      TileConfig config(rows, halves);
      _tile_loadconfig(&config);
      now_ = wanted;
    }
  }

  void release() {
    if (now_ != 0) {
      _tile_release();
      now_ = 0;
    }
  }

 private:
  int now_ = 0;
};

thread_local Tiles tiles_of_thread;

void amx_release() { tiles_of_thread.release(); }

// How far ahead of the next chunk memory is asked for.
constexpr size_t CHUNK_FAR = 4096;

/** Codes that are stored with their zero point taken off need no bias. */
template <int KIND>
constexpr bool SIGNED = KIND == CENTERED || KIND == SUPER16;
/** Products of a block: its halves have sums of their own where groups are of 16. */
template <int KIND>
constexpr int PER_BLOCK = KIND == SUPER16 ? 2 : 1;

/** A chunk of weights, taken apart once for all rows of activations. */
struct Chunk {
  alignas(64) uint8_t codes[CHUNK / BLOCK][8 * 64];
  alignas(64) float scale[CHUNK / BLOCK][16];
  alignas(64) float bias[CHUNK / BLOCK][16];
};

template <int BITS, int KIND>
inline void tile_codes(const uint8_t* block, B* v) {
  if constexpr (SIGNED<KIND> && BITS == 5) { // less 16, and 16 more where the fifth bit is
    const B less16 = _mm512_set1_epi8(static_cast<char>(0xf0));
    for (int i = 0; i < 4; i++) {
      B both = bytes(block + 64 * i);
      v[i] = _mm512_or_si512(both, less16);
      v[i + 4] = _mm512_or_si512(_mm512_srli_epi16(both, 4), less16);
    }
    for (int i = 0; i < 8; i++) {
      v[i] = with5(v[i], block + 256 + 8 * i);
    }
  } else {
    codes<BITS>(block, v);
    if constexpr (SIGNED<KIND>) {
      const B zero_point = _mm512_set1_epi8(static_cast<char>(1 << (BITS - 1)));
      for (int i = 0; i < 8; i++) {
        v[i] = _mm512_sub_epi8(v[i], zero_point);
      }
    }
  }
}

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
    if constexpr (KIND != CENTERED) {
      store(chunk.bias[b], bias);
    }
    B v[8];
    tile_codes<BITS, KIND>(packed, v);
    packed += block_size;
    for (int i = 0; i < 8; i++) {
      _mm512_store_si512(chunk.codes[b] + 64 * i, v[i]);
    }
  }
  return packed;
}

// The compiler's functions want the numbers of tiles as they are written.
#define TL_LOAD(x_tile, w_tile, product)                                                                                       \
  _tile_loadd(x_tile, x + (first + (product) / per) * BLOCK + (product) % per * 16, cols);                                     \
  _tile_loadd(w_tile, chunk.codes[first + (product) / per] + (product) % per * 256, 64)
#define TL_MULTIPLY(to_tile, x_tile, w_tile)                                                                                   \
  _tile_zero(to_tile);                                                                                                         \
  if constexpr (SIGNED<KIND>) {                                                                                                \
    _tile_dpbssd(to_tile, x_tile, w_tile);                                                                                     \
  } else {                                                                                                                     \
    _tile_dpbsud(to_tile, x_tile, w_tile);                                                                                     \
  }

/** One to four products of the blocks from `first` on, stored as [product][row][output]. Operands alternate between tiles. */
template <int KIND, int COUNT>
inline void products(const Chunk& chunk, int first, const int8_t* x, size_t cols, int32_t* to) {
  constexpr int per = PER_BLOCK<KIND>;
  static_assert(COUNT == 1 || COUNT == 2 || COUNT == 4);
  TL_LOAD(4, 5, 0);
  if constexpr (COUNT > 1) {
    TL_LOAD(6, 7, 1);
  }
  TL_MULTIPLY(0, 4, 5)
  if constexpr (COUNT > 2) {
    TL_LOAD(4, 5, 2);
  }
  if constexpr (COUNT > 1) {
    TL_MULTIPLY(1, 6, 7)
  }
  if constexpr (COUNT > 2) {
    TL_LOAD(6, 7, 3);
    TL_MULTIPLY(2, 4, 5)
    TL_MULTIPLY(3, 6, 7)
  }
  _tile_stored(0, to, 64);
  if constexpr (COUNT > 1) {
    _tile_stored(1, to + 256, 64);
  }
  if constexpr (COUNT > 2) {
    _tile_stored(2, to + 512, 64);
    _tile_stored(3, to + 768, 64);
  }
}

#undef TL_LOAD
#undef TL_MULTIPLY

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
      prefetch_far(at_ + CHUNK_FAR);
      prefetch(at_);
    }
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  size_t step_;
};

template <int KIND, int BLOCKS>
inline void add_products(const Chunk& chunk, int first, const int32_t* sums, int rows, const Act* acts, size_t blocks, Ahead& ahead,
                         float* out) {
  F scale[BLOCKS], bias[BLOCKS];
  for (int b = 0; b < BLOCKS; b++) {
    scale[b] = load(chunk.scale[first + b]);
    if constexpr (KIND != CENTERED) {
      bias[b] = load(chunk.bias[first + b]);
    }
  }
  for (int m = 0; m < rows; m++) {
    ahead.fetch();
    F total = load(out + 16 * m);
    const Act* act = acts + static_cast<size_t>(m) * blocks + first;
    for (int b = 0; b < BLOCKS; b++) {
      const int32_t* sum = sums + 256 * PER_BLOCK<KIND> * b + 16 * m;
      F part = mul(scale[b], floats(_mm512_load_si512(sum)));
      if constexpr (KIND == SUPER16) { // the other half's scale is where other kinds have the bias
        part = fma(bias[b], floats(_mm512_load_si512(sum + 256)), part);
      } else if constexpr (KIND != CENTERED) {
        part = fma(bias[b], set1(act[b].sum), part);
      }
      total = fma(part, set1(act[b].scale), total);
    }
    store(out + 16 * m, total);
  }
}

/** `count` rows of activations times a tile, in groups of `rows`, which is what the tiles are configured for. */
template <int BITS, int KIND>
void amx_rows(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int count, int rows, float* out) {
  constexpr int per = PER_BLOCK<KIND>, together = 4 / per;
  const size_t cols = static_cast<size_t>(form.cols), blocks = cols / BLOCK;
  Chunk chunk;
  alignas(64) int32_t sums[4 * 256];
  memset(out, 0, static_cast<size_t>(count) * 64);
  for (size_t first = 0; first < blocks; first += CHUNK / BLOCK) {
    int wide = static_cast<int>(blocks - first < CHUNK / BLOCK ? blocks - first : CHUNK / BLOCK);
    const uint8_t* next = open_chunk<BITS, KIND>(packed, wide, form.group, chunk);
    Ahead ahead(next, static_cast<size_t>(next - packed), (wide + together - 1) / together * rows);
    packed = next;
    for (int done = 0; done < count; done += rows) {
      int now = count - done < rows ? count - done : rows;
      const int8_t* from = x + static_cast<size_t>(done) * cols + first * BLOCK;
      const Act* act = acts + static_cast<size_t>(done) * blocks + first;
      float* to = out + done * 16;
      int b = 0;
      for (; b + together <= wide; b += together) {
        products<KIND, 4>(chunk, b, from, cols, sums);
        add_products<KIND, together>(chunk, b, sums, now, act, blocks, ahead, to);
      }
      for (; b < wide; b++) {
        products<KIND, per>(chunk, b, from, cols, sums);
        add_products<KIND, 1>(chunk, b, sums, now, act, blocks, ahead, to);
      }
    }
  }
}

template <int BITS>
void amx_of_kind(const Form& form, const uint8_t* packed, const int8_t* x, const Act* acts, int count, int rows, float* out) {
  switch (form.kind) {
    case CENTERED: return amx_rows<BITS, CENTERED>(form, packed, x, acts, count, rows, out);
    case HALF: return amx_rows<BITS, HALF>(form, packed, x, acts, count, rows, out);
    case BFLOAT: return amx_rows<BITS, BFLOAT>(form, packed, x, acts, count, rows, out);
    case FLOAT: return amx_rows<BITS, FLOAT>(form, packed, x, acts, count, rows, out);
    case SUPER: return amx_rows<BITS, SUPER>(form, packed, x, acts, count, rows, out);
    default:
      if constexpr (BITS == 6) {
        amx_rows<6, SUPER16>(form, packed, x, acts, count, rows, out);
      }
  }
}

/** Rows first … first + count - 1 of activations; the last group may be read beyond them, as far as its tiles reach. */
void amx_groups(const Form& form, const uint8_t* packed, const QuantizedRows& all, int first, int count, int rows, float* out) {
  const int8_t* x = all.codes + static_cast<size_t>(first) * static_cast<size_t>(all.cols);
  const Act* acts = all.acts + static_cast<size_t>(first) * static_cast<size_t>(all.cols / BLOCK);
  tiles_of_thread.configure(rows, form.kind == SUPER16);
  switch (form.bits) {
    case 4: amx_of_kind<4>(form, packed, x, acts, count, rows, out); break;
    case 5: amx_of_kind<5>(form, packed, x, acts, count, rows, out); break;
    case 6: amx_of_kind<6>(form, packed, x, acts, count, rows, out); break;
    default: amx_of_kind<8>(form, packed, x, acts, count, rows, out); break;
  }
}

void amx_tile(const Form& form, const uint8_t* packed, const QuantizedRows& rows, int first, int count, float* out) {
  int rest = count % ROWS_TOGETHER, whole = count - rest;
  if (rest >= (whole > 0 ? LEAST_AMX_REST : LEAST_AMX_ROWS)) {
    whole = count;
  }
  if (whole > 0) {
    amx_groups(form, packed, rows, first, whole, whole < ROWS_TOGETHER ? whole : ROWS_TOGETHER, out);
  }
  if (whole < count) {
    tile(form, packed, rows, first + whole, count - whole, out + static_cast<size_t>(whole) * 16);
  }
}

} // namespace

const Kernels amx_kernels = TL_KERNELS("amx-int8", amx_tile, amx_release);

} // namespace tinyllm
