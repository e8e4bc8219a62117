#include "packing.h"

#include <cmath>
#include <cstring>

#include "half.h"

namespace tinyllm {
namespace {

uint16_t to_bfloat(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value)) {
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  }
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float from_bfloat(uint16_t value) {
  uint32_t bits = static_cast<uint32_t>(value) << 16;
  float wide;
  std::memcpy(&wide, &bits, 4);
  return wide;
}

void put_half(uint8_t* at, int lane, float value) {
  uint16_t half = float_to_half(value);
  std::memcpy(at + 2 * lane, &half, 2);
}

float get_half(const uint8_t* at, int lane) {
  uint16_t half;
  std::memcpy(&half, at + 2 * lane, 2);
  return half_to_float(half);
}

void put_scale(const Form& form, uint8_t* head, int group, int lane, float scale, float bias) {
  switch (form.kind) {
    case CENTERED: put_half(head + 32 * group, lane, scale); break;
    case HALF:
      put_half(head + 64 * group, lane, scale);
      put_half(head + 64 * group + 32, lane, bias);
      break;
    case BFLOAT: {
      uint16_t both[2] = {to_bfloat(scale), to_bfloat(bias)};
      std::memcpy(head + 64 * group + 2 * lane, &both[0], 2);
      std::memcpy(head + 64 * group + 32 + 2 * lane, &both[1], 2);
      break;
    }
    case FLOAT:
      std::memcpy(head + 128 * group + 4 * lane, &scale, 4);
      std::memcpy(head + 128 * group + 64 + 4 * lane, &bias, 4);
      break;
    case SUPER:
      head[64 + 32 * group + lane] = static_cast<uint8_t>(scale);
      head[64 + 32 * group + 16 + lane] = static_cast<uint8_t>(bias);
      break;
    default: head[32 + 16 * group + lane] = static_cast<uint8_t>(static_cast<int8_t>(scale)); break;
  }
}

void get_scale(const Form& form, const uint8_t* head, int group, int lane, float& scale, float& bias) {
  bias = 0;
  switch (form.kind) {
    case CENTERED: scale = get_half(head + 32 * group, lane); break;
    case HALF:
      scale = get_half(head + 64 * group, lane);
      bias = get_half(head + 64 * group + 32, lane);
      return;
    case BFLOAT: {
      uint16_t both[2];
      std::memcpy(&both[0], head + 64 * group + 2 * lane, 2);
      std::memcpy(&both[1], head + 64 * group + 32 + 2 * lane, 2);
      scale = from_bfloat(both[0]);
      bias = from_bfloat(both[1]);
      return;
    }
    case FLOAT:
      std::memcpy(&scale, head + 128 * group + 4 * lane, 4);
      std::memcpy(&bias, head + 128 * group + 64 + 4 * lane, 4);
      return;
    case SUPER:
      scale = get_half(head, lane) * head[64 + 32 * group + lane];
      bias = -(get_half(head + 32, lane) * head[64 + 32 * group + 16 + lane]);
      return;
    default: scale = get_half(head, lane) * static_cast<int8_t>(head[32 + 16 * group + lane]); break;
  }
  bias = -static_cast<float>(1 << (form.bits - 1)) * scale;
}

/** Byte `at` of vector `vector` in a block. */
void put_code(int bits, uint8_t* block, int vector, int at, uint8_t code) {
  if (bits == 8) {
    block[64 * vector + at] = code;
    return;
  }
  block[64 * (vector % 4) + at] = static_cast<uint8_t>(block[64 * (vector % 4) + at] | (code & 15) << (vector < 4 ? 0 : 4));
  uint8_t* upper = block + 256;
  if (bits == 5) {
    upper[8 * vector + at / 8] = static_cast<uint8_t>(upper[8 * vector + at / 8] | (code >> 4 & 1) << at % 8);
  } else if (bits == 6) {
    upper[64 * (vector / 4) + at] =
        static_cast<uint8_t>(upper[64 * (vector / 4) + at] | (code >> 4 & 3) << 2 * (vector % 4));
  }
}

int get_code(int bits, const uint8_t* block, int vector, int at) {
  if (bits == 8) {
    return block[64 * vector + at];
  }
  int code = block[64 * (vector % 4) + at] >> (vector < 4 ? 0 : 4) & 15;
  const uint8_t* upper = block + 256;
  if (bits == 5) {
    code |= (upper[8 * vector + at / 8] >> at % 8 & 1) << 4;
  } else if (bits == 6) {
    code |= (upper[64 * (vector / 4) + at] >> 2 * (vector % 4) & 3) << 4;
  }
  return code;
}

} // namespace

