// RMSNorm: out = x / sqrt(mean(x²) + eps) · weight, over rows, computed in float. One threadgroup per row: one pass for the sum of
// squares, one for the result.

inline float threadgroup_sum(float mine, threadgroup float* partial, uint simdgroup, uint lane, uint simdgroups) {
  float of_simdgroup = simd_sum(mine);
  if (lane == 0) {
    partial[simdgroup] = of_simdgroup;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return simd_sum(lane < simdgroups ? partial[lane] : 0.0f);
}

// x [rows, n], weight [n], eps -> out [rows, n]
// BEGIN KERNEL rms_norm
threadgroup float partial[32];
uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
uint first = thread_index_in_threadgroup, step = threads_per_threadgroup.x;
auto in = x + row * n;

float squares = 0;
for (uint i = first; i < n; i += step) {
  float v = float(in[i]);
  squares += v * v;
}
squares = threadgroup_sum(squares, partial, simdgroup_index_in_threadgroup, thread_index_in_simdgroup, simdgroups_per_threadgroup);
float scale = precise::rsqrt(squares / float(n) + eps);

for (uint i = first; i < n; i += step) {
  out[row * n + i] = T(float(T(float(in[i]) * scale)) * float(weight[i]));
}
// END KERNEL

// The residual is added first, and the sum is kept: x, residual [rows, n], weight [n], eps -> sum [rows, n], out [rows, n].
// Two operations in one launch, and the sum is read back by the thread that wrote it.
// BEGIN KERNEL rms_norm_residual
threadgroup float partial[32];
uint row = threadgroup_position_in_grid.x, n = uint(x_shape[1]);
uint first = thread_index_in_threadgroup, step = threads_per_threadgroup.x;

float squares = 0;
for (uint i = first; i < n; i += step) {
  T v = T(float(x[row * n + i]) + float(residual[row * n + i]));
  sum[row * n + i] = v;
  squares += float(v) * float(v);
}
squares = threadgroup_sum(squares, partial, simdgroup_index_in_threadgroup, thread_index_in_simdgroup, simdgroups_per_threadgroup);
float scale = precise::rsqrt(squares / float(n) + eps);

for (uint i = first; i < n; i += step) {
  out[row * n + i] = T(float(T(float(sum[row * n + i]) * scale)) * float(weight[i]));
}
// END KERNEL
