// Looks tokens up in a quantized table: w = scale · q + bias by groups. Rows are bit streams, low bits first, in words of 32.

// Value i of a row whose values take BITS bits; one of 3, 5 or 6 bits may lie across two words. Words is a pointer, to device memory or,
// for a tiny input, to constant memory.
template <int BITS, typename Words>
inline uint unpack(Words row, uint i) {
  uint bit = i * BITS, word = bit / 32, shift = bit % 32;
  uint v = row[word] >> shift;
  if (32 % BITS != 0 && shift + BITS > 32) {
    v |= row[word + 1] << (32 - shift);
  }
  return v & ((1u << BITS) - 1u);
}

// tokens [n], w [vocabulary, D · BITS / 32], scales, biases [vocabulary, D / GROUP] -> out [n, D]
// The grid is (D, n) rounded up. A token outside of the vocabulary gives a row of NaN, never foreign memory.
// BEGIN KERNEL quantized_embedding
uint d = thread_position_in_grid.x, t = thread_position_in_grid.y;
uint words = uint(w_shape[1]), dim = words * 32 / BITS;
if (d < dim && t < uint(tokens_shape[0])) {
  int token = tokens[t];
  if (token < 0 || token >= w_shape[0]) {
    out[t * dim + d] = T(NAN);
  } else {
    uint group = uint(token) * (dim / GROUP) + d / GROUP;
    uint q = unpack<BITS>(w + uint(token) * words, d);
    out[t * dim + d] = T(float(scales[group]) * float(q) + float(biases[group]));
  }
}
// END KERNEL
