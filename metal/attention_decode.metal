// Attention of one new token: q [B, Hq, D] over k, v [B, Hkv, S, D] -> out [B, Hq, D]. Query head h reads key head h / (Hq / Hkv).
// 32 SIMD groups of a threadgroup stride over the keys; each keeps an online softmax (largest score, sum, weighted values), and one
// merge at the end makes them one. A lane holds the elements lane, lane + 32, … of the head.

// A SIMD group's state: largest score (in units of log2), sum of weights, weighted values of this lane's elements.
template <int PER_LANE>
struct Softmax {
  float largest;
  float sum;
  float values[PER_LANE];
};

template <int PER_LANE>
inline void clear(thread Softmax<PER_LANE>& state) {
  state.largest = -INFINITY;
  state.sum = 0;
  for (int j = 0; j < PER_LANE; ++j) {
    state.values[j] = 0;
  }
}

// One more key, and its value. q comes scaled by scale · log2(e), so that exp2 serves.
template <typename T, int D, int PER_LANE>
inline void see(const thread float* q, const device T* k, const device T* v, uint lane, thread Softmax<PER_LANE>& state) {
  float score = 0;
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    score += d < D ? q[j] * float(k[d]) : 0.0f;
  }
  score = simd_sum(score);
  float largest = max(state.largest, score);
  float keep = exp2(state.largest - largest), weight = exp2(score - largest);
  state.largest = largest;
  state.sum = state.sum * keep + weight;
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    state.values[j] = state.values[j] * keep + (d < D ? weight * float(v[d]) : 0.0f);
  }
}

// The keys from, from + step, … below stop.
template <typename T, int D, int PER_LANE>
inline void attend(const thread float* q, const device T* k, const device T* v, uint from, uint stop, uint step, uint lane,
                   thread Softmax<PER_LANE>& state) {
  clear<PER_LANE>(state);
  for (uint key = from; key < stop; key += step) {
    see<T, D, PER_LANE>(q, k + key * D, v + key * D, lane, state);
  }
}