const char* problem(const Form& form) {
  if (form.rows < 1 || form.cols < 1) {
    return "a packed matrix has to have rows and columns";
  }
  if (form.bits != 4 && form.bits != 5 && form.bits != 6 && form.bits != 8) {
    return "bits have to be 4, 5, 6 or 8";
  }
  if (form.kind < CENTERED || form.kind > SUPER16) {
    return "the kind of scales is unknown";
  }
  if (form.kind == SUPER16) {
    return form.bits == 6 && form.group == 16 && form.cols % CHUNK == 0
        ? nullptr
        : "groups of 16 come with 6 bits and a multiple of 256 columns";
  }
  if (form.group != 32 && form.group != 64 && form.group != 128) {
    return "groups have to be 32, 64 or 128 columns";
  }
  if (form.cols % form.group != 0) {
    return "columns have to be a multiple of the group";
  }
  if (form.kind == SUPER && (form.group != 32 || form.cols % CHUNK != 0)) {
    return "scales of scales come with groups of 32 and a multiple of 256 columns";
  }
  return nullptr;
}

int tiles(const Form& form) { return (form.rows + TILE - 1) / TILE; }

size_t block_bytes(int bits) { return bits == 4 ? 256 : bits == 5 ? 320 : bits == 6 ? 384 : 512; }

size_t head_bytes(const Form& form, int cols) {
  size_t groups = static_cast<size_t>(cols / form.group);
  size_t bytes = form.kind == CENTERED ? 32 * groups
      : form.kind == FLOAT             ? 128 * groups
      : form.kind == SUPER             ? 64 + 32 * groups
      : form.kind == SUPER16           ? 32 + 16 * groups
                                       : 64 * groups;
  return (bytes + 63) / 64 * 64;
}

size_t tile_bytes(const Form& form) {
  size_t blocks = static_cast<size_t>(form.cols / BLOCK);
  int rest = form.cols % CHUNK;
  return blocks * block_bytes(form.bits) + static_cast<size_t>(form.cols / CHUNK) * head_bytes(form, CHUNK) +
      (rest == 0 ? 0 : head_bytes(form, rest));
}

size_t packed_bytes(const Form& form) { return static_cast<size_t>(tiles(form)) * tile_bytes(form); }

void pack_tile(const Form& form, int rows, const uint8_t* codes, const float* scales, const float* biases, const float* d,
               const float* dmin, uint8_t* to) {
  std::memset(to, 0, tile_bytes(form));
  int groups = form.cols / form.group;
  int chunks = (form.cols + CHUNK - 1) / CHUNK;
  for (int first = 0; first < form.cols; first += CHUNK) {
    int cols = form.cols - first < CHUNK ? form.cols - first : CHUNK;
    uint8_t* blocks = to + head_bytes(form, cols);
    for (int r = 0; r < rows; r++) {
      if (form.kind >= SUPER) {
        put_half(to, r, d[r * chunks + first / CHUNK]);
      }
      if (form.kind == SUPER) {
        put_half(to + 32, r, dmin[r * chunks + first / CHUNK]);
      }
      for (int g = 0; g < cols / form.group; g++) {
        size_t at = static_cast<size_t>(r) * groups + first / form.group + g;
        put_scale(form, to, g, r, scales[at], biases == nullptr ? 0 : biases[at]);
      }
      for (int c = 0; c < cols; c++) {
        put_code(form.bits, blocks + c / BLOCK * block_bytes(form.bits), c % BLOCK / 4, 4 * r + c % 4,
                 codes[static_cast<size_t>(r) * form.cols + first + c]);
      }
    }
    to = blocks + cols / BLOCK * block_bytes(form.bits);
  }
}

void unpack_row(const Form& form, const uint8_t* packed, int row, float* to) {
  const uint8_t* from = packed + row / TILE * tile_bytes(form);
  int r = row % TILE;
  for (int first = 0; first < form.cols; first += CHUNK) {
    int cols = form.cols - first < CHUNK ? form.cols - first : CHUNK;
    const uint8_t* blocks = from + head_bytes(form, cols);
    for (int g = 0; g < cols / form.group; g++) {
      float scale, bias;
      get_scale(form, from, g, r, scale, bias);
      for (int c = g * form.group; c < (g + 1) * form.group; c++) {
        int code = get_code(form.bits, blocks + c / BLOCK * block_bytes(form.bits), c % BLOCK / 4, 4 * r + c % 4);
        *to++ = scale * static_cast<float>(code) + bias;
      }
    }
    from = blocks + cols / BLOCK * block_bytes(form.bits);
  }
}

} // namespace tinyllm
