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

// A SIMD group's eight queries as D / 8 matrices, and the state of their online softmax: nothing seen yet.
template <int D>
inline void begin_rows(const threadgroup float* tile, thread simdgroup_float8x8* queries, thread simdgroup_float8x8* sums,
                       thread float* largest, thread float* total) {
  for (int p = 0; p < D / 8; ++p) {
    simdgroup_load(queries[p], tile + p * 8, D);
    sums[p] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  }
  for (int r = 0; r < 8; ++r) {
    largest[r] = -INFINITY;
    total[r] = 0;
  }
}

// Scores of the eight queries with the BK keys of a tile.
template <int D, int BK>
inline void score_tile(const thread simdgroup_float8x8* queries, const threadgroup float* tile, threadgroup float* scores) {
  for (int c = 0; c < BK / 8; ++c) {
    simdgroup_float8x8 s = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    for (int p = 0; p < D / 8; ++p) {
      simdgroup_float8x8 b;
      simdgroup_load(b, tile + c * 8 * D + p * 8, D, ulong2(0, 0), true);
      simdgroup_multiply_accumulate(s, queries[p], b, s);
    }
    simdgroup_store(s, scores + c * 8, 36);
  }
}

// One more tile of a row's online softmax, one reduction each for the largest score and the sum: lane i brings the score of key i, which
// becomes its weight. keep: what the row's older values are multiplied by.
template <int BK>
inline void weigh_row(float s, bool visible, thread float& largest, thread float& total, threadgroup float* weights,
                      threadgroup float& keep_of_row, uint lane) {
  float most = max(largest, simd_max(s));
  float weight = visible ? exp2(s - most) : 0.0f;
  float keep = most == -INFINITY ? 1.0f : exp2(largest - most);
  float sum = simd_sum(weight);
  if (metal::isnan(sum) || metal::isnan(total)) {  // a NaN goes no further than its row: the matrices hold eight rows
    weight = keep = 0.0f;
    sum = NAN;
  }
  largest = most;
  total = total * keep + sum;
  if (lane < BK) {
    weights[lane] = weight;
  }
  if (lane == 0) {
    keep_of_row = keep;
  }
}

// sums = keeps · sums + weights · the BK values of a tile.
template <int D, int BK>
inline void add_values(simdgroup_float8x8 keeps, const threadgroup float* all_weights, const threadgroup float* tile,
                       thread simdgroup_float8x8* sums) {
  for (int p = 0; p < D / 8; ++p) {
    simdgroup_float8x8 scaled;
    simdgroup_multiply(scaled, keeps, sums[p]);
    for (int c = 0; c < BK / 8; ++c) {
      simdgroup_float8x8 weights, b;
      simdgroup_load(weights, all_weights + c * 8, 36);
      simdgroup_load(b, tile + c * 8 * D + p * 8, D);
      simdgroup_multiply_accumulate(scaled, weights, b, scaled);
    }
    sums[p] = scaled;
  }
}

// A SIMD group's eight rows, divided by their sums, into the tile. rows: 1 / sum of each, 0 for a row that has no numbers.
template <int D>
inline void divide_rows(const thread float* total, thread simdgroup_float8x8* sums, threadgroup float* rows, threadgroup float* square,
                        threadgroup float* tile, uint lane) {
  if (lane == 0) {
    for (int r = 0; r < 8; ++r) {
      rows[r] = total[r] > 0.0f ? 1.0f / total[r] : 0.0f;
    }
  }
  simdgroup_float8x8 inverse;
  load_diagonal(inverse, square, rows, lane);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int p = 0; p < D / 8; ++p) {
    simdgroup_float8x8 result;
    simdgroup_multiply(result, inverse, sums[p]);
    simdgroup_store(result, tile + p * 8, D);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
}

