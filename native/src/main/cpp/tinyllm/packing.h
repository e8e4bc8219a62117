// The layout of quantized weights that all matrix kernels read, the same for every instruction set.
//
// Sixteen rows make a tile, so that one vector register holds one value of each row and no sum across a register is ever needed.
// A tile is a run of chunks of 256 columns (the last may be shorter); a chunk is its scales, then its blocks of 32 columns:
//
//   scales   in 16-row vectors, as `Kind` says, padded to 64 bytes
//   block    four columns of 16 rows make a 64-byte vector V0 … V7; row r has bytes 4r … 4r+3
//     4 bits   four vectors, V[i] in the low and V[i+4] in the high nibbles
//     5 bits   the same, then 64 bits for each of V0 … V7: the fifth bits
//     6 bits   the same as 4, then two vectors with the upper two bits: V[4t+s] of vector t at bit 2s
//     8 bits   V0 … V7
//
// A weight is scale * code + bias of its row and group; codes are unsigned.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tinyllm {

/** How the scales of a chunk are stored. */
enum Kind : int32_t {
  CENTERED = 0, // float16 scale; the bias is -2^(bits-1) * scale
  HALF = 1,     // float16 scale, float16 bias
  BFLOAT = 2,   // bfloat16 scale, bfloat16 bias
  FLOAT = 3,    // float32 scale, float32 bias
  SUPER = 4,    // groups of 32: float16 d and dmin per chunk, 8-bit multipliers per group: d * s and -dmin * m
  SUPER16 = 5   // groups of 16, 6 bits: float16 d per chunk, signed 8-bit multipliers; the bias is -32 * scale
};

constexpr int TILE = 16;
constexpr int CHUNK = 256;
constexpr int BLOCK = 32;

/** What a packed matrix looks like. */
struct Form {
  int32_t rows;
  int32_t cols;
  int32_t bits;
  int32_t group;
  int32_t kind;
};

/** Null if the form is one that the kernels know, else a sentence that says what is wrong. */
const char* problem(const Form& form);

int tiles(const Form& form);
size_t block_bytes(int bits);
/** Bytes of the scales in front of a chunk of `cols` columns. */
size_t head_bytes(const Form& form, int cols);
/** Bytes of one tile. */
size_t tile_bytes(const Form& form);
/** Bytes of the whole matrix. */
size_t packed_bytes(const Form& form);

/**
 * Packs one tile of up to 16 rows; absent rows are zero.
 *
 * @param codes rows x cols bytes
 * @param scales rows x (cols / group): real scales, or multipliers with SUPER and SUPER16
 * @param biases the same, biases, or multipliers of dmin with SUPER; unused with CENTERED and SUPER16
 * @param d rows x (cols / 256), with SUPER and SUPER16
 * @param dmin the same, with SUPER
 */
void pack_tile(const Form& form, int rows, const uint8_t* codes, const float* scales, const float* biases, const float* d,
               const float* dmin, uint8_t* to);

/** The weights of one row as floats. */
void unpack_row(const Form& form, const uint8_t* packed, int row, float* to);

} // namespace tinyllm
