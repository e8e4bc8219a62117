// Flash attention over one span of keys: blocks of 64 from the span's start, each row by the same operations in the same order
// whichever rows stand beside it. Keys lie transposed in groups of sixteen, so that one register holds one component of sixteen keys.

template <int KIND>
inline F components(const void* p, size_t at) {
  if constexpr (KIND == KV_HALF) {
    return load_half(static_cast<const uint16_t*>(p) + at);
  } else if constexpr (KIND == KV_BFLOAT) {
    return load_bfloat(static_cast<const uint16_t*>(p) + at);
  } else {
    return load(static_cast<const float*>(p) + at);
  }
}

inline const char* keys_block(const KeyValues& kv, int kv_head, int key) {
  int at = key - kv.origin;
  return kv.keys[at / kv.page_tokens] + kv.keys_at + kv_block_at(kv.key_kind, kv.dim, kv.page_tokens, kv_head, at % kv.page_tokens);
}

inline const char* values_block(const KeyValues& kv, int kv_head, int key) {
  int at = key - kv.origin;
  return kv.values[at / kv.page_tokens] + kv.values_at +
      kv_block_at(kv.value_kind, kv.dim, kv.page_tokens, kv_head, at % kv.page_tokens);
}

template <int KIND, int ROWS, int GROUPS>
inline void scores(const float* q, int dim, const void* const* keys, float* out) {
  F sums[ROWS][GROUPS];
  for (int r = 0; r < ROWS; r++) {
    for (int g = 0; g < GROUPS; g++) {
      sums[r][g] = zero();
    }
  }
  for (int d = 0; d < dim; d++) {
    F k[GROUPS];
    for (int g = 0; g < GROUPS; g++) {
      k[g] = components<KIND>(keys[g], 16 * static_cast<size_t>(d));
    }
    for (int r = 0; r < ROWS; r++) {
      F x = set1(q[static_cast<size_t>(r) * static_cast<size_t>(dim) + static_cast<size_t>(d)]);
      for (int g = 0; g < GROUPS; g++) {
        sums[r][g] = fma(x, k[g], sums[r][g]);
      }
    }
  }
  for (int r = 0; r < ROWS; r++) {
    for (int g = 0; g < GROUPS; g++) {
      store(out + ATTENTION_BLOCK * r + 16 * g, sums[r][g]);
    }
  }
}

template <int KIND, int GROUPS>
inline void scores_of(int rows, const float* q, int dim, const void* const* keys, float* out) {
  while (rows > 0) {
    int done = 1;
    if (rows >= 8) {
      scores<KIND, 8, GROUPS>(q, dim, keys, out);
      done = 8;
    } else if (rows >= 7) {
      scores<KIND, 7, GROUPS>(q, dim, keys, out);
      done = 7;
    } else if (rows >= 4) {
      scores<KIND, 4, GROUPS>(q, dim, keys, out);
      done = 4;
    } else if (rows >= 2) {
      scores<KIND, 2, GROUPS>(q, dim, keys, out);
      done = 2;
    } else {
      scores<KIND, 1, GROUPS>(q, dim, keys, out);
    }
    rows -= done;
    q += static_cast<size_t>(done) * static_cast<size_t>(dim);
    out += ATTENTION_BLOCK * done;
  }
}

/** values = values * decay + weights of `count` keys times their values, for ROWS rows and WIDE vectors of their components. */
template <int KIND, int ROWS, int WIDE>
inline void weigh(const KeyValues& kv, int kv_head, int first, int count, const float* weights, const float* decay,
                  float* values, int component) {
  const size_t dim = static_cast<size_t>(kv.dim);
  F sums[ROWS][WIDE];
  for (int r = 0; r < ROWS; r++) {
    for (int w = 0; w < WIDE; w++) {
      sums[r][w] = mul(load(values + static_cast<size_t>(r) * dim + component + 16 * w), set1(decay[r]));
    }
  }
  for (int group = 0; group < count; group += 16) {
    const void* from = values_block(kv, kv_head, first + group);
    int keys = count - group < 16 ? count - group : 16;
    for (int j = 0; j < keys; j++) {
      F v[WIDE];
      for (int w = 0; w < WIDE; w++) {
        v[w] = components<KIND>(from, static_cast<size_t>(j) * dim + static_cast<size_t>(component + 16 * w));
      }
      for (int r = 0; r < ROWS; r++) {
        F p = set1(weights[ATTENTION_BLOCK * r + group + j]);
        for (int w = 0; w < WIDE; w++) {
          sums[r][w] = fma(p, v[w], sums[r][w]);
        }
      }
    }
  }
  for (int r = 0; r < ROWS; r++) {
    for (int w = 0; w < WIDE; w++) {
      store(values + static_cast<size_t>(r) * dim + component + 16 * w, sums[r][w]);
    }
  }
}

template <int KIND, int ROWS>
inline void weigh_all(const KeyValues& kv, int kv_head, int first, int count, const float* weights, const float* decay,
                      float* values) {
  int component = 0;
  for (; component + 64 <= kv.dim; component += 64) {
    weigh<KIND, ROWS, 4>(kv, kv_head, first, count, weights, decay, values, component);
  }
  for (; component < kv.dim; component += 16) {
    weigh<KIND, ROWS, 1>(kv, kv_head, first, count, weights, decay, values, component);
  }
}