// Pages of codes, as native/src/main/cpp/tinyllm/kv.h lays them out. Sixteen tokens of a KV head make a block: first the numbers, keys
// [DIM][16 tokens] and values [16 tokens][DIM], then for groups of 64 components a float16 scale and zero, for keys
// [groups][scale, zero][16 tokens], for values [16 tokens][groups][scale, zero]. A page's part of a layer is [KV heads][PAGE / 16] blocks
// of keys, then as many of values. DIM: the components of a head in memory, D and a few that nobody reads.
// The kinds: 0 float, 1 half, 2 bfloat16_t, 3 codes of eight bits, 4 of four: there c and c + 16 of each 32 components share a byte.
// attention_decode.metal and attention_prefill.metal have these functions alike.

inline uint numbers_bytes(int kind, uint dim) {
  return kind == 0 ? 64 * dim : kind == 3 ? 16 * dim : kind == 4 ? 8 * dim : 32 * dim;
}

inline uint block_bytes(int kind, uint dim) {
  return numbers_bytes(kind, dim) + (kind >= 3 ? (dim + 63) / 64 * 64 : 0);
}

// A block of keys and one of values, and what the keys still need: their projection's bias [D], their positions' angles [D / 2][16].
struct Block {
  const device uint8_t* keys;
  const device uint8_t* values;
  const device float* bias;
  const device float* cosines;
  const device float* sines;
};

// The block with token `key` of a sequence; page: the page that has it, from the layer's part on.
template <int KEYS, int VALUES, int D, int DIM, int PAGE>
inline Block block_of(const device uint8_t* page, uint key_heads, uint key_head, uint key, const device float* bias,
                      const device float* cosines, const device float* sines) {
  uint at = key_head * (PAGE / 16) + key % PAGE / 16, angles = key / 16 * (D / 2) * 16;
  Block block;
  block.keys = page + at * block_bytes(KEYS, DIM);
  block.values = page + key_heads * (PAGE / 16) * block_bytes(KEYS, DIM) + at * block_bytes(VALUES, DIM);
  block.bias = bias + key_head * D;
  block.cosines = cosines + angles;
  block.sines = sines + angles;
  return block;
}

// Component d of a token, whose numbers lie `stride` apart from number `first` of the block on. Its first scale is half `scale` of those
// behind the numbers, and each zero lies `stride` behind its scale.
template <int KIND, int DIM>
inline float component(const device uint8_t* block, uint d, uint first, uint stride, uint scale) {
  uint at = first + d * stride;
  if (KIND == 0) {
    return reinterpret_cast<const device float*>(block)[at];
  }
  if (KIND == 1) {
    return float(reinterpret_cast<const device half*>(block)[at]);
  }
  if (KIND == 2) {
    return float(reinterpret_cast<const device bfloat16_t*>(block)[at]);
  }
  uint code = KIND == 3 ? block[at] : (block[first + (d / 32 * 16 + d % 16) * stride] >> (d % 32 / 16 * 4)) & 15u;
  auto group = reinterpret_cast<const device half*>(block + numbers_bytes(KIND, DIM)) + scale + d / 64 * 2 * stride;
  return float(group[0]) * float(code) + float(group[stride]);
}

template <int KIND, int DIM>
inline float value_at(const device uint8_t* block, uint token, uint d) {
  return component<KIND, DIM>(block, d, token * (KIND == 4 ? DIM / 2 : DIM), 1, token * ((DIM + 63) / 64 * 2));
}

// Pair i of a token's key. TURN: keys are stored before their rotation and without their bias, R(k + b) = R(k) + R(b).
template <int KIND, int D, int DIM, bool TURN, bool NEIGHBOURS>
inline float2 key_pair(Block block, uint token, uint i) {
  uint a = NEIGHBOURS ? 2 * i : i, b = NEIGHBOURS ? 2 * i + 1 : i + D / 2;
  float x = component<KIND, DIM>(block.keys, a, token, 16, token), y = component<KIND, DIM>(block.keys, b, token, 16, token);
  if (!TURN) {
    return float2(x, y);
  }
  x += block.bias[a];
  y += block.bias[b];
  float c = block.cosines[16 * i + token], s = block.sines[16 * i + token];
  return float2(x * c - y * s, x * s + y * c);
}

