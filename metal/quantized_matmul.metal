// y = x · dequantized(w)ᵀ, w = scale · q + bias by groups of GROUP values along K. Rows of w are bit streams, low bits first.
// Four ways, from plain to fast. x [M, K], w [N, K · BITS / 32], scales, biases [N, K / GROUP] -> y [M, N].

// Value i of a row; values of 3, 5 or 6 bits may lie across two words. Words, like Scales below, is a pointer, to device memory or, for
// a tiny input, to constant memory.
template <int BITS, typename Words>
inline uint unpack(Words row, uint i) {
  uint bit = i * BITS, word = bit / 32, shift = bit % 32;
  uint v = row[word] >> shift;
  if (32 % BITS != 0 && shift + BITS > 32) {
    v |= row[word + 1] << (32 - shift);
  }
  return v & ((1u << BITS) - 1u);
}

// Σ q·x over eight values. For four bits x comes divided by 1, 16, 256, 4096, so that a nibble is masked where it stands and never
// shifted: (q · 16) · (x / 16) = q · x.
template <int BITS, typename Words>
inline float dot_of_eight(Words row, uint i, const thread float* x) {
  float sum = 0;
  if (BITS == 4) {
    uint word = row[i / 8];
    uint halves[2] = {word & 0xffffu, word >> 16};
    for (int h = 0; h < 2; ++h) {
      sum += x[4 * h] * float(halves[h] & 0x000fu) + x[4 * h + 1] * float(halves[h] & 0x00f0u) +
             x[4 * h + 2] * float(halves[h] & 0x0f00u) + x[4 * h + 3] * float(halves[h] & 0xf000u);
    }
  } else {
    for (int j = 0; j < 8; ++j) {
      sum += x[j] * float(unpack<BITS>(row, i + j));
    }
  }
  return sum;
}

// A tile of x and one of w, 32 x 32 each, zero beyond the edges; 128 threads load eight values of each.
template <int BITS, int GROUP, typename T, typename Words, typename Scales>
inline void load_tiles(const device T* x, Words w, Scales scales, Scales biases,
                       threadgroup float* x_tile, threadgroup float* w_tile, uint m0, uint n0, uint k0, uint M, uint N, uint K,
                       uint stop, uint thread_index) {
  for (uint i = thread_index; i < 32 * 32; i += 128) {
    uint r = i / 32, k = k0 + i % 32;
    x_tile[r * 36 + i % 32] = m0 + r < M && k < stop ? float(x[(m0 + r) * K + k]) : 0.0f;
    float v = 0.0f;
    if (n0 + r < N && k < stop) {
      uint group = (n0 + r) * (K / GROUP) + k / GROUP;
      v = float(scales[group]) * float(unpack<BITS>(w + (n0 + r) * (K * BITS / 32), k)) + float(biases[group]);
    }
    w_tile[r * 36 + i % 32] = v;
  }
}

// Each of four SIMD groups owns a quarter of the 32 x 32 result: 2 x 2 matrices of 8 x 8. acc += x_tile · w_tileᵀ.
inline void multiply_tiles(const threadgroup float* x_tile, const threadgroup float* w_tile, thread simdgroup_float8x8* acc,
                           uint simdgroup) {
  uint row = simdgroup / 2 * 16, column = simdgroup % 2 * 16;
  for (uint k = 0; k < 32; k += 8) {
    simdgroup_float8x8 a[2], b[2];
    for (uint i = 0; i < 2; ++i) {
      simdgroup_load(a[i], x_tile + (row + 8 * i) * 36 + k, 36);
      simdgroup_load(b[i], w_tile + (column + 8 * i) * 36 + k, 36, ulong2(0, 0), true);
    }
    for (uint i = 0; i < 4; ++i) {
      simdgroup_multiply_accumulate(acc[i], a[i / 2], b[i % 2], acc[i]);
    }
  }
}

// The matrices go through threadgroup memory, so that only the elements inside of y are written.
template <typename T>
inline void store_tile(threadgroup float* tile, thread simdgroup_float8x8* acc, device T* y, uint m0, uint n0, uint M, uint N,
                       uint simdgroup, uint thread_index) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  uint row = simdgroup / 2 * 16, column = simdgroup % 2 * 16;
  for (uint i = 0; i < 4; ++i) {
    simdgroup_store(acc[i], tile + (row + i / 2 * 8) * 36 + column + i % 2 * 8, 36);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint i = thread_index; i < 32 * 32; i += 128) {
    uint r = i / 32, c = i % 32;
    if (m0 + r < M && n0 + c < N) {
      y[(m0 + r) * N + n0 + c] = T(tile[r * 36 + c]);
    }
  }
}

// One thread per element of y; the grid is (N, M) rounded up. Every thread of a column unpacks the same row of w again.
// BEGIN KERNEL qmm_naive
uint n = thread_position_in_grid.x, m = thread_position_in_grid.y;
uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
if (n < N && m < M) {
  float sum = 0;
  for (uint k = 0; k < K; ++k) {
    uint group = n * (K / GROUP) + k / GROUP;
    float v = float(scales[group]) * float(unpack<BITS>(w + n * (K * BITS / 32), k)) + float(biases[group]);
    sum += float(x[m * K + k]) * v;
  }
  y[m * N + n] = T(sum);
}
// END KERNEL

