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

int padded(int dim) { return (dim + 15) / 16 * 16; }

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
      rows.head_dim = call.head_dim;
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
      turn(from + (call_.heads + h) * hd, call_.k_norm, position, normed, turned);
      const float* value = from + (call_.heads + call_.kv_heads + h) * hd;
      set_.append(turned.data(), value, rows.kv, h, position, hd);
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
  int group = call.heads / call.kv_heads, dim = padded(call.head_dim), rows = call.queries * group;
  int room = (call.keys + 15) / 16 * 16;
  size_t head_size = static_cast<size_t>(room) * static_cast<size_t>(dim);
  size_t element = kv_bytes(call.kind);
  std::vector<char> keys(static_cast<size_t>(call.kv_heads) * head_size * element), values(keys.size());
  std::vector<float> queries(static_cast<size_t>(call.kv_heads * rows) * static_cast<size_t>(dim));
  std::vector<Rows> all(1);
  Rows& to = all.front();
  to.queries = queries.data();
  to.rows = rows;
  to.kv_heads = call.kv_heads;
  to.head_dim = call.head_dim;
  to.limits.resize(static_cast<size_t>(rows));
  to.outs.resize(static_cast<size_t>(call.kv_heads * rows));
  to.masks.resize(call.mask == nullptr ? 0 : to.outs.size());
  const char* pages[2] = {keys.data(), values.data()};
  to.kv = {&pages[0], &pages[1], 0, 0, room, dim, call.kind};
  size_t hd = static_cast<size_t>(call.head_dim);
  for (int b = 0; b < call.batch; b++) {
    parallel(call.kv_heads * call.keys, [&](int item) {
      size_t at = (static_cast<size_t>(b) * static_cast<size_t>(call.kv_heads * call.keys) + static_cast<size_t>(item)) * hd;
      std::vector<float> k(hd), v(hd);
      for (size_t d = 0; d < hd; d++) {
        k[d] = value_at(call.k, call.kind, at + d);
        v[d] = value_at(call.v, call.kind, at + d);
      }
      set.append(k.data(), v.data(), to.kv, item / call.keys, item % call.keys, call.head_dim);
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

void read_cache(const KeyValues& kv, int kv_heads, int tokens, int head_dim, float* keys, float* values) {
  size_t dim = static_cast<size_t>(kv.dim), hd = static_cast<size_t>(head_dim);
  parallel(kv_heads * tokens, [&](int item) {
    int head = item / tokens, token = item % tokens, in_page = token % kv.page_tokens;
    size_t base = static_cast<size_t>(head * kv.page_tokens);
    size_t group = (base + static_cast<size_t>(in_page / 16 * 16)) * dim + static_cast<size_t>(in_page % 16);
    size_t row = (base + static_cast<size_t>(in_page)) * dim;
    const char* k = kv.keys[token / kv.page_tokens] + kv.keys_at;
    const char* v = kv.values[token / kv.page_tokens] + kv.values_at;
    for (size_t d = 0; d < hd; d++) {
      size_t to = static_cast<size_t>(item) * hd + d;
      keys[to] = value_at(k, kv.kind, group + 16 * d);
      values[to] = value_at(v, kv.kind, row + d);
    }
  });
}

} // namespace tinyllm