// The grid is (32 · GROUPS · tiles of 8 · GROUPS queries, Hq, B). D: the head's size, a multiple of 8; BK: keys of a tile, at most 32
// and at most 8 · GROUPS. Threadgroup memory is 32 D GROUPS bytes and a little: GROUPS 4 to head size 128, 2 for 256.
// BEGIN KERNEL attention_prefill
constexpr int QUERIES = 8 * GROUPS, THREADS = 32 * GROUPS;
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
simdgroup_float8x8 mine[D / 8], sums[D / 8];
float largest[8], total[8];
begin_rows<D>(tile + simdgroup * 8 * D, mine, sums, largest, total);

uint last = CAUSAL ? min(keys, keys - length + first + QUERIES) : keys;
for (uint k0 = 0; k0 < last; k0 += BK) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_rows<T, D>(k + key_start, tile, k0, BK, keys, 1.0f, t, THREADS);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  score_tile<D, BK>(mine, tile, my_scores);
  simdgroup_barrier(mem_flags::mem_threadgroup);

  // Lane i has key k0 + i.
  for (int r = 0; r < 8; ++r) {
    uint key = k0 + lane, query = first + simdgroup * 8 + uint(r);
    bool visible = lane < BK && key < keys && (!CAUSAL || key <= keys - length + query);
    float s = visible ? my_scores[r * 36 + lane] : -INFINITY;
    if (MASKED && visible && query < length) {
      uint row = mask_start + (mask_rows == 1 ? 0 : query) * mask_keys;
      s += float(mask[row + (mask_keys == 1 ? 0 : key)]) * M_LOG2E_F;
      visible = s != -INFINITY;
    }
    weigh_row<BK>(s, visible, largest[r], total[r], my_scores + r * 36, my_rows[r], lane);
  }
  simdgroup_float8x8 keeps;
  load_diagonal(keeps, my_square, my_rows, lane);

  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_rows<T, D>(v + key_start, tile, k0, BK, keys, 1.0f, t, THREADS);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  add_values<D, BK>(keeps, my_scores, tile, sums);
}

divide_rows<D>(total, sums, my_rows, my_square, tile + simdgroup * 8 * D, lane);
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
constexpr int QUERIES = 8 * GROUPS, THREADS = 32 * GROUPS;
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
simdgroup_float8x8 mine[D / 8], sums[D / 8];
float largest[8], total[8];
begin_rows<D>(tile + simdgroup * 8 * D, mine, sums, largest, total);

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
  score_tile<D, BK>(mine, tile, my_scores);
  simdgroup_barrier(mem_flags::mem_threadgroup);

  // Lane i has key k0 + i.
  for (int r = 0; r < 8; ++r) {
    uint key = k0 + lane, query = simdgroup * 8 + uint(r);
    bool visible = lane < BK && key < keys && key <= position + query;
    float s = visible ? my_scores[r * 36 + lane] : -INFINITY;
    weigh_row<BK>(s, visible, largest[r], total[r], my_scores + r * 36, my_rows[r], lane);
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
  add_values<D, BK>(keeps, my_scores, tile, sums);
}

divide_rows<D>(total, sums, my_rows, my_square, tile + simdgroup * 8 * D, lane);
for (uint i = t; i < QUERIES * D; i += THREADS) {
  if (i / D < length) {
    out[((first + i / D) * heads + head) * D + i % D] = T(rows[i / D] > 0.0f ? tile[i] : NAN);
  }
}
// END KERNEL

