// Flash attention of many queries: q [B, Hq, L, D] over k, v [B, Hkv, S, D] -> out [B, Hq, L, D]. A threadgroup of GROUPS SIMD groups
// owns eight queries for each SIMD group, and walks the keys in tiles of BK with an online softmax; no L x S matrix ever exists.
// CAUSAL: query i sees the keys up to S - L + i, and tiles beyond the last query's key are never visited. MASKED: mask, of four axes that
// are 1 or those of [B, Hq, L, S], is added to the scaled scores; where it is -INFINITY, a key is hidden.

// Rows first … first + rows of a [limit, D] matrix become a tile, zero beyond its end.
template <typename T, int D>
inline void load_rows(const device T* from, threadgroup float* tile, uint first, uint rows, uint limit, float factor, uint t,
                      uint threads) {
  for (uint i = t; i < rows * D; i += threads) {
    tile[i] = first + i / D < limit ? float(from[first * D + i]) * factor : 0.0f;
  }
}

// An 8 x 8 matrix with these eight numbers on its diagonal: from the left it scales the rows of another matrix.
inline void load_diagonal(thread simdgroup_float8x8& m, threadgroup float* square, threadgroup const float* numbers, uint lane) {
  simdgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = lane; i < 64; i += 32) {
    square[i] = i / 8 == i % 8 ? numbers[i / 8] : 0.0f;
  }
  simdgroup_barrier(mem_flags::mem_threadgroup);
  simdgroup_load(m, square, 8);
}

// The grid is (32 · GROUPS · tiles of 8 · GROUPS queries, Hq, B). D: the head's size, a multiple of 8; BK: keys of a tile, at most 32
// and at most 8 · GROUPS. Threadgroup memory is 32 D GROUPS bytes and a little: GROUPS 4 to head size 128, 2 for 256.
// BEGIN KERNEL attention_prefill
constexpr int PARTS = D / 8, QUERIES = 8 * GROUPS, THREADS = 32 * GROUPS;
threadgroup float tile[QUERIES * D];  // queries, then keys, then values, at the end the result
threadgroup float scores[QUERIES * 36];
threadgroup float rows[GROUPS * 8];
threadgroup float squares[GROUPS * 64];
uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, batch = thread_position_in_grid.z;
uint heads = uint(q_shape[1]), length = uint(q_shape[2]), key_heads = uint(k_shape[1]), keys = uint(k_shape[2]);
uint first = threadgroup_position_in_grid.x * QUERIES;
const device T* queries = q + (batch * heads + head) * length * D;
uint key_start = (batch * key_heads + head / (heads / key_heads)) * keys * D;
uint mask_heads = uint(mask_shape[1]), mask_rows = uint(mask_shape[2]), mask_keys = uint(mask_shape[3]);
uint mask_start = ((mask_shape[0] == 1 ? 0 : batch) * mask_heads + (mask_heads == 1 ? 0 : head)) * mask_rows * mask_keys;
threadgroup float* my_scores = scores + simdgroup * 8 * 36;
threadgroup float* my_rows = rows + simdgroup * 8;
threadgroup float* my_square = squares + simdgroup * 64;

load_rows<T, D>(queries, tile, first, QUERIES, length, scale * M_LOG2E_F, t, THREADS);
threadgroup_barrier(mem_flags::mem_threadgroup);
simdgroup_float8x8 mine[PARTS], sums[PARTS];
for (int p = 0; p < PARTS; ++p) {
  simdgroup_load(mine[p], tile + simdgroup * 8 * D + p * 8, D);
  sums[p] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
}
float largest[8], total[8];
for (int r = 0; r < 8; ++r) {
  largest[r] = -INFINITY;
  total[r] = 0;
}