// Joins the states of 32 SIMD groups. Afterwards SIMD group 0's lane has the values of its elements, and everyone largest and sum.
// A group without keys has largest = -infinity and adds nothing.
template <int PER_LANE>
inline void merge(thread Softmax<PER_LANE>& state, threadgroup float* largests, threadgroup float* sums, threadgroup float* values,
                  uint simdgroup, uint lane) {
  if (lane == 0) {
    largests[simdgroup] = state.largest;
    sums[simdgroup] = state.sum;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  float largest = simd_max(largests[lane]);
  float mine = largests[simdgroup];
  float factor = mine == -INFINITY ? 0.0f : exp2(mine - largest);
  float of_lane = largests[lane] == -INFINITY ? 0.0f : exp2(largests[lane] - largest);
  state.sum = simd_sum(sums[lane] * of_lane);
  state.largest = largest;
  for (int j = 0; j < PER_LANE; ++j) {
    values[simdgroup * 33 + lane] = state.values[j] * factor;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (simdgroup == 0) {
      float total = 0;
      for (uint g = 0; g < 32; ++g) {
        total += values[g * 33 + lane];
      }
      state.values[j] = total;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
  }
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

// Sixteen keys and values more, of which `count` exist; q in threadgroup memory, scaled as above. For the keys lanes t and t + 16 have
// token t, half of its pairs each; for the values a lane has its components.
template <int KEYS, int VALUES, int D, int DIM, bool TURN, bool NEIGHBOURS, int PER_LANE>
inline void see_block(const threadgroup float* q, Block block, uint count, uint lane, thread Softmax<PER_LANE>& state) {
  float score = 0;
  for (uint i = lane / 16; i < D / 2; i += 2) {
    float2 key = key_pair<KEYS, D, DIM, TURN, NEIGHBOURS>(block, lane % 16, i);
    score += q[NEIGHBOURS ? 2 * i : i] * key.x + q[NEIGHBOURS ? 2 * i + 1 : i + D / 2] * key.y;
  }
  score += simd_shuffle_xor(score, 16);
  score = lane % 16 < count ? score : -INFINITY;
  float largest = max(state.largest, simd_max(score));
  float keep = exp2(state.largest - largest), weight = exp2(score - largest);
  state.largest = largest;
  state.sum = state.sum * keep + simd_sum(lane < 16 ? weight : 0.0f);
  for (int j = 0; j < PER_LANE; ++j) {
    state.values[j] *= keep;
  }
  for (uint token = 0; token < count; ++token) {
    float of_token = simd_shuffle(weight, ushort(token));
    for (int j = 0; j < PER_LANE; ++j) {
      uint d = lane + 32 * j;
      state.values[j] += d < D ? of_token * value_at<VALUES, DIM>(block.values, token, d) : 0.0f;
    }
  }
}

// One threadgroup of 1,024 threads per query head; the grid is (1024, Hq, B).
// BEGIN KERNEL attention_decode
threadgroup float largests[32];
threadgroup float sums[32];
threadgroup float values[32 * 33];
constexpr int PER_LANE = (D + 31) / 32;
uint lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, batch = thread_position_in_grid.z;
uint heads = uint(q_shape[1]), key_heads = uint(k_shape[1]), keys = uint(k_shape[2]);
uint row = batch * heads + head;
uint start = (batch * key_heads + head / (heads / key_heads)) * keys * D;
float mine[PER_LANE];
for (int j = 0; j < PER_LANE; ++j) {
  uint d = lane + 32 * j;
  mine[j] = d < D ? float(q[row * D + d]) * scale * M_LOG2E_F : 0.0f;
}
Softmax<PER_LANE> state;
attend<T, D, PER_LANE>(mine, k + start, v + start, simdgroup, keys, 32, lane, state);
merge<PER_LANE>(state, largests, sums, values, simdgroup, lane);
if (simdgroup == 0) {
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    if (d < D) {
      out[row * D + d] = T(state.values[j] / state.sum);
    }
  }
}
// END KERNEL

// Long contexts, first pass: BLOCKS threadgroups share a head, each over its span of the keys; the grid is (1024 · BLOCKS, Hq, B).
// -> partial [B · Hq, BLOCKS, D], states [B · Hq, BLOCKS, 2]: largest score and sum.
// BEGIN KERNEL attention_decode_blocks
threadgroup float largests[32];
threadgroup float sums[32];
threadgroup float values[32 * 33];
constexpr int PER_LANE = (D + 31) / 32;
uint lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint block = threadgroup_position_in_grid.x, head = thread_position_in_grid.y, batch = thread_position_in_grid.z;
uint heads = uint(q_shape[1]), key_heads = uint(k_shape[1]), keys = uint(k_shape[2]);
uint row = batch * heads + head, span = (keys + BLOCKS - 1) / BLOCKS;
uint start = (batch * key_heads + head / (heads / key_heads)) * keys * D;
float mine[PER_LANE];
for (int j = 0; j < PER_LANE; ++j) {
  uint d = lane + 32 * j;
  mine[j] = d < D ? float(q[row * D + d]) * scale * M_LOG2E_F : 0.0f;
}
Softmax<PER_LANE> state;
attend<T, D, PER_LANE>(mine, k + start, v + start, block * span + simdgroup, min((block + 1) * span, keys), 32, lane, state);
merge<PER_LANE>(state, largests, sums, values, simdgroup, lane);
if (simdgroup == 0) {
  uint at = row * BLOCKS + block;
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    if (d < D) {
      partial[at * D + d] = state.values[j];
    }
  }
  if (lane == 0) {
    states[at * 2] = state.largest;
    states[at * 2 + 1] = state.sum;
  }
}
// END KERNEL

// Second pass: one SIMD group per head joins the blocks. partial [R, BLOCKS, D], states [R, BLOCKS, 2] -> out [R, D];
// the grid is (32, R).
// BEGIN KERNEL attention_decode_join
uint lane = thread_index_in_simdgroup, row = thread_position_in_grid.y;
uint blocks = uint(partial_shape[1]), dim = uint(partial_shape[2]);
auto mine = states + row * blocks * 2;
float largest = -INFINITY;
for (uint b = lane; b < blocks; b += 32) {
  largest = max(largest, mine[2 * b]);
}
largest = simd_max(largest);
float sum = 0;
for (uint b = lane; b < blocks; b += 32) {
  sum += mine[2 * b] == -INFINITY ? 0.0f : exp2(mine[2 * b] - largest) * mine[2 * b + 1];
}
sum = simd_sum(sum);
for (uint d = lane; d < dim; d += 32) {
  float total = 0;
  for (uint b = 0; b < blocks; ++b) {
    float factor = mine[2 * b] == -INFINITY ? 0.0f : exp2(mine[2 * b] - largest);
    total += factor * partial[(row * blocks + b) * dim + d];
  }
  out[row * dim + d] = T(total / sum);
}
// END KERNEL

// Rows of many sequences over pages: q [R, Hq, D], k and v [P, Hkv, PAGE, D], tables [N, W]: the pages of N sequences in order,
// rows [R, 2]: a row's sequence, and how many of its keys it sees; a row that sees none gives zeros. -> out [R, Hq, D].
// The grid is (1024, Hq, R).
// BEGIN KERNEL attention_decode_paged
threadgroup float largests[32];
threadgroup float sums[32];
threadgroup float values[32 * 33];
constexpr int PER_LANE = (D + 31) / 32;
uint lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, row = thread_position_in_grid.z;
uint heads = uint(q_shape[1]), key_heads = uint(k_shape[1]);
uint key_head = head / (heads / key_heads), table = uint(rows[2 * row]) * uint(tables_shape[1]), limit = uint(rows[2 * row + 1]);
float mine[PER_LANE];
for (int j = 0; j < PER_LANE; ++j) {
  uint d = lane + 32 * j;
  mine[j] = d < D ? float(q[(row * heads + head) * D + d]) * scale * M_LOG2E_F : 0.0f;
}
Softmax<PER_LANE> state;
clear<PER_LANE>(state);
for (uint key = simdgroup; key < limit; key += 32) {
  ulong at = ((ulong(tables[table + key / PAGE]) * key_heads + key_head) * PAGE + key % PAGE) * D;
  see<T, D, PER_LANE>(mine, k + at, v + at, lane, state);
}
merge<PER_LANE>(state, largests, sums, values, simdgroup, lane);
if (simdgroup == 0) {
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    if (d < D) {
      out[(row * heads + head) * D + d] = T(limit > 0 ? state.values[j] / state.sum : 0.0f);
    }
  }
}
// END KERNEL