/** Scores become weights, in place; tells how much everything before has to be scaled down. */
inline float weights_of(float* s, int groups, int valid, const float* mask, float& largest, F& total) {
  F none = set1(-INFINITY);
  F most = none;
  for (int g = 0; g < groups; g++) {
    F x = load(s + 16 * g);
    int keys = valid - 16 * g;
    if (mask != nullptr) {
      x = fma(load_some(mask + 16 * g, keys < 0 ? 0 : keys, 0), set1(LOG2_E), x);
    }
    x = first(keys < 0 ? 0 : keys, x, none);
    store(s + 16 * g, x);
    most = max(most, x);
  }
  float now = max_of_lanes(most);
  now = largest > now ? largest : now;
  float base = now == -INFINITY ? 0 : now;
  float lane[16];
  store(lane, exp2(set1(largest - base)));
  total = mul(total, set1(lane[0]));
  for (int g = 0; g < groups; g++) {
    F p = exp2(sub(load(s + 16 * g), set1(base)));
    // what a row does not see has no weight, whatever the largest score is
    p = first(valid - 16 * g < 0 ? 0 : valid - 16 * g, p, zero());
    total = add(total, p);
    store(s + 16 * g, p);
  }
  largest = now;
  return lane[0];
}

template <int KIND>
void span_of(const QueryTile& tile, const KeyValues& kv, int start, SpanResult& result) {
  const size_t dim = static_cast<size_t>(kv.dim);
  F totals[ATTENTION_ROWS];
  int end = 0;
  for (int r = 0; r < tile.rows; r++) {
    totals[r] = zero();
    result.largest[r] = -INFINITY;
    end = tile.limits[r] > end ? tile.limits[r] : end;
  }
  end = end < start + ATTENTION_SPAN ? end : start + ATTENTION_SPAN;
  memset(result.values, 0, static_cast<size_t>(tile.rows) * dim * 4);
  for (int block = start; block < end; block += ATTENTION_BLOCK) {
    alignas(64) float s[ATTENTION_ROWS * ATTENTION_BLOCK];
    float decay[ATTENTION_ROWS];
    int valid[ATTENTION_ROWS];
    int keys = end - block < ATTENTION_BLOCK ? end - block : ATTENTION_BLOCK;
    int groups = (keys + 15) / 16;
    for (int g = 0; g < groups; g += 2) {
      const void* from[2] = {keys_block(kv, tile.kv_head, block + 16 * g), nullptr};
      if (g + 1 < groups) {
        from[1] = keys_block(kv, tile.kv_head, block + 16 * (g + 1));
        scores_of<KIND, 2>(tile.rows, tile.queries, kv.dim, from, s + 16 * g);
      } else {
        scores_of<KIND, 1>(tile.rows, tile.queries, kv.dim, from, s + 16 * g);
      }
    }
    for (int r = 0; r < tile.rows; r++) {
      int left = tile.limits[r] - block;
      valid[r] = left < 0 ? 0 : left < keys ? left : keys;
      const float* mask = tile.masks == nullptr ? nullptr : tile.masks[r] + block;
      decay[r] = weights_of(s + ATTENTION_BLOCK * r, groups, valid[r], mask, result.largest[r], totals[r]);
    }
    for (int r = 0; r < tile.rows;) {
      float* values = result.values + static_cast<size_t>(r) * dim;
      const float* weights = s + ATTENTION_BLOCK * r;
      bool four = r + 4 <= tile.rows && valid[r] == valid[r + 1] && valid[r] == valid[r + 2] && valid[r] == valid[r + 3];
      if (four) {
        weigh_all<KIND, 4>(kv, tile.kv_head, block, valid[r], weights, decay + r, values);
      } else {
        weigh_all<KIND, 1>(kv, tile.kv_head, block, valid[r], weights, decay + r, values);
      }
      r += four ? 4 : 1;
    }
  }
  for (int r = 0; r < tile.rows; r++) {
    result.total[r] = sum_of_lanes(totals[r]);
  }
}

void span(const QueryTile& tile, const KeyValues& kv, int start, SpanResult& result) {
  if (kv.key_kind == KV_FLOAT) {
    span_of<KV_FLOAT>(tile, kv, start, result);
  } else if (kv.key_kind == KV_HALF) {
    span_of<KV_HALF>(tile, kv, start, result);
  } else {
    span_of<KV_BFLOAT>(tile, kv, start, result);
  }
}

void merge(float& largest, float& total, float* values, float span_largest, float span_total, const float* span_values,
           int dim) {
  float now = largest > span_largest ? largest : span_largest;
  now = span_largest != span_largest ? span_largest : now;
  float base = now == -INFINITY ? 0 : now;
  float before[16], after[16];
  store(before, exp2(set1(largest - base)));
  store(after, exp2(set1(span_largest - base)));
  total = total * before[0] + span_total * after[0];
  for (int d = 0; d < dim; d += 16) {
    store(values + d, fma(load(span_values + d), set1(after[0]), mul(load(values + d), set1(before[0]))));
  }
  largest = now;
}

