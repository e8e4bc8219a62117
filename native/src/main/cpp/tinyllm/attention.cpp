#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "dispatch.h"
#include "half.h"
#include "ops.h"
#include "pool.h"

namespace tinyllm {
namespace {

constexpr float LOG2_E = 1.44269504f;
constexpr float NEVER = -std::numeric_limits<float>::infinity();

float half_at(const void* halves, size_t at) { return half_to_float(static_cast<const uint16_t*>(halves)[at]); }

int padded(int dim) { return (dim + 15) / 16 * 16; }

/** Query rows that share KV heads, and where each row's result goes. */
struct Rows {
  const float* queries; // [kv heads][rows][dim]
  int rows;             // of each KV head
  int kv_heads;
  int head_dim;
  const std::vector<int>& limits;
  const std::vector<const float*>* masks; // [kv heads][rows], or null
  const std::vector<float*>& outs;        // [kv heads][rows], head_dim each
};

/** One tile's running result. */
struct Running {
  float largest[ATTENTION_ROWS];
  float total[ATTENTION_ROWS];
  std::vector<float> values;

  Running(int rows, int dim) : values(static_cast<size_t>(rows) * static_cast<size_t>(dim)) {
    std::fill_n(largest, ATTENTION_ROWS, NEVER);
    std::fill_n(total, ATTENTION_ROWS, 0.0f);
  }

  void add(const Kernels& set, int row, const SpanResult& span, int dim) {
    size_t at = static_cast<size_t>(row) * static_cast<size_t>(dim);
    set.merge(largest[row], total[row], values.data() + at, span.largest[row], span.total[row], span.values + at, dim);
  }

  void finish(int row, int dim, int head_dim, float* out) const {
    const float* sums = values.data() + static_cast<size_t>(row) * static_cast<size_t>(dim);
    for (int d = 0; d < head_dim; d++) {
      out[d] = sums[d] / total[row];
    }
  }
};

class Attend {
 public:
  Attend(const Rows& rows, const KeyValues& kv) : rows_(rows), kv_(kv), set_(kernels()) {
    tiles_ = (rows.rows + ATTENTION_ROWS - 1) / ATTENTION_ROWS;
    int most = *std::max_element(rows.limits.begin(), rows.limits.end());
    spans_ = std::max(1, (most + ATTENTION_SPAN - 1) / ATTENTION_SPAN);
  }

  void run() {
    // Few queries over many keys: the spans are shared out as well, and merged afterwards in their order.
    if (tiles_ * rows_.kv_heads < 4 * threads() && spans_ > 1) {
      by_spans();
    } else {
      parallel(tiles_ * rows_.kv_heads, [this](int item) { whole(item / tiles_, item % tiles_); });
    }
  }

 private:
  QueryTile tile_of(int head, int tile) const {
    int first = tile * ATTENTION_ROWS;
    size_t row = static_cast<size_t>(head) * static_cast<size_t>(rows_.rows) + static_cast<size_t>(first);
    QueryTile t;
    t.queries = rows_.queries + row * static_cast<size_t>(kv_.dim);
    t.rows = std::min(ATTENTION_ROWS, rows_.rows - first);
    t.limits = rows_.limits.data() + first;
    t.masks = rows_.masks == nullptr ? nullptr : rows_.masks->data() + row;
    t.kv_head = head;
    return t;
  }

  static int end_of(const QueryTile& t) { return *std::max_element(t.limits, t.limits + t.rows); }

  void whole(int head, int tile) {
    QueryTile t = tile_of(head, tile);
    Running running(t.rows, kv_.dim);
    std::vector<float> values(running.values.size());
    for (int first = 0; first < end_of(t); first += ATTENTION_SPAN) {
      SpanResult span;
      span.values = values.data();
      set_.span(t, kv_, first, span);
      add(t, first, span, running);
    }
    finish(head, tile, t, running);
  }

  /** A row whose keys end before the span has no part in it. */
  void add(const QueryTile& t, int first, const SpanResult& span, Running& running) {
    for (int r = 0; r < t.rows; r++) {
      if (t.limits[r] > first) {
        running.add(set_, r, span, kv_.dim);
      }
    }
  }

