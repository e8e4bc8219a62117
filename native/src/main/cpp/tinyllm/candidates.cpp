#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "dispatch.h"
#include "ops.h"
#include "pool.h"

namespace tinyllm {
namespace {

constexpr float NEVER = -std::numeric_limits<float>::infinity();
constexpr float NOTHING = std::numeric_limits<float>::quiet_NaN();

struct Candidate {
  float value;
  int32_t id;

  bool operator<(const Candidate& o) const { return value > o.value || (value == o.value && id < o.id); }
};

/** No fewer than `count` values are as large as this: each comes from a block of its own. */
float at_least(const std::vector<float>& maxima, int count) {
  if (static_cast<size_t>(count) > maxima.size()) {
    return NEVER;
  }
  static thread_local std::vector<float> order;
  order = maxima;
  std::nth_element(order.begin(), order.begin() + (count - 1), order.end(), std::greater<>());
  return order[static_cast<size_t>(count - 1)];
}

/** The values of one row that may be among the first `count`, then those that are, in their order. */
const std::vector<Candidate>& largest(const float* x, int cols, int count, const std::vector<float>& maxima) {
  static thread_local std::vector<Candidate> found;
  found.clear();
  // Where a mask leaves less than is asked for, nearly all are -inf: they are looked for only as long as places are left.
  float least = std::max(at_least(maxima, count), std::numeric_limits<float>::lowest());
  for (size_t block = 0; block < maxima.size(); block++) {
    if (maxima[block] < least) {
      continue;
    }
    int first = static_cast<int>(block) * VOCABULARY_BLOCK;
    for (int i = first; i < std::min(cols, first + VOCABULARY_BLOCK); i++) {
      if (x[i] >= least) {
        found.push_back({x[i], i});
      }
    }
  }
  for (int i = 0; i < cols && found.size() < static_cast<size_t>(count); i++) {
    if (x[i] == NEVER) {
      found.push_back({x[i], i});
    }
  }
  if (found.size() > static_cast<size_t>(count)) {
    std::nth_element(found.begin(), found.begin() + count, found.end());
    found.resize(static_cast<size_t>(count));
  }
  std::sort(found.begin(), found.end());
  return found;
}

/** log of the sum of exp(scale * x); a scale of 0 asks for none */
float log_sum(const Kernels& set, const float* x, int cols, float largest, float scale) {
  if (scale == 0) {
    return NOTHING;
  }
  return std::isinf(largest) ? largest : scale * largest + logf(set.exp_sum(x, cols, largest, scale));
}

/** Four lanes for four bits: all ones where the bit is set. */
constexpr auto LANES = [] {
  std::array<std::array<uint32_t, 4>, 16> lanes{};
  for (unsigned bits = 0; bits < 16; bits++) {
    for (unsigned i = 0; i < 4; i++) {
      lanes[bits][i] = (bits >> i & 1) != 0 ? ~uint32_t{0} : 0;
    }
  }
  return lanes;
}();

/** x where the mask has a bit, and -inf elsewhere. */
void only(const float* x, const int32_t* mask, int cols, float* out) {
  constexpr int width = 32;
  const auto never = std::bit_cast<uint32_t>(NEVER);
  for (int first = 0; first < cols; first += width) {
    auto bits = static_cast<uint32_t>(*mask++);
    int count = std::min(width, cols - first);
    if (bits == 0) {
      std::fill_n(out + first, count, NEVER);
    } else if (bits == ~uint32_t{0}) {
      std::copy_n(x + first, count, out + first);
    } else if (count < width) {
      for (int i = 0; i < count; i++) {
        out[first + i] = (bits >> i & 1) != 0 ? x[first + i] : NEVER;
      }
    } else {
      for (int i = 0; i < width; i += 4, bits >>= 4) {
        const auto& lanes = LANES[bits & 15];
        uint32_t four[4];
        std::memcpy(four, x + first + i, sizeof four);
        for (size_t lane = 0; lane < 4; lane++) {
          four[lane] = (four[lane] & lanes[lane]) | (never & ~lanes[lane]);
        }
        std::memcpy(out + first + i, four, sizeof four);
      }
    }
  }
}

void one_row(const Kernels& set, const CandidatesCall& call, size_t row) {
  static thread_local std::vector<float> maxima;
  size_t from = call.picked == nullptr ? row : static_cast<size_t>(call.picked[row]);
  const float* x = call.x + from * static_cast<size_t>(call.stride);
  if (call.masks != nullptr) {
    static thread_local std::vector<float> allowed;
    allowed.resize(static_cast<size_t>(call.cols));
    only(x, call.masks + row * static_cast<size_t>((call.cols + 31) / 32), call.cols, allowed.data());
    x = allowed.data();
  }
  size_t width = static_cast<size_t>(call.width);
  int32_t* ids = call.ids + row * width;
  float* values = call.values + row * width;
  float* sums = call.sums + 2 * row;
  std::fill_n(ids, width, -1);
  std::fill_n(values, width, NOTHING);
  sums[0] = sums[1] = NOTHING;
  maxima.resize(static_cast<size_t>((call.cols + VOCABULARY_BLOCK - 1) / VOCABULARY_BLOCK));
  if (!set.block_maxima(x, call.cols, maxima.data())) {
    return;
  }
  const auto& best = largest(x, call.cols, call.counts[row], maxima);
  for (size_t i = 0; i < best.size(); i++) {
    ids[i] = best[i].id;
    values[i] = best[i].value;
  }
  const float* scales = call.scales + 2 * row;
  sums[0] = log_sum(set, x, call.cols, values[0], scales[0]);
  sums[1] = scales[1] == scales[0] ? sums[0] : log_sum(set, x, call.cols, values[0], scales[1]);
}

} // namespace

void top_candidates(const CandidatesCall& call) {
  const Kernels& set = kernels();
  parallel(call.rows, [&](int row) { one_row(set, call, static_cast<size_t>(row)); });
}

} // namespace tinyllm