// For one row, or a few: two SIMD groups, each with four rows of w. A lane takes eight neighbours of x once and uses them for all
// four rows; scale · Σqx + bias · Σx needs no dequantized value. The grid is (64 · N/8 rounded up, M).
// BEGIN KERNEL qmv
uint K = uint(x_shape[1]), N = uint(w_shape[0]), m = thread_position_in_grid.y;
uint lane = thread_index_in_simdgroup;
uint first = threadgroup_position_in_grid.x * 8 + simdgroup_index_in_threadgroup * 4;
float sums[4] = {0, 0, 0, 0};
for (uint k = lane * 8; k < K; k += 256) {
  float values[8];
  float sum_x = 0;
  const device vec<T, 4>* fours = (const device vec<T, 4>*)(x + m * K + k);  // two loads of four, not eight of one
  vec<T, 4> low = fours[0], high = fours[1];
  for (uint j = 0; j < 8; ++j) {
    values[j] = float(j < 4 ? low[j] : high[j - 4]);
    sum_x += values[j];
    if (BITS == 4) {
      values[j] *= j % 4 == 0 ? 1.0f : j % 4 == 1 ? 1.0f / 16 : j % 4 == 2 ? 1.0f / 256 : 1.0f / 4096;
    }
  }
  for (uint r = 0; r < 4; ++r) {
    uint n = first + r;
    if (n < N) {
      uint group = n * (K / GROUP) + k / GROUP;
      float dot = dot_of_eight<BITS>(w + n * (K * BITS / 32), k, values);
      sums[r] += float(scales[group]) * dot + float(biases[group]) * sum_x;
    }
  }
}
for (uint r = 0; r < 4; ++r) {
  float sum = simd_sum(sums[r]);
  if (lane == 0 && first + r < N) {
    y[m * N + first + r] = T(sum);
  }
}
// END KERNEL

// Above a few rows: 32 x 32 of y per threadgroup of 128 threads, 32 of K at a time. w is unpacked once for 32 rows of x.
// The grid is (128 · tiles of N, tiles of M).
// BEGIN KERNEL qmm_tile
threadgroup float x_tile[32 * 36];
threadgroup float w_tile[32 * 36];
uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32;
uint t = thread_index_in_threadgroup, simdgroup = simdgroup_index_in_threadgroup;
simdgroup_float8x8 acc[4];
for (int i = 0; i < 4; ++i) {
  acc[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
}
for (uint k = 0; k < K; k += 32) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_tiles<BITS, GROUP>(x, w, scales, biases, x_tile, w_tile, m0, n0, k, M, N, K, K, t);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  multiply_tiles(x_tile, w_tile, acc, simdgroup);
}
store_tile(x_tile, acc, y, m0, n0, M, N, simdgroup, t);
// END KERNEL

// Where N is small the tiles don't fill the GPU: PARTS threadgroups share one tile, each over its part of K, and write their sums
// apart. partial [PARTS, M, N]; the grid is (128 · tiles of N, tiles of M, PARTS).
// BEGIN KERNEL qmm_split_k
threadgroup float x_tile[32 * 36];
threadgroup float w_tile[32 * 36];
uint M = uint(x_shape[0]), K = uint(x_shape[1]), N = uint(w_shape[0]);
uint m0 = threadgroup_position_in_grid.y * 32, n0 = threadgroup_position_in_grid.x * 32, part = threadgroup_position_in_grid.z;
uint t = thread_index_in_threadgroup, simdgroup = simdgroup_index_in_threadgroup;
uint blocks = (K + 31) / 32, share = (blocks + PARTS - 1) / PARTS * 32;
uint start = min(part * share, K), stop = min(start + share, K);
simdgroup_float8x8 acc[4];
for (int i = 0; i < 4; ++i) {
  acc[i] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
}
for (uint k = start; k < stop; k += 32) {
  threadgroup_barrier(mem_flags::mem_threadgroup);
  load_tiles<BITS, GROUP>(x, w, scales, biases, x_tile, w_tile, m0, n0, k, M, N, K, stop, t);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  multiply_tiles(x_tile, w_tile, acc, simdgroup);
}
store_tile(x_tile, acc, partial + part * M * N, m0, n0, M, N, simdgroup, t);
// END KERNEL

// The second launch of split-K: partial [PARTS, M · N] -> y [M · N].
// BEGIN KERNEL qmm_split_k_sum
uint i = thread_position_in_grid.x, n = uint(partial_shape[1]);
if (i < n) {
  float sum = 0;
  for (uint p = 0; p < uint(partial_shape[0]); ++p) {
    sum += partial[p * n + i];
  }
  y[i] = T(sum);
}
// END KERNEL
