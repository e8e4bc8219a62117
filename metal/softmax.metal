// Softmax over rows: out[r][i] = exp(x[r][i] - max) / sum. A threadgroup works on one row; its threads stride over the columns, meet
// twice (for the largest value and for the sum), and each SIMD group reduces on its own first.

// The combination of all SIMD groups' values; partial holds one for each, and every thread gets the result.
inline float threadgroup_max(float mine, threadgroup float* partial, uint simdgroup, uint lane, uint simdgroups) {
  float of_simdgroup = simd_max(mine);
  if (lane == 0) {
    partial[simdgroup] = of_simdgroup;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return simd_max(lane < simdgroups ? partial[lane] : -INFINITY);
}

inline float threadgroup_sum(float mine, threadgroup float* partial, uint simdgroup, uint lane, uint simdgroups) {
  float of_simdgroup = simd_sum(mine);
  if (lane == 0) {
    partial[simdgroup] = of_simdgroup;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return simd_sum(lane < simdgroups ? partial[lane] : 0.0f);
}

// x [rows, n] -> out [rows, n]; one threadgroup per row. T: the type of both.
// BEGIN KERNEL softmax
threadgroup float largest[32];
threadgroup float sums[32];
uint lane = thread_index_in_simdgroup, simdgroup = simdgroup_index_in_threadgroup;
uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
uint first = thread_index_in_threadgroup, step = threads_per_threadgroup.x;
auto in = x + row * n;
device T* to = out + row * n;

float most = -INFINITY;
bool undefined = false;
for (uint i = first; i < n; i += step) {
  float v = float(in[i]);
  undefined = undefined || isnan(v);  // max passes over a NaN
  most = max(most, v);
}
most = threadgroup_max(undefined ? INFINITY : most, largest, simdgroup, lane, simdgroups_per_threadgroup);

float sum = undefined ? NAN : 0.0f;
for (uint i = first; i < n; i += step) {
  sum += exp(float(in[i]) - most);
}
sum = threadgroup_sum(sum, sums, simdgroup, lane, simdgroups_per_threadgroup);

for (uint i = first; i < n; i += step) {
  to[i] = T(exp(float(in[i]) - most) / sum);
}
// END KERNEL
