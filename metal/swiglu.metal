// SwiGLU: out = silu(gate) · up in one pass, where three operations would read and write five arrays.

// exp of a large positive number overflows; of a negative one it does not.
inline float silu(float v) {
  float e = exp(-abs(v));
  return v * (v >= 0 ? 1.0f : e) / (1.0f + e);
}

// gate, up [n] -> out [n]
// BEGIN KERNEL swiglu
uint i = thread_position_in_grid.x;
if (i < uint(gate_shape[0])) {
  out[i] = T(silu(float(gate[i])) * float(up[i]));
}
// END KERNEL
