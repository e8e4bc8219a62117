#include <cstring>
#include <vector>

#include "attend.h"
#include "dispatch.h"
#include "half.h"
#include "ops.h"
#include "pool.h"

namespace tinyllm {
namespace {

constexpr float LOG2_E = 1.44269504f;

float value_at(const void* values, int kind, size_t at) {
  if (kind == KV_FLOAT) {
    return static_cast<const float*>(values)[at];
  }
  uint16_t narrow = static_cast<const uint16_t*>(values)[at];
  return kind == KV_HALF ? half_to_float(narrow) : bfloat_to_float(narrow);
}

/** One token of one sequence on its way into the cache, and its queries on theirs to the kernel. */
class Tokens {
 public:
  explicit Tokens(const CachedAttentionCall& call)
      : call_(call), set_(kernels()), group_(call.heads / call.kv_heads),
        queries_(static_cast<size_t>(call.heads * call.rows) * static_cast<size_t>(call.kv.dim)) {
    for (int s = 0; s < call.count; s++) {
      const Sequence& sequence = call.sequences[s];
      Rows rows;
      rows.queries = queries_of(sequence);
      rows.rows = sequence.tokens * group_;
      rows.kv_heads = call.kv_heads;
      rows.limits.resize(static_cast<size_t>(rows.rows));
      rows.outs.resize(static_cast<size_t>(rows.rows * call.kv_heads));
      rows.kv = call.kv;
      rows.kv.keys = sequence.keys;
      rows.kv.values = sequence.values;
      all_.push_back(std::move(rows));
      for (int i = 0; i < sequence.tokens; i++) {
        of_row_.push_back({s, i});
      }
    }
  }

  void run() {
    int tokens = static_cast<int>(of_row_.size());
    if (tokens < call_.rows) {
      memset(call_.out, 0, static_cast<size_t>(call_.rows) * static_cast<size_t>(call_.heads * call_.head_dim) * 4);
    }
    if (tokens < 4) {
      for (int row = 0; row < tokens; row++) {
        token(row);
      }
    } else {
      parallel(tokens, [this](int row) { token(row); });
    }
    attend(all_);
  }

 private:
  struct Place {
    int sequence;
    int index;
  };

  float* queries_of(const Sequence& sequence) {
    return queries_.data() + static_cast<size_t>(call_.heads * sequence.first_row) * static_cast<size_t>(call_.kv.dim);
  }

  void token(int row) {
    Place place = of_row_[static_cast<size_t>(row)];
    const Sequence& sequence = call_.sequences[place.sequence];
    Rows& rows = all_[static_cast<size_t>(place.sequence)];
    int position = sequence.position + place.index, hd = call_.head_dim;
    size_t width = static_cast<size_t>((call_.heads + 2 * call_.kv_heads) * hd);
    const float* from = call_.qkv + static_cast<size_t>(sequence.first_row + place.index) * width;
    float* out = call_.out + static_cast<size_t>(sequence.first_row + place.index) * static_cast<size_t>(call_.heads * hd);
    std::vector<float> normed(static_cast<size_t>(hd)), turned(static_cast<size_t>(hd));
    for (int h = 0; h < call_.heads; h++) {
      turn(from + h * hd, call_.q_norm, position, normed, turned);
      size_t at = static_cast<size_t>(h / group_ * rows.rows + place.index * group_ + h % group_);
      float* to = queries_of(sequence) + at * static_cast<size_t>(call_.kv.dim);
      for (int d = 0; d < hd; d++) {
        to[d] = turned[static_cast<size_t>(d)] * (call_.scale * LOG2_E);
      }
      rows.outs[at] = out + h * hd;
      rows.limits[static_cast<size_t>(place.index * group_ + h % group_)] = position + 1;
    }
    for (int h = 0; h < call_.kv_heads; h++) {
      const float* key = from + (call_.heads + h) * hd;
      if (call_.kv.turn.cosines == nullptr) {
        turn(key, call_.k_norm, position, normed, turned);
      } else {
        plain_key(key, h, normed, turned);
      }
      const float* value = from + (call_.heads + call_.kv_heads + h) * hd;
      set_.append(turned.data(), value, rows.kv, h, position);
    }
  }

  void turn(const float* head, const float* norm, int position, std::vector<float>& normed, std::vector<float>& turned) const {
    size_t angle = static_cast<size_t>(position) * static_cast<size_t>(call_.head_dim / 2);
    if (norm != nullptr) {
      set_.rms_norm(head, norm, call_.eps, call_.head_dim, normed.data());
      head = normed.data();
    }
    set_.rope(head, call_.cosines + angle, call_.sines + angle, call_.head_dim, call_.neighbours, turned.data());
  }

  /** A key that is stored before its rotation, and without the bias. */
  void plain_key(const float* key, int head, std::vector<float>& normed, std::vector<float>& plain) const {
    if (call_.k_norm != nullptr) {
      set_.rms_norm(key, call_.k_norm, call_.eps, call_.head_dim, normed.data());
      key = normed.data();
    }
    const float* bias = call_.kv.turn.bias;
    for (int d = 0; d < call_.head_dim; d++) {
      plain[static_cast<size_t>(d)] = key[d] - (bias == nullptr ? 0 : bias[head * call_.head_dim + d]);
    }
  }