  void finish(int head, int tile, const QueryTile& t, const Running& running) {
    size_t row = static_cast<size_t>(head) * static_cast<size_t>(rows_.rows) + static_cast<size_t>(tile * ATTENTION_ROWS);
    for (int r = 0; r < t.rows; r++) {
      running.finish(r, kv_.dim, rows_.head_dim, rows_.outs[row + static_cast<size_t>(r)]);
    }
  }

  void by_spans() {
    int items = rows_.kv_heads * tiles_ * spans_;
    size_t each = static_cast<size_t>(ATTENTION_ROWS) * static_cast<size_t>(kv_.dim);
    std::vector<float> values(static_cast<size_t>(items) * each);
    std::vector<SpanResult> results(static_cast<size_t>(items));
    parallel(items, [&](int item) {
      SpanResult& span = results[static_cast<size_t>(item)];
      span.values = values.data() + static_cast<size_t>(item) * each;
      QueryTile t = tile_of(item / spans_ / tiles_, item / spans_ % tiles_);
      if (item % spans_ * ATTENTION_SPAN < end_of(t)) {
        set_.span(t, kv_, item % spans_ * ATTENTION_SPAN, span);
      }
    });
    for (int at = 0; at < rows_.kv_heads * tiles_; at++) {
      QueryTile t = tile_of(at / tiles_, at % tiles_);
      Running running(t.rows, kv_.dim);
      for (int s = 0; s < spans_ && s * ATTENTION_SPAN < end_of(t); s++) {
        add(t, s * ATTENTION_SPAN, results[static_cast<size_t>(at * spans_ + s)], running);
      }
      finish(at / tiles_, at % tiles_, t, running);
    }
  }

