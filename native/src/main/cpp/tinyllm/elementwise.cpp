#include <algorithm>
#include <vector>

#include "dispatch.h"
#include "ops.h"
#include "pool.h"

namespace tinyllm {
namespace {

/** Rows that make a piece of work worth a thread. */
int rows_per_item(int cols) { return std::max(1, (1 << 14) / std::max(1, cols)); }

template <class Row>
void each_row(int rows, int cols, Row&& row) {
  int each = rows_per_item(cols);
  parallel((rows + each - 1) / each, [&](int item) {
    for (int r = item * each; r < std::min(rows, (item + 1) * each); r++) {
      row(r, static_cast<size_t>(r) * static_cast<size_t>(cols));
    }
  });
}

} // namespace

void rms_norm(const float* x, const float* residual, const float* weight, float eps, int rows, int cols, float* sum, float* out) {
  const Kernels& set = kernels();
  each_row(rows, cols, [&](int, size_t at) {
    const float* from = x + at;
    if (residual != nullptr) {
      for (size_t i = at; i < at + static_cast<size_t>(cols); i++) {
        sum[i] = x[i] + residual[i];
      }
      from = sum + at;
    }
    set.rms_norm(from, weight, eps, cols, out + at);
  });
}

void swiglu(const float* gate, const float* up, size_t count, float* out) {
  const Kernels& set = kernels();
  constexpr size_t each = 1 << 14;
  parallel(static_cast<int>((count + each - 1) / each), [&](int item) {
    size_t at = static_cast<size_t>(item) * each;
    set.swiglu(gate + at, up + at, static_cast<int>(std::min(each, count - at)), out + at);
  });
}

void softmax(const float* x, int rows, int cols, float* out) {
  const Kernels& set = kernels();
  each_row(rows, cols, [&](int, size_t at) { set.softmax(x + at, cols, out + at); });
}

void log_sum_exp(const float* x, int rows, int cols, float* out) {
  const Kernels& set = kernels();
  each_row(rows, cols, [&](int row, size_t at) { out[row] = set.log_sum_exp(x + at, cols); });
}

void rope(const float* x, const float* cosines, const float* sines, int heads, int tokens, int dim, bool neighbours, float* out) {
  const Kernels& set = kernels();
  each_row(heads * tokens, dim, [&](int row, size_t at) {
    size_t angle = static_cast<size_t>(row % tokens) * static_cast<size_t>(dim / 2);
    set.rope(x + at, cosines + angle, sines + angle, dim, neighbours, out + at);
  });
}

} // namespace tinyllm
