// Rotary position embedding: each pair of a head's elements turns by position · theta^(-2i/D). One thread per pair.

// x [B, H, L, D] -> out [B, H, L, D]; offset: the position of the first row; theta: the base of the frequencies.
// TRADITIONAL pairs neighbours (2i, 2i + 1); otherwise the halves pair up (i, i + D/2), as Qwen's and Llama's checkpoints do.
// The grid is (D/2, L, B · H), each rounded up to the threadgroup.
// BEGIN KERNEL rope
uint pair = thread_position_in_grid.x, row = thread_position_in_grid.y, head = thread_position_in_grid.z;
uint length = uint(x_shape[2]), dim = uint(x_shape[3]);
if (pair < dim / 2 && row < length && head < uint(x_shape[0] * x_shape[1])) {
  float frequency = precise::exp2(-2.0f * float(pair) / float(dim) * log2(theta));
  float angle = float(offset + int(row)) * frequency;
  float c = precise::cos(angle), s = precise::sin(angle);
  uint start = (head * length + row) * dim;
  uint a = start + (TRADITIONAL ? 2 * pair : pair);
  uint b = start + (TRADITIONAL ? 2 * pair + 1 : pair + dim / 2);
  float first = float(x[a]), second = float(x[b]);
  out[a] = T(first * c - second * s);
  out[b] = T(first * s + second * c);
}
// END KERNEL