uint last = CAUSAL ? min(keys, keys - length + first + QUERIES) : keys;
for (uint k0 = 0; k0 < last; k0 += BK) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_rows<T, D>(k + key_start, tile, k0, BK, keys, 1.0f, t, THREADS);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int c = 0; c < BK / 8; ++c) {
    simdgroup_float8x8 s = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    for (int p = 0; p < PARTS; ++p) {
      simdgroup_float8x8 b;
      simdgroup_load(b, tile + c * 8 * D + p * 8, D, ulong2(0, 0), true);
      simdgroup_multiply_accumulate(s, mine[p], b, s);
    }
    simdgroup_store(s, my_scores + c * 8, 36);
  }
  simdgroup_barrier(mem_flags::mem_threadgroup);

  // Lane i has key k0 + i; a row's largest score and sum are one reduction each.
  for (int r = 0; r < 8; ++r) {
    uint key = k0 + lane, query = first + simdgroup * 8 + uint(r);
    bool visible = lane < BK && key < keys && (!CAUSAL || key <= keys - length + query);
    float s = visible ? my_scores[r * 36 + lane] : -INFINITY;
    if (MASKED && visible && query < length) {
      uint row = mask_start + (mask_rows == 1 ? 0 : query) * mask_keys;
      s += float(mask[row + (mask_keys == 1 ? 0 : key)]) * M_LOG2E_F;
      visible = s != -INFINITY;
    }
    float most = max(largest[r], simd_max(s));
    float weight = visible ? exp2(s - most) : 0.0f;
    float keep = most == -INFINITY ? 1.0f : exp2(largest[r] - most);
    float sum = simd_sum(weight);
    if (isnan(sum) || isnan(total[r])) {  // a NaN goes no further than its row: the matrices below hold eight rows
      weight = keep = 0.0f;
      sum = NAN;
    }
    largest[r] = most;
    total[r] = total[r] * keep + sum;
    if (lane < BK) {
      my_scores[r * 36 + lane] = weight;
    }
    if (lane == 0) {
      my_rows[r] = keep;
    }
  }
  simdgroup_float8x8 keeps;
  load_diagonal(keeps, my_square, my_rows, lane);

  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_rows<T, D>(v + key_start, tile, k0, BK, keys, 1.0f, t, THREADS);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int p = 0; p < PARTS; ++p) {
    simdgroup_float8x8 scaled;
    simdgroup_multiply(scaled, keeps, sums[p]);
    for (int c = 0; c < BK / 8; ++c) {
      simdgroup_float8x8 weights, b;
      simdgroup_load(weights, my_scores + c * 8, 36);
      simdgroup_load(b, tile + c * 8 * D + p * 8, D);
      simdgroup_multiply_accumulate(scaled, weights, b, scaled);
    }
    sums[p] = scaled;
  }
}

if (lane == 0) {
  for (int r = 0; r < 8; ++r) {
    my_rows[r] = total[r] > 0.0f ? 1.0f / total[r] : 0.0f;
  }
}
simdgroup_float8x8 inverse;
load_diagonal(inverse, my_square, my_rows, lane);
threadgroup_barrier(mem_flags::mem_threadgroup);
for (int p = 0; p < PARTS; ++p) {
  simdgroup_float8x8 result;
  simdgroup_multiply(result, inverse, sums[p]);
  simdgroup_store(result, tile + simdgroup * 8 * D + p * 8, D);
}
threadgroup_barrier(mem_flags::mem_threadgroup);
for (uint i = t; i < QUERIES * D; i += THREADS) {
  if (first + i / D < length) {
    out[(batch * heads + head) * length * D + first * D + i] = T(rows[i / D] > 0.0f ? tile[i] : NAN);
  }
}
// END KERNEL

// Chunks of many sequences over pages: q [R, Hq, D], k and v [P, Hkv, PAGE, D], tables [N, W]: the pages of N sequences in order,
// tiles [C, 4]: the sequence of up to 8 · GROUPS rows, the first of them, their number, and the first one's position, up to which it
// sees the keys; each row after it sees one more. -> out [R, Hq, D]. The grid is (32 · GROUPS · C, Hq, 1); BK as above.
// BEGIN KERNEL attention_prefill_paged
constexpr int PARTS = D / 8, QUERIES = 8 * GROUPS, THREADS = 32 * GROUPS;
threadgroup float tile[QUERIES * D];  // queries, then keys, then values, at the end the result
threadgroup float scores[QUERIES * 36];
threadgroup float rows[GROUPS * 8];
threadgroup float squares[GROUPS * 64];
uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, chunk = 4 * threadgroup_position_in_grid.x;
uint heads = uint(q_shape[1]), key_heads = uint(k_shape[1]), key_head = head / (heads / key_heads);
uint table = uint(tiles[chunk]) * uint(tables_shape[1]), first = uint(tiles[chunk + 1]), length = uint(tiles[chunk + 2]);
uint position = uint(tiles[chunk + 3]), keys = position + length;
threadgroup float* my_scores = scores + simdgroup * 8 * 36;
threadgroup float* my_rows = rows + simdgroup * 8;
threadgroup float* my_square = squares + simdgroup * 64;