// The same over pages of codes: pages [P, bytes], of which a layer's part begins at byte start[0], bias [Hkv, D], cosines and sines
// [positions / 16, D / 2, 16]; the others as above. The grid is (1024, Hq, R).
// BEGIN KERNEL attention_decode_codes
threadgroup float query[D];
threadgroup float largests[32];
threadgroup float sums[32];
threadgroup float values[32 * 33];
constexpr int PER_LANE = (D + 31) / 32;
uint t = thread_index_in_threadgroup, lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint head = thread_position_in_grid.y, row = thread_position_in_grid.z;
uint heads = uint(q_shape[1]), key_heads = uint(bias_shape[0]), key_head = head / (heads / key_heads);
uint table = uint(rows[2 * row]) * uint(tables_shape[1]), limit = uint(rows[2 * row + 1]);
if (t < D) {
  query[t] = float(q[(row * heads + head) * D + t]) * scale * M_LOG2E_F;
}
threadgroup_barrier(mem_flags::mem_threadgroup);
Softmax<PER_LANE> state;
clear<PER_LANE>(state);
for (uint key = 16 * simdgroup; key < limit; key += 16 * 32) {
  ulong page = ulong(tables[table + key / PAGE]) * ulong(pages_shape[1]) + ulong(start[0]);
  Block block = block_of<KEYS, VALUES, D, DIM, PAGE>(pages + page, key_heads, key_head, key, bias, cosines, sines);
  see_block<KEYS, VALUES, D, DIM, TURN, NEIGHBOURS, PER_LANE>(query, block, min(16u, limit - key), lane, state);
}
merge<PER_LANE>(state, largests, sums, values, simdgroup, lane);
if (simdgroup == 0) {
  for (int j = 0; j < PER_LANE; ++j) {
    uint d = lane + 32 * j;
    if (d < D) {
      out[(row * heads + head) * D + d] = T(limit > 0 ? state.values[j] / state.sum : 0.0f);
    }
  }
}
// END KERNEL
