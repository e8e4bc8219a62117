// y := a x + y, the smallest kernel: one thread per element, no thread needs another.

// x, y [N] and a scalar a -> out [N]. The grid may be larger than N: it is a multiple of the threadgroup.
// BEGIN KERNEL axpy
uint i = thread_position_in_grid.x;
if (i < uint(x_shape[0])) {
  out[i] = a * x[i] + y[i];
}
// END KERNEL

// The same with four neighbours per thread: one load of 16 bytes in place of four of 4.
// BEGIN KERNEL axpy_by_four
uint i = thread_position_in_grid.x;
uint n = uint(x_shape[0]);
if (4 * i + 3 < n) {
  const device float4* x4 = (const device float4*)x;
  const device float4* y4 = (const device float4*)y;
  device float4* out4 = (device float4*)out;
  out4[i] = a * x4[i] + y4[i];
} else {
  for (uint j = 4 * i; j < n; ++j) {
    out[j] = a * x[j] + y[j];
  }
}
// END KERNEL
