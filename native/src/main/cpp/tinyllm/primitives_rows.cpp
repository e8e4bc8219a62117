#include <algorithm>

#include "ops.h"
#include "primitive.h"
#include "primitives.h"

namespace tinyllm {
namespace {

int last(const array& x) {
  require(x.ndim() > 0 && x.shape(-1) > 0, "The last axis has to have values.");
  return x.shape(-1);
}

int rows_of(const array& x) { return static_cast<int>(x.size() / static_cast<size_t>(x.shape(-1))); }

} // namespace

array rms_norm(const array& x, const array& weight, float eps, mlx::core::StreamOrDevice s) {
  require(weight.size() == static_cast<size_t>(last(x)), "[rms_norm] The weight does not fit x.");
  auto work = [eps](const std::vector<array>& in, std::vector<array>& out) {
    rms_norm(in[0].data<float>(), nullptr, in[1].data<float>(), eps, rows_of(in[0]), in[0].shape(-1), nullptr,
             out[0].data<float>());
  };
  return kernel_output("RmsNorm", {floats(x, s), floats(weight, s)}, x.shape(), s, work);
}

std::vector<array> rms_norm_residual(const array& x, const array& residual, const array& weight, float eps,
                                     mlx::core::StreamOrDevice s) {
  require(weight.size() == static_cast<size_t>(last(x)) && residual.shape() == x.shape(),
          "[rms_norm] The weight or the residual does not fit x.");
  auto work = [eps](const std::vector<array>& in, std::vector<array>& out) {
    rms_norm(in[0].data<float>(), in[1].data<float>(), in[2].data<float>(), eps, rows_of(in[0]), in[0].shape(-1),
             out[0].data<float>(), out[1].data<float>());
  };
  return kernel_outputs("RmsNormResidual", {floats(x, s), floats(residual, s), floats(weight, s)}, {x.shape(), x.shape()}, s,
                        work);
}

array swiglu(const array& gate, const array& up, mlx::core::StreamOrDevice s) {
  require(gate.shape() == up.shape(), "[swiglu] Gate and up have to be alike.");
  auto work = [](const std::vector<array>& in, std::vector<array>& out) {
    swiglu(in[0].data<float>(), in[1].data<float>(), in[0].size(), out[0].data<float>());
  };
  return kernel_output("SwiGlu", {floats(gate, s), floats(up, s)}, gate.shape(), s, work);
}

array softmax(const array& x, mlx::core::StreamOrDevice s) {
  last(x);
  auto work = [](const std::vector<array>& in, std::vector<array>& out) {
    softmax(in[0].data<float>(), rows_of(in[0]), in[0].shape(-1), out[0].data<float>());
  };
  return kernel_output("RowSoftmax", {floats(x, s)}, x.shape(), s, work);
}

array log_sum_exp(const array& x, mlx::core::StreamOrDevice s) {
  last(x);
  mlx::core::Shape shape(x.shape().begin(), x.shape().end() - 1);
  auto work = [](const std::vector<array>& in, std::vector<array>& out) {
    log_sum_exp(in[0].data<float>(), rows_of(in[0]), in[0].shape(-1), out[0].data<float>());
  };
  return kernel_output("LogSumExp", {floats(x, s)}, shape, s, work);
}

namespace {

void require_ids(const array& given, const char* message) {
  require(given.is_available() && given.dtype() == mlx::core::int32 && given.flags().row_contiguous, message);
}

/** Inputs: logits, scales, counts, and for picked rows which, and their masks. */
std::vector<array> candidates_of(std::vector<array> inputs, int cols, mlx::core::StreamOrDevice s) {
  const array& counts = inputs[2];
  const auto* first = counts.data<int32_t>();
  auto [least, most] = std::minmax_element(first, first + counts.size());
  int rows = counts.shape(0), width = *most;
  require(*least >= 1 && width <= cols, "[top_candidates] A row has 1 to as many candidates as there are columns.");
  auto work = [cols, width, rows](const std::vector<array>& in, std::vector<array>& out) {
    CandidatesCall call{};
    call.x = in[0].data<float>();
    call.rows = rows;
    call.picked = in.size() > 3 ? in[3].data<int32_t>() : nullptr;
    call.masks = in.size() > 3 ? in[4].data<int32_t>() : nullptr;
    call.stride = in[0].shape(1);
    call.cols = cols;
    call.counts = in[2].data<int32_t>();
    call.width = width;
    call.scales = in[1].data<float>();
    call.ids = out[0].data<int32_t>();
    call.values = out[1].data<float>();
    call.sums = out[2].data<float>();
    top_candidates(call);
  };
  return kernel_outputs("TopCandidates", std::move(inputs), {{rows, width}, {rows, width}, {rows, 2}}, s, work,
                        {mlx::core::int32});
}

} // namespace

std::vector<array> top_candidates(const array& x, const array& counts, const array& scales, int cols, mlx::core::StreamOrDevice s) {
  require_ids(counts, "[top_candidates] Counts have to be computed int32.");
  require(x.ndim() == 2 && cols <= last(x) && counts.ndim() == 1 && counts.shape(0) == x.shape(0) && counts.size() > 0 &&
              scales.size() == 2 * counts.size(),
          "[top_candidates] The rows, their counts and scales and the number of columns do not fit.");
  return candidates_of({floats(x, s), floats(scales, s), counts}, cols, s);
}

std::vector<array> top_allowed(const array& x, const array& picked, const array& masks, const array& counts, const array& scales,
                               int cols, mlx::core::StreamOrDevice s) {
  for (auto* given : {&picked, &masks, &counts}) {
    require_ids(*given, "[top_allowed] Rows, masks and counts have to be computed int32.");
  }
  require(x.ndim() == 2 && cols <= last(x) && picked.ndim() == 1 && picked.size() > 0 && masks.ndim() == 2 &&
              masks.shape(0) == picked.shape(0) && masks.shape(1) == (cols + 31) / 32 && counts.shape() == picked.shape() &&
              scales.size() == 2 * picked.size(),
          "[top_allowed] The rows, their masks, counts and scales and the number of columns do not fit.");
  for (size_t i = 0; i < picked.size(); i++) {
    require(picked.data<int32_t>()[i] >= 0 && picked.data<int32_t>()[i] < x.shape(0), "[top_allowed] There is no such row.");
  }
  return candidates_of({floats(x, s), floats(scales, s), counts, picked, masks}, cols, s);
}

array rope(const array& x, const array& cosines, const array& sines, bool neighbours, mlx::core::StreamOrDevice s) {
  require(x.ndim() >= 2 && last(x) % 2 == 0 && cosines.shape() == sines.shape() &&
              cosines.size() == static_cast<size_t>(x.shape(-2)) * static_cast<size_t>(x.shape(-1) / 2),
          "[rope] The angles do not fit x.");
  auto work = [neighbours](const std::vector<array>& in, std::vector<array>& out) {
    int tokens = in[0].shape(-2), dim = in[0].shape(-1);
    rope(in[0].data<float>(), in[1].data<float>(), in[2].data<float>(), rows_of(in[0]) / std::max(1, tokens), tokens, dim,
         neighbours, out[0].data<float>());
  };
  return kernel_output("RotaryEmbedding", {floats(x, s), floats(cosines, s), floats(sines, s)}, x.shape(), s, work);
}

} // namespace tinyllm
