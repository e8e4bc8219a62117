// The operations on plain memory: what the primitives run. All floats are row-major.

#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace tinyllm {

/** A packed matrix, and what is added to its products. */
struct Weight {
  const uint8_t* data; // 64-byte aligned
  Form form;
  const float* bias; // [rows], or null
  bool finite;       // every scale and bias is a finite number
};

constexpr int MAX_WEIGHTS = 3;

/** One reading of x for several matrices. */
struct LinearCall {
  const float* x; // [rows, cols]
  int rows;
  int cols;
  const float* norm; // [cols]: x is normalised by RMSNorm first; null for not
  float eps;
  Weight weights[MAX_WEIGHTS];
  int count;
  bool swiglu;           // two matrices of one shape, gate and up: silu(gate) * up is one output
  const float* residual; // added to the output, [rows, outputs]; null for none
  float* out;            // [rows, outputs]; several matrices' outputs stand side by side
};

void linear(const LinearCall& call);

/** New tokens of one sequence, and its pages. */
struct Sequence {
  int first_row; // of qkv
  int tokens;    // may be none
  int position;  // of the first one
  const char* const* keys; // pages, with room for position + tokens
  const char* const* values;
};

/** Rotary embedding of new tokens, their keys and values appended, and attention of each over its sequence up to itself. */
struct CachedAttentionCall {
  const float* qkv; // [rows, (heads + 2 kv heads) * head_dim]
  int rows;         // those of no sequence give zeros
  const Sequence* sequences;
  int count;
  int heads;
  int kv_heads;
  int head_dim;
  const float* cosines; // [positions, head_dim / 2]
  const float* sines;
  bool neighbours;
  const float* q_norm; // [head_dim], or null
  const float* k_norm;
  float eps;
  float scale;
  KeyValues kv; // how every sequence's pages look; its own page lists are not read
  float* out;   // [rows, heads * head_dim]
};

void cached_attention(const CachedAttentionCall& call);

/** Attention over whole tensors. */
struct FlashCall {
  const float* q; // [batch, heads, queries, head_dim]
  const void* k;  // [batch, kv heads, keys, head_dim]
  const void* v;
  int kind; // KV_FLOAT or KV_HALF
  int batch;
  int heads;
  int kv_heads;
  int queries;
  int keys;
  int head_dim;
  float scale;
  bool causal;           // query i sees the keys up to i + keys - queries
  const float* mask;     // added to the scaled scores; null for none
  size_t mask_stride[3]; // of batch, head, query in floats; 0 where it is broadcast
  float* out;
};

void flash_attention(const FlashCall& call);

/** The first `tokens` keys and values of one layer, as [kv heads, tokens, head_dim] floats: the keys rotated. */
void read_cache(const KeyValues& kv, int kv_heads, int tokens, float* keys, float* values);
/** Rotated keys, and values [kv heads, tokens, head_dim], from a position on. */
void write_cache(const KeyValues& kv, int kv_heads, int position, int tokens, const float* keys, const float* values);

void rms_norm(const float* x, const float* residual, const float* weight, float eps, int rows, int cols, float* sum, float* out);
void swiglu(const float* gate, const float* up, size_t count, float* out);
void softmax(const float* x, int rows, int cols, float* out);
/** One value for each row. */
void log_sum_exp(const float* x, int rows, int cols, float* out);

/** The most likely tokens of each row of logits, and what turns logits into probabilities. */
struct CandidatesCall {
  const float* x; // [any, stride]
  int rows;
  const int32_t* picked; // [rows], which of x; null for the first ones in their order
  const int32_t* masks;  // [rows, (cols + 31) / 32], a bit for each column that takes part, the lowest first; null for all
  int stride;
  int cols;            // of each row, those that take part
  const int32_t* counts; // [rows], candidates of each, 1 to width
  int width;             // at most cols
  const float* scales; // [rows, 2]: sums of exp(scale * x) are wanted for these; 0 where none is
  int32_t* ids;        // [rows, width], by falling value, then rising id; -1 in a row that holds a NaN, and behind a row's own count
  float* values;       // [rows, width]; NaN at such places
  float* sums;         // [rows, 2]: log of the sum of exp(scale * x); NaN where none is wanted
};

void top_candidates(const CandidatesCall& call);
/** x [heads, tokens, dim] with cosines and sines [tokens, dim / 2]. */
void rope(const float* x, const float* cosines, const float* sines, int heads, int tokens, int dim, bool neighbours, float* out);
void embed(const Weight& table, const int32_t* ids, int count, float* out);

} // namespace tinyllm