// The same over pages of codes: pages [P, bytes], of which a layer's part begins at byte start[0], bias [Hkv, D], cosines and sines
// [positions / 16, D / 2, 16]; the others as above. The grid is (32 · GROUPS · C, Hq, 1); BK 16 or 32.
// BEGIN KERNEL attention_prefill_codes
constexpr int QUERIES = 8 * GROUPS, THREADS = 32 * GROUPS;
threadgroup float tile[QUERIES * D];  // queries, then keys, then values, at the end the result
threadgroup float scores[QUERIES * 36];
threadgroup float rows[GROUPS * 8];
threadgroup float squares[GROUPS * 64];
uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, chunk = 4 * threadgroup_position_in_grid.x;
uint heads = uint(q_shape[1]), key_heads = uint(bias_shape[0]), key_head = head / (heads / key_heads);
uint table = uint(tiles[chunk]) * uint(tables_shape[1]), first = uint(tiles[chunk + 1]), length = uint(tiles[chunk + 2]);
uint position = uint(tiles[chunk + 3]), keys = position + length;
threadgroup float* my_scores = scores + simdgroup * 8 * 36;
threadgroup float* my_rows = rows + simdgroup * 8;
threadgroup float* my_square = squares + simdgroup * 64;

for (uint i = t; i < QUERIES * D; i += THREADS) {
  tile[i] = i / D < length ? float(q[((first + i / D) * heads + head) * D + i % D]) * scale * M_LOG2E_F : 0.0f;
}
threadgroup_barrier(mem_flags::mem_threadgroup);
simdgroup_float8x8 mine[D / 8], sums[D / 8];
float largest[8], total[8];
begin_rows<D>(tile + simdgroup * 8 * D, mine, sums, largest, total);

for (uint k0 = 0; k0 < keys; k0 += BK) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = t; i < BK * D / 2; i += THREADS) {  // a pair of components; neighbouring threads read neighbouring tokens
    uint key = k0 + i % BK, pair = i / BK;
    float2 k = float2(0.0f, 0.0f);
    if (key < keys) {
      ulong page = ulong(tables[table + key / PAGE]) * ulong(pages_shape[1]) + ulong(start[0]);
      Block block = block_of<KEYS, VALUES, D, DIM, PAGE>(pages + page, key_heads, key_head, key, bias, cosines, sines);
      k = key_pair<KEYS, D, DIM, TURN, NEIGHBOURS>(block, key % 16, pair);
    }
    tile[i % BK * D + (NEIGHBOURS ? 2 * pair : pair)] = k.x;
    tile[i % BK * D + (NEIGHBOURS ? 2 * pair + 1 : pair + D / 2)] = k.y;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  score_tile<D, BK>(mine, tile, my_scores);
  simdgroup_barrier(mem_flags::mem_threadgroup);

  // Lane i has key k0 + i.
  for (int r = 0; r < 8; ++r) {
    uint key = k0 + lane, query = simdgroup * 8 + uint(r);
    bool visible = lane < BK && key < keys && key <= position + query;
    float s = visible ? my_scores[r * 36 + lane] : -INFINITY;
    weigh_row<BK>(s, visible, largest[r], total[r], my_scores + r * 36, my_rows[r], lane);
  }
  simdgroup_float8x8 keeps;
  load_diagonal(keeps, my_square, my_rows, lane);

  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = t; i < BK * D; i += THREADS) {
    uint key = k0 + i / D;
    tile[i] = 0;
    if (key < keys) {
      ulong page = ulong(tables[table + key / PAGE]) * ulong(pages_shape[1]) + ulong(start[0]);
      Block block = block_of<KEYS, VALUES, D, DIM, PAGE>(pages + page, key_heads, key_head, key, bias, cosines, sines);
      tile[i] = value_at<VALUES, DIM>(block.values, key % 16, i % D);
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  add_values<D, BK>(keeps, my_scores, tile, sums);
}

divide_rows<D>(total, sums, my_rows, my_square, tile + simdgroup * 8 * D, lane);
for (uint i = t; i < QUERIES * D; i += THREADS) {
  if (i / D < length) {
    out[((first + i / D) * heads + head) * D + i % D] = T(rows[i / D] > 0.0f ? tile[i] : NAN);
  }
}
// END KERNEL