  const Rows& rows_;
  const KeyValues& kv_;
  const Kernels& set_;
  int tiles_;
  int spans_;
};

} // namespace

void cached_attention(const CachedAttentionCall& call) {
  const Kernels& set = kernels();
  int group = call.heads / call.kv_heads, dim = call.kv.dim, head_dim = call.head_dim;
  int rows = call.tokens * group;
  size_t width = static_cast<size_t>((call.heads + 2 * call.kv_heads) * head_dim);
  std::vector<float> queries(static_cast<size_t>(call.kv_heads) * static_cast<size_t>(rows) * static_cast<size_t>(dim));
  std::vector<int> limits(static_cast<size_t>(rows));
  std::vector<float*> outs(static_cast<size_t>(call.kv_heads * rows));
  auto token = [&](int i) {
    const float* from = call.qkv + static_cast<size_t>(i) * width;
    size_t angle = static_cast<size_t>(i) * static_cast<size_t>(head_dim / 2);
    std::vector<float> normed(static_cast<size_t>(head_dim)), turned(static_cast<size_t>(head_dim));
    auto turn = [&](const float* head, const float* norm) {
      if (norm != nullptr) {
        set.rms_norm(head, norm, call.eps, head_dim, normed.data());
        head = normed.data();
      }
      set.rope(head, call.cosines + angle, call.sines + angle, head_dim, call.neighbours, turned.data());
    };
    for (int h = 0; h < call.heads; h++) {
      turn(from + h * head_dim, call.q_norm);
      size_t row = static_cast<size_t>(h / group * rows + i * group + h % group);
      float* to = queries.data() + row * static_cast<size_t>(dim);
      for (int d = 0; d < head_dim; d++) {
        to[d] = turned[static_cast<size_t>(d)] * (call.scale * LOG2_E);
      }
      outs[row] = call.out + (static_cast<size_t>(i) * static_cast<size_t>(call.heads) + static_cast<size_t>(h)) *
              static_cast<size_t>(head_dim);
      limits[static_cast<size_t>(i * group + h % group)] = call.position + i + 1;
    }
    for (int h = 0; h < call.kv_heads; h++) {
      turn(from + (call.heads + h) * head_dim, call.k_norm);
      const float* value = from + (call.heads + call.kv_heads + h) * head_dim;
      set.append(turned.data(), value, call.kv, h, call.position + i, head_dim);
    }
  };
  if (call.tokens < 4) {
    for (int i = 0; i < call.tokens; i++) {
      token(i);
    }
  } else {
    parallel(call.tokens, token);
  }
  Rows all{queries.data(), rows, call.kv_heads, head_dim, limits, nullptr, outs};
  Attend(all, call.kv).run();
}

void flash_attention(const FlashCall& call) {
  const Kernels& set = kernels();
  int group = call.heads / call.kv_heads, dim = padded(call.head_dim), rows = call.queries * group;
  int room = (call.keys + 15) / 16 * 16;
  size_t head_size = static_cast<size_t>(room) * static_cast<size_t>(dim);
  size_t element = call.half ? 2 : 4;
  std::vector<char> keys(static_cast<size_t>(call.kv_heads) * head_size * element), values(keys.size());
  std::vector<float> queries(static_cast<size_t>(call.kv_heads * rows) * static_cast<size_t>(dim));
  std::vector<int> limits(static_cast<size_t>(rows));
  std::vector<const float*> masks(static_cast<size_t>(call.kv_heads * rows));
  std::vector<float*> outs(masks.size());
  const void* pages[2] = {keys.data(), values.data()};
  KeyValues kv{&pages[0], &pages[1], room, dim, call.half};
  size_t hd = static_cast<size_t>(call.head_dim);
  for (int b = 0; b < call.batch; b++) {
    parallel(call.kv_heads * call.keys, [&](int item) {
      size_t at = (static_cast<size_t>(b) * static_cast<size_t>(call.kv_heads * call.keys) + static_cast<size_t>(item)) * hd;
      std::vector<float> k(hd), v(hd);
      for (size_t d = 0; d < hd; d++) {
        k[d] = call.half ? half_at(call.k, at + d) : static_cast<const float*>(call.k)[at + d];
        v[d] = call.half ? half_at(call.v, at + d) : static_cast<const float*>(call.v)[at + d];
      }
      set.append(k.data(), v.data(), kv, item / call.keys, item % call.keys, call.head_dim);
    });
    for (int h = 0; h < call.heads; h++) {
      for (int i = 0; i < call.queries; i++) {
        size_t at = (static_cast<size_t>(b * call.heads + h) * static_cast<size_t>(call.queries) + static_cast<size_t>(i)) * hd;
        size_t row = static_cast<size_t>(h / group * rows + i * group + h % group);
        for (size_t d = 0; d < hd; d++) {
          queries[row * static_cast<size_t>(dim) + d] = call.q[at + d] * (call.scale * LOG2_E);
        }
        outs[row] = call.out + at;
        limits[static_cast<size_t>(i * group + h % group)] = call.causal ? i + 1 + call.keys - call.queries : call.keys;
        if (call.mask != nullptr) {
          masks[row] = call.mask + static_cast<size_t>(b) * call.mask_stride[0] +
              static_cast<size_t>(h) * call.mask_stride[1] + static_cast<size_t>(i) * call.mask_stride[2];
        }
      }
    }
    Rows all{queries.data(), rows, call.kv_heads, call.head_dim, limits, call.mask == nullptr ? nullptr : &masks, outs};
    Attend(all, kv).run();
  }
}

void read_cache(const KeyValues& kv, int kv_heads, int tokens, int head_dim, float* keys, float* values) {
  size_t dim = static_cast<size_t>(kv.dim), hd = static_cast<size_t>(head_dim);
  parallel(kv_heads * tokens, [&](int item) {
    int head = item / tokens, token = item % tokens, in_page = token % kv.page_tokens;
    size_t base = static_cast<size_t>(head * kv.page_tokens);
    size_t group = (base + static_cast<size_t>(in_page / 16 * 16)) * dim + static_cast<size_t>(in_page % 16);
    size_t row = (base + static_cast<size_t>(in_page)) * dim;
    const void* k = kv.keys[token / kv.page_tokens];
    const void* v = kv.values[token / kv.page_tokens];
    for (size_t d = 0; d < hd; d++) {
      size_t to = static_cast<size_t>(item) * hd + d;
      keys[to] = kv.half ? half_at(k, group + 16 * d) : static_cast<const float*>(k)[group + 16 * d];
      values[to] = kv.half ? half_at(v, row + d) : static_cast<const float*>(v)[row + d];
    }
  });
}

} // namespace tinyllm
