// The functions that exist once per instruction set. Each computes one row, or one tile, by the same sequence of operations in
// every set, so that results are equal bit for bit whichever of them runs, and whatever runs beside it.

#pragma once

#include <cstddef>
#include <cstdint>

#include "kv.h"
#include "packing.h"

namespace tinyllm {

/** As many rows as a kernel takes at once. */
constexpr int ROWS_TOGETHER = 16;

/** Of one block of 32 activations: x is about scale * q; the sums are those of the q. */
struct Act {
  float scale;
  float sum;
  int32_t low;  // of the first 16
  int32_t high; // of the other 16
};

/** Rows of activations as int8. Memory goes on to a whole multiple of ROWS_TOGETHER rows, whatever lies there. */
struct QuantizedRows {
  const int8_t* codes;
  const Act* acts;
  int cols;
};

/** Keys that are stored before their rotation, and without a bias: what reading them adds. Null angles: they lie as they are read. */
struct KeyTurn {
  const float* cosines; // [positions / 16][head_dim / 2][16]
  const float* sines;
  const float* bias; // [kv heads][head_dim], or null
  bool neighbours;
};

/** Keys and values of some tokens, in pages of one layer; kv.h says how they lie in a page. */
struct KeyValues {
  const char* const* keys; // pages; a layer's part begins at keys_at
  const char* const* values;
  size_t keys_at;
  size_t values_at;
  int page_tokens; // a multiple of 16
  int dim;         // components of a head in memory, a multiple of 16
  int head_dim;
  int key_kind; // KvKind
  int value_kind;
  int origin; // the position that the first page begins with
  KeyTurn turn;

  /** Attention reads the pages as they are; others are unpacked first. */
  bool plain() const { return key_kind == value_kind && key_kind <= KV_BFLOAT && turn.cosines == nullptr; }
};

constexpr int ATTENTION_ROWS = 8;
constexpr int ATTENTION_BLOCK = 64;
constexpr int ATTENTION_SPAN = 512;
constexpr int VOCABULARY_BLOCK = 64;

/** Up to eight query rows that read the same keys. */
struct QueryTile {
  const float* queries; // [rows][dim], times scale * log2(e)
  int rows;
  const int* limits;              // row r sees the keys below limits[r]
  const float* const* masks;      // of each row, to be added to the scores; null for none
  int kv_head;
};

/** What a span of keys gives for each row: the largest score, the sum of weights, the weighted sum of values. */
struct SpanResult {
  float largest[ATTENTION_ROWS];
  float total[ATTENTION_ROWS];
  float* values; // [rows][dim]
};

struct Kernels {
  const char* name;
  /** Normalises (if norm is not null) and quantizes one row; returns false if a value is not finite. scratch: cols floats. */
  bool (*quantize)(const float* x, const float* norm, float eps, int cols, float* scratch, int8_t* codes, Act* acts);
  /** out[m * 16 + r] = row r of the tile times activation row m. */
  void (*tile)(const Form& form, const uint8_t* packed, const QuantizedRows& x, int first, int count, float* out);
  /** Gives back what `tile` keeps of the processor on this thread, after the last of some tiles. */
  void (*release)();
  /** out = x / rms(x) * weight */
  void (*rms_norm)(const float* x, const float* weight, float eps, int cols, float* out);
  void (*swiglu)(const float* gate, const float* up, int count, float* out);
  void (*softmax)(const float* x, int cols, float* out);
  float (*log_sum_exp)(const float* x, int cols);
  /** The largest value of each VOCABULARY_BLOCK values, the last of which may be fewer; returns false if one is no number. */
  bool (*block_maxima)(const float* x, int cols, float* maxima);
  /** The sum of exp(scale * (x - largest)); largest is finite. */
  float (*exp_sum)(const float* x, int cols, float largest, float scale);
  /** Rotates one head by the angles of one position; cosines and sines have dim / 2 values. */
  void (*rope)(const float* x, const float* cosines, const float* sines, int dim, bool neighbours, float* out);
  /** Keys first … first + 511 of plain pages, as far as a row's limit goes. */
  void (*span)(const QueryTile& tile, const KeyValues& kv, int first, SpanResult& result);
  /** Adds a later span's result to the one before it, for one row. */
  void (*merge)(float& largest, float& total, float* values, float span_largest, float span_total, const float* span_values,
                int dim);
  /** Writes one token's key and value of one head into its page. */
  void (*append)(const float* key, const float* value, const KeyValues& kv, int kv_head, int position);
  /** Keys from `first` on, a multiple of 16, as floats [count / 16, rounded up][dim][16], turned. */
  void (*unpack_keys)(const KeyValues& kv, int kv_head, int first, int count, float* out);
  /** Their values as floats [count][dim]. */
  void (*unpack_values)(const KeyValues& kv, int kv_head, int first, int count, float* out);
};

extern const Kernels plain_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avxvnni_kernels;
extern const Kernels avx512_kernels;
extern const Kernels amx_kernels;
#elif defined(__aarch64__)
extern const Kernels neon_kernels;
#endif

} // namespace tinyllm
