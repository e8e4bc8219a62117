#include <cstring>

#include "dispatch.h"
#include "large_pages.h"
#include "ops.h"
#include "plans.h"
#include "pool.h"
#include "primitive.h"
#include "primitives.h"

namespace tinyllm {
namespace {

// The prefetcher may look past the last block of a matrix.
constexpr size_t SPARE = 64;

std::shared_ptr<PackedState> packed_state(const Form& form) {
  const char* wrong = problem(form);
  if (wrong != nullptr) {
    throw std::invalid_argument(std::string("[PackedMatrix] ") + wrong + ".");
  }
  size_t bytes = packed_bytes(form) + SPARE;
  require(bytes < size_t{1} << 40, "[PackedMatrix] The matrix is too large.");
  auto buffer = mlx::core::allocator::malloc(bytes);
  auto* raw = static_cast<uint8_t*>(buffer.buffer().raw_ptr());
  require(raw != nullptr, "[PackedMatrix] There is no memory for the matrix.");
  want_large_pages(raw, bytes);
  array memory(std::move(buffer), {1}, mlx::core::uint8);
  auto* aligned = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(raw) + 63) / 64 * 64);
  return std::make_shared<PackedState>(PackedState{form, memory, aligned, {}, true});
}

} // namespace

PackedMatrix::PackedMatrix(int rows, int cols, int bits, int group, int kind)
    : state(packed_state({rows, cols, bits, group, kind})) {}

void PackedMatrix::pack(int tile, const unsigned char* codes, const float* scales, const float* biases, const float* d,
                        const float* dmin) {
  const Form& form = state->form;
  require(tile >= 0 && tile < tiles(form), "[PackedMatrix] There is no such tile.");
  int rows = std::min(TILE, form.rows - tile * TILE);
  pack_tile(form, rows, codes, scales, biases, d, dmin, state->data + static_cast<size_t>(tile) * tile_bytes(form));
}

void PackedMatrix::set_bias(const array& bias) {
  require(bias.is_available() && bias.dtype() == mlx::core::float32 && bias.flags().row_contiguous &&
              bias.size() == static_cast<size_t>(state->form.rows),
          "[PackedMatrix] The bias has to be one computed float32 for each row.");
  state->bias = {bias};
}

void PackedMatrix::packed(bool finite) {
  state->finite = finite;
  gather_in_large_pages(state->data, packed_bytes(state->form));
}

size_t PackedMatrix::nbytes() const {
  return packed_bytes(state->form) + SPARE + (state->bias.empty() ? 0 : state->bias[0].nbytes());
}

void PackedMatrix::row(int row, float* to) const {
  require(row >= 0 && row < state->form.rows, "[PackedMatrix] There is no such row.");
  unpack_row(state->form, state->data, row, to);
}

LinearKernel::LinearKernel() : plan(std::make_shared<LinearPlan>()) {}

void LinearKernel::add(const PackedMatrix& matrix) {
  auto& matrices = plan->matrices;
  require(matrices.size() < MAX_WEIGHTS, "[LinearKernel] There are at most three matrices.");
  require(matrices.empty() || plan->cols() == matrix.state->form.cols,
          "[LinearKernel] The matrices have to have the same columns.");
  matrices.push_back(matrix.state);
}

void LinearKernel::set_norm(const array& weight, float eps) {
  require(!plan->matrices.empty() && weight.is_available() && weight.dtype() == mlx::core::float32 &&
              weight.flags().row_contiguous && weight.size() == static_cast<size_t>(plan->cols()),
          "[LinearKernel] The norm has to be one computed float32 for each column.");
  plan->norm = {weight};
  plan->eps = eps;
}

void LinearKernel::set_swiglu() {
  const auto& matrices = plan->matrices;
  require(matrices.size() == 2 && matrices[0]->form.rows == matrices[1]->form.rows,
          "[LinearKernel] Gate and up have to be two matrices of one shape.");
  plan->swiglu = true;
}

array LinearKernel::apply(const array& x, mlx::core::StreamOrDevice s) const { return run({floats(x, s)}, s); }

array LinearKernel::apply(const array& x, const array& residual, mlx::core::StreamOrDevice s) const {
  return run({floats(x, s), floats(residual, s)}, s);
}

array LinearKernel::run(std::vector<array> inputs, mlx::core::StreamOrDevice s) const {
  require(!plan->matrices.empty(), "[LinearKernel] There is no matrix.");
  mlx::core::Shape shape = inputs[0].shape();
  require(shape.size() > 0 && shape.back() == plan->cols(), "[LinearKernel] x does not fit the matrices.");
  shape.back() = plan->outputs();
  require(inputs.size() == 1 || inputs[1].shape() == shape, "[LinearKernel] The residual does not fit the output.");
  auto work = [plan = plan](const std::vector<array>& in, std::vector<array>& out) {
    int rows = static_cast<int>(in[0].size() / static_cast<size_t>(plan->cols()));
    linear(plan->call(in[0].data<float>(), rows, in.size() > 1 ? in[1].data<float>() : nullptr, out[0].data<float>()));
  };
  return kernel_output("QuantizedLinear", std::move(inputs), std::move(shape), s, std::move(work));
}

array embed(const PackedMatrix& table, const array& ids, mlx::core::StreamOrDevice s) {
  require(ids.is_available() && ids.dtype() == mlx::core::int32 && ids.ndim() == 1 && ids.flags().row_contiguous,
          "[embed] The ids have to be a computed row of int32.");
  for (size_t i = 0; i < ids.size(); i++) {
    require(ids.data<int32_t>()[i] >= 0 && ids.data<int32_t>()[i] < table.state->form.rows, "[embed] An id is out of range.");
  }
  auto work = [state = table.state](const std::vector<array>& in, std::vector<array>& out) {
    embed(state->weight(), in[0].data<int32_t>(), static_cast<int>(in[0].size()), out[0].data<float>());
  };
  return kernel_output("QuantizedEmbedding", {ids}, {ids.shape(0), table.state->form.cols}, s, work);
}

int kernel_threads() { return threads(); }

void set_kernel_threads(int count) {
  require(count >= 1 && count <= 1024, "[set_kernel_threads] The number of threads has to be from 1 to 1024.");
  set_threads(count);
}

int physical_core_count() { return physical_cores(); }

std::string instruction_set_names() {
  std::string names;
  for (auto& name : instruction_sets()) {
    names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

std::string instruction_set() { return kernels().name; }

bool choose_instruction_set(const std::string& name) { return use_instruction_set(name); }

} // namespace tinyllm