for (uint i = t; i < QUERIES * D; i += THREADS) {
  tile[i] = i / D < length ? float(q[((first + i / D) * heads + head) * D + i % D]) * scale * M_LOG2E_F : 0.0f;
}
threadgroup_barrier(mem_flags::mem_threadgroup);
simdgroup_float8x8 mine[PARTS], sums[PARTS];
for (int p = 0; p < PARTS; ++p) {
  simdgroup_load(mine[p], tile + simdgroup * 8 * D + p * 8, D);
  sums[p] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
}
float largest[8], total[8];
for (int r = 0; r < 8; ++r) {
  largest[r] = -INFINITY;
  total[r] = 0;
}

for (uint k0 = 0; k0 < keys; k0 += BK) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = t; i < BK * D; i += THREADS) {
    uint key = k0 + i / D;
    tile[i] = 0;
    if (key < keys) {
      ulong row = (ulong(tables[table + key / PAGE]) * key_heads + key_head) * PAGE + key % PAGE;
      tile[i] = float(k[row * D + i % D]);
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int c = 0; c < BK / 8; ++c) {
    simdgroup_float8x8 s = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    for (int p = 0; p < PARTS; ++p) {
      simdgroup_float8x8 b;
      simdgroup_load(b, tile + c * 8 * D + p * 8, D, ulong2(0, 0), true);
      simdgroup_multiply_accumulate(s, mine[p], b, s);
    }
    simdgroup_store(s, my_scores + c * 8, 36);
  }
  simdgroup_barrier(mem_flags::mem_threadgroup);

  // Lane i has key k0 + i; a row's largest score and sum are one reduction each.
  for (int r = 0; r < 8; ++r) {
    uint key = k0 + lane, query = simdgroup * 8 + uint(r);
    bool visible = lane < BK && key < keys && key <= position + query;
    float s = visible ? my_scores[r * 36 + lane] : -INFINITY;
    float most = max(largest[r], simd_max(s));
    float weight = visible ? exp2(s - most) : 0.0f;
    float keep = most == -INFINITY ? 1.0f : exp2(largest[r] - most);
    float sum = simd_sum(weight);
    if (isnan(sum) || isnan(total[r])) {  // as above
      weight = keep = 0.0f;
      sum = NAN;
    }
    largest[r] = most;
    total[r] = total[r] * keep + sum;
    if (lane < BK) {
      my_scores[r * 36 + lane] = weight;
    }
    if (lane == 0) {
      my_rows[r] = keep;
    }
  }
  simdgroup_float8x8 keeps;
  load_diagonal(keeps, my_square, my_rows, lane);

  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = t; i < BK * D; i += THREADS) {
    uint key = k0 + i / D;
    tile[i] = 0;
    if (key < keys) {
      ulong row = (ulong(tables[table + key / PAGE]) * key_heads + key_head) * PAGE + key % PAGE;
      tile[i] = float(v[row * D + i % D]);
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int p = 0; p < PARTS; ++p) {
    simdgroup_float8x8 scaled;
    simdgroup_multiply(scaled, keeps, sums[p]);
    for (int c = 0; c < BK / 8; ++c) {
      simdgroup_float8x8 weights, b;
      simdgroup_load(weights, my_scores + c * 8, 36);
      simdgroup_load(b, tile + c * 8 * D + p * 8, D);
      simdgroup_multiply_accumulate(scaled, weights, b, scaled);
    }
    sums[p] = scaled;
  }
}

if (lane == 0) {
  for (int r = 0; r < 8; ++r) {
    my_rows[r] = total[r] > 0.0f ? 1.0f / total[r] : 0.0f;
  }
}
simdgroup_float8x8 inverse;
load_diagonal(inverse, my_square, my_rows, lane);
threadgroup_barrier(mem_flags::mem_threadgroup);
for (int p = 0; p < PARTS; ++p) {
  simdgroup_float8x8 result;
  simdgroup_multiply(result, inverse, sums[p]);
  simdgroup_store(result, tile + simdgroup * 8 * D + p * 8, D);
}
threadgroup_barrier(mem_flags::mem_threadgroup);
for (uint i = t; i < QUERIES * D; i += THREADS) {
  if (i / D < length) {
    out[((first + i / D) * heads + head) * D + i % D] = T(rows[i / D] > 0.0f ? tile[i] : NAN);
  }
}
// END KERNEL
