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

/** Inputs: logits, scales, and for picked rows which, and their masks. */
std::vector<array> candidates_of(std::vector<array> inputs, int rows, int cols, int count, mlx::core::StreamOrDevice s) {
  auto work = [cols, count, rows](const std::vector<array>& in, std::vector<array>& out) {
    CandidatesCall call{};
    call.x = in[0].data<float>();
    call.rows = rows;
    call.picked = in.size() > 2 ? in[2].data<int32_t>() : nullptr;
    call.masks = in.size() > 2 ? in[3].data<int32_t>() : nullptr;
    call.stride = in[0].shape(1);
    call.cols = cols;
    call.count = count;
    call.scales = in[1].data<float>();
    call.ids = out[0].data<int32_t>();
    call.values = out[1].data<float>();
    call.sums = out[2].data<float>();
    top_candidates(call);
  };
  return kernel_outputs("TopCandidates", std::move(inputs), {{rows, count}, {rows, count}, {rows, 2}}, s, work,
                        {mlx::core::int32});
}

} // namespace

std::vector<array> top_candidates(const array& x, const array& scales, int cols, int count, mlx::core::StreamOrDevice s) {
  require(x.ndim() == 2 && scales.size() == 2 * static_cast<size_t>(x.shape(0)) && count >= 1 && count <= cols && cols <= last(x),
          "[top_candidates] The rows, their scales and the numbers of columns and candidates do not fit.");
  return candidates_of({floats(x, s), floats(scales, s)}, x.shape(0), cols, count, s);
}

std::vector<array> top_allowed(const array& x, const array& picked, const array& masks, const array& scales, int cols, int count,
                               mlx::core::StreamOrDevice s) {
  for (auto* given : {&picked, &masks}) {
    require(given->is_available() && given->dtype() == mlx::core::int32 && given->flags().row_contiguous,
            "[top_allowed] Rows and masks have to be computed int32.");
  }
  require(x.ndim() == 2 && count >= 1 && count <= cols && cols <= last(x) && picked.ndim() == 1 && masks.ndim() == 2 &&
              masks.shape(0) == picked.shape(0) && masks.shape(1) == (cols + 31) / 32 && scales.size() == 2 * picked.size(),
          "[top_allowed] The rows, their masks and scales and the numbers of columns and candidates do not fit.");
  for (size_t i = 0; i < picked.size(); i++) {
    require(picked.data<int32_t>()[i] >= 0 && picked.data<int32_t>()[i] < x.shape(0), "[top_allowed] There is no such row.");
  }
  return candidates_of({floats(x, s), floats(scales, s), picked, masks}, picked.shape(0), cols, count, s);
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