  const CachedAttentionCall& call_;
  const Kernels& set_;
  int group_;
  std::vector<float> queries_;
  std::vector<Rows> all_;
  std::vector<Place> of_row_;
};

} // namespace

void cached_attention(const CachedAttentionCall& call) { Tokens(call).run(); }

void flash_attention(const FlashCall& call) {
  const Kernels& set = kernels();
  int group = call.heads / call.kv_heads, dim = kv_dim(call.head_dim, call.kind, call.kind), rows = call.queries * group;
  int room = (call.keys + 15) / 16 * 16;
  size_t head_size = static_cast<size_t>(room) * static_cast<size_t>(dim);
  size_t element = call.kind == KV_FLOAT ? 4 : 2;
  std::vector<char> keys(static_cast<size_t>(call.kv_heads) * head_size * element), values(keys.size());
  std::vector<float> queries(static_cast<size_t>(call.kv_heads * rows) * static_cast<size_t>(dim));
  std::vector<Rows> all(1);
  Rows& to = all.front();
  to.queries = queries.data();
  to.rows = rows;
  to.kv_heads = call.kv_heads;
  to.limits.resize(static_cast<size_t>(rows));
  to.outs.resize(static_cast<size_t>(call.kv_heads * rows));
  to.masks.resize(call.mask == nullptr ? 0 : to.outs.size());
  const char* pages[2] = {keys.data(), values.data()};
  to.kv = {&pages[0], &pages[1], 0, 0, room, dim, call.head_dim, call.kind, call.kind, 0, {}};
  size_t hd = static_cast<size_t>(call.head_dim);
  for (int b = 0; b < call.batch; b++) {
    parallel(call.kv_heads * call.keys, [&](int item) {
      size_t at = (static_cast<size_t>(b) * static_cast<size_t>(call.kv_heads * call.keys) + static_cast<size_t>(item)) * hd;
      std::vector<float> k(hd), v(hd);
      for (size_t d = 0; d < hd; d++) {
        k[d] = value_at(call.k, call.kind, at + d);
        v[d] = value_at(call.v, call.kind, at + d);
      }
      set.append(k.data(), v.data(), to.kv, item / call.keys, item % call.keys);
    });
    for (int h = 0; h < call.heads; h++) {
      for (int i = 0; i < call.queries; i++) {
        size_t at = (static_cast<size_t>(b * call.heads + h) * static_cast<size_t>(call.queries) + static_cast<size_t>(i)) * hd;
        size_t row = static_cast<size_t>(h / group * rows + i * group + h % group);
        for (size_t d = 0; d < hd; d++) {
          queries[row * static_cast<size_t>(dim) + d] = call.q[at + d] * (call.scale * LOG2_E);
        }
        to.outs[row] = call.out + at;
        to.limits[static_cast<size_t>(i * group + h % group)] = call.causal ? i + 1 + call.keys - call.queries : call.keys;
        if (call.mask != nullptr) {
          to.masks[row] = call.mask + static_cast<size_t>(b) * call.mask_stride[0] +
              static_cast<size_t>(h) * call.mask_stride[1] + static_cast<size_t>(i) * call.mask_stride[2];
        }
      }
    }
    attend(all);
  }
}

void read_cache(const KeyValues& kv, int kv_heads, int tokens, float* keys, float* values) {
  const Kernels& set = kernels();
  size_t dim = static_cast<size_t>(kv.dim), hd = static_cast<size_t>(kv.head_dim);
  int groups = (tokens + 15) / 16;
  parallel(kv_heads * groups, [&](int item) {
    int head = item / groups, first = item % groups * 16, count = tokens - first < 16 ? tokens - first : 16;
    std::vector<float> block(16 * dim), rows(16 * dim);
    set.unpack_keys(kv, head, first, count, block.data());
    set.unpack_values(kv, head, first, count, rows.data());
    for (size_t i = 0; i < static_cast<size_t>(count); i++) {
      size_t to = (static_cast<size_t>(head * tokens + first) + i) * hd;
      for (size_t d = 0; d < hd; d++) {
        keys[to + d] = block[16 * d + i];
        values[to + d] = rows[dim * i + d];
      }
    }
  });
}

void write_cache(const KeyValues& kv, int kv_heads, int position, int tokens, const float* keys, const float* values) {
  const Kernels& set = kernels();
  size_t hd = static_cast<size_t>(kv.head_dim), half = hd / 2;
  std::vector<float> plain(hd);
  for (int item = 0; item < kv_heads * tokens; item++) {
    int head = item / tokens, at = position + item % tokens;
    const float* key = keys + static_cast<size_t>(item) * hd;
    if (kv.turn.cosines != nullptr) {
      for (size_t i = 0; i < half; i++) {
        size_t angle = (static_cast<size_t>(at / 16) * half + i) * 16 + static_cast<size_t>(at % 16);
        float c = kv.turn.cosines[angle], s = kv.turn.sines[angle];
        size_t a = kv.turn.neighbours ? 2 * i : i, b = kv.turn.neighbours ? 2 * i + 1 : i + half;
        plain[a] = key[a] * c + key[b] * s;
        plain[b] = key[b] * c - key[a] * s;
      }
      for (size_t d = 0; d < hd && kv.turn.bias != nullptr; d++) {
        plain[d] -= kv.turn.bias[static_cast<size_t>(head) * hd + d];
      }
      key = plain.data();
    }
    set.append(key, values + static_cast<size_t>(item) * hd, kv, head, at);
  }
}

} // namespace tinyllm
