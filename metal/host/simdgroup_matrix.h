// 8 x 8 matrices spread over a SIMD group: each lane holds two neighbours of a row, as on Apple's GPUs.
#pragma once

namespace tinyllm {

METAL_FUNC unsigned matrix_row(unsigned lane) { return ((lane >> 2) & 4u) + ((lane >> 1) & 3u); }
METAL_FUNC unsigned matrix_column(unsigned lane) { return ((lane >> 1) & 4u) + (lane & 1u) * 2u; }

// Brought: two elements of A and two of B; got: two elements of A x B.
__attribute__((no_sanitize("thread"))) inline void multiply_8x8(const Slot* brought, unsigned, const unsigned*, Slot* got) {
  float a[8][8], b[8][8];
  for (unsigned lane = 0; lane < 32; ++lane) {
    float v[4];
    __builtin_memcpy(v, brought[lane].bytes, sizeof(v));
    unsigned r = matrix_row(lane), c = matrix_column(lane);
    a[r][c] = v[0];
    a[r][c + 1] = v[1];
    b[r][c] = v[2];
    b[r][c + 1] = v[3];
  }
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned r = matrix_row(lane), c = matrix_column(lane);
    float sum[2] = {0, 0};
    for (int k = 0; k < 8; ++k) {
      sum[0] += a[r][k] * b[k][c];
      sum[1] += a[r][k] * b[k][c + 1];
    }
    __builtin_memcpy(got[lane].bytes, sum, sizeof(sum));
  }
}

inline void nothing(const Slot*, unsigned, const unsigned*, Slot*) {}

}  // namespace tinyllm

namespace metal {

template <class T, int Rows, int Columns>
struct simdgroup_matrix {
  static_assert(Rows == 8 && Columns == 8, "a simdgroup_matrix is 8 x 8");
  vec<T, 2> elements;

  simdgroup_matrix() = default;
  METAL_FUNC explicit simdgroup_matrix(T diagonal) {
    uint row = tinyllm::matrix_row(tinyllm::self->lane), column = tinyllm::matrix_column(tinyllm::self->lane);
    elements.x = row == column ? diagonal : T(0);
    elements.y = row == column + 1 ? diagonal : T(0);
  }
  METAL_FUNC vec<T, 2>& thread_elements() { return elements; }
};

template <class T, int Rows, int Columns>
METAL_FUNC simdgroup_matrix<T, Rows, Columns> make_filled_simdgroup_matrix(T value) {
  simdgroup_matrix<T, Rows, Columns> m;
  m.elements = vec<T, 2>(value, value);
  return m;
}

using simdgroup_float8x8 = simdgroup_matrix<float, 8, 8>;
using simdgroup_half8x8 = simdgroup_matrix<half, 8, 8>;
using simdgroup_bfloat8x8 = simdgroup_matrix<bfloat, 8, 8>;

// stride: elements from one row to the next. origin: (column, row) of the first element. Every lane must take part.
template <class T>
METAL_FUNC void simdgroup_load(simdgroup_matrix<T, 8, 8>& m, const T* from, ulong stride = 8, ulong2 origin = ulong2(0ul),
                               bool transposed = false, int line = __builtin_LINE()) {
  tinyllm::Slot brought{}, got;
  tinyllm::simd_operation(tinyllm::nothing, brought, 0, got, true, "simdgroup_load", line);
  ulong row = tinyllm::matrix_row(tinyllm::self->lane), column = tinyllm::matrix_column(tinyllm::self->lane);
  const T* start = from + origin.y * stride + origin.x;
  m.elements.x = transposed ? start[column * stride + row] : start[row * stride + column];
  m.elements.y = transposed ? start[(column + 1) * stride + row] : start[row * stride + column + 1];
}

template <class T>
METAL_FUNC void simdgroup_store(const simdgroup_matrix<T, 8, 8>& m, T* to, ulong stride = 8, ulong2 origin = ulong2(0ul),
                                bool transposed = false, int line = __builtin_LINE()) {
  tinyllm::Slot brought{}, got;
  tinyllm::simd_operation(tinyllm::nothing, brought, 0, got, true, "simdgroup_store", line);
  ulong row = tinyllm::matrix_row(tinyllm::self->lane), column = tinyllm::matrix_column(tinyllm::self->lane);
  T* start = to + origin.y * stride + origin.x;
  start[transposed ? column * stride + row : row * stride + column] = m.elements.x;
  start[transposed ? (column + 1) * stride + row : row * stride + column + 1] = m.elements.y;
}

// d = a x b + c; the products are summed in float.
template <class D, class A, class B, class C>
METAL_FUNC void simdgroup_multiply_accumulate(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a,
                                              const simdgroup_matrix<B, 8, 8>& b, const simdgroup_matrix<C, 8, 8>& c,
                                              int line = __builtin_LINE()) {
  tinyllm::Slot brought, got;
  float v[4] = {float(a.elements.x), float(a.elements.y), float(b.elements.x), float(b.elements.y)}, sum[2];
  __builtin_memcpy(brought.bytes, v, sizeof(v));
  tinyllm::simd_operation(tinyllm::multiply_8x8, brought, 0, got, true, "simdgroup_multiply_accumulate", line);
  __builtin_memcpy(sum, got.bytes, sizeof(sum));
  d.elements.x = D(float(c.elements.x) + sum[0]);
  d.elements.y = D(float(c.elements.y) + sum[1]);
}

template <class D, class A, class B>
METAL_FUNC void simdgroup_multiply(simdgroup_matrix<D, 8, 8>& d, const simdgroup_matrix<A, 8, 8>& a,
                                   const simdgroup_matrix<B, 8, 8>& b, int line = __builtin_LINE()) {
  simdgroup_matrix<D, 8, 8> zero = make_filled_simdgroup_matrix<D, 8, 8>(D(0));
  simdgroup_multiply_accumulate(d, a, b, zero, line);
}

}  // namespace metal
