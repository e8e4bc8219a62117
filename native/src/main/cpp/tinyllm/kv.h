// How keys and values lie in pages. Sixteen tokens of one KV head make a block, for keys and for values alike:
//   float, half, bfloat  keys [dim][16 tokens], values [16 tokens][dim]
//   8 and 4 bits         codes in the same order, then float16 scales and zeros of groups of 64 components:
//                        for keys [groups][scale, zero][16 tokens], for values [16 tokens][groups][scale, zero].
//                        With 4 bits, components c and c + 16 of each 32 share a byte, c in its low half.
// A page's part of a layer is [kv heads][page tokens / 16] blocks of keys, then as many of values.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tinyllm {

/** How keys or values are stored. */
enum KvKind { KV_FLOAT, KV_HALF, KV_BFLOAT, KV_8, KV_4 };

constexpr int KV_GROUP = 64;

/** Components of a head in memory. */
inline int kv_dim(int head_dim, int key_kind, int value_kind) {
  int step = key_kind == KV_4 || value_kind == KV_4 ? 32 : 16;
  return (head_dim + step - 1) / step * step;
}

inline size_t kv_groups(int dim) { return static_cast<size_t>((dim + KV_GROUP - 1) / KV_GROUP); }

/** Bytes of the codes, or numbers, of a block. */
inline size_t kv_codes(int kind, int dim) {
  size_t count = 16 * static_cast<size_t>(dim);
  return kind == KV_FLOAT ? 4 * count : kind == KV_8 ? count : kind == KV_4 ? count / 2 : 2 * count;
}

/** Bytes of a block. */
inline size_t kv_block(int kind, int dim) {
  return kv_codes(kind, dim) + (kind == KV_8 || kind == KV_4 ? 64 * kv_groups(dim) : 0);
}

/** Where in a page's part the block lies that has the token at `in_page`. */
inline size_t kv_block_at(int kind, int dim, int page_tokens, int kv_head, int in_page) {
  return static_cast<size_t>(kv_head * (page_tokens / 16) + in_page / 16) * kv_block(kind, dim);
}

/** Writes one token's key into its block, as codes. `lane` is its place among the sixteen. */
void write_key_codes(char* block, int kind, int dim, int head_dim, int lane, const float* key);
void write_value_codes(char* block, int kind, int dim, int head_dim, int lane, const float* value);

} // namespace tinyllm
