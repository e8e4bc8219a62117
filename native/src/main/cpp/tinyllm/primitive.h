// One class for all our MLX primitives: a name, and what to do with the memory of inputs and outputs.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mlx/backend/cpu/encoder.h"
#include "mlx/mlx.h"
#include "mlx/primitives.h"
#include "outputs.h"

namespace tinyllm {

using mlx::core::array;

class KernelPrimitive : public mlx::core::Primitive {
 public:
  using Work = std::function<void(const std::vector<array>& inputs, std::vector<array>& outputs)>;

  /** work runs on the stream's thread, with weak copies of arrays whose memory is there. */
  KernelPrimitive(mlx::core::Stream stream, const char* name, Work work)
      : Primitive(stream), name_(name), work_(std::move(work)) {}

  void eval_cpu(const std::vector<array>& inputs, std::vector<array>& outputs) override {
    std::vector<array> from, to;
    for (auto& in : inputs) {
      from.push_back(array::unsafe_weak_copy(in));
    }
    for (auto& out : outputs) {
      out.set_data(output_memory(out.nbytes()));
      to.push_back(array::unsafe_weak_copy(out));
    }
    mlx::core::cpu::get_command_encoder(stream()).dispatch(
        [work = work_, from = std::move(from), to = std::move(to)]() mutable { work(from, to); });
  }

  void eval_gpu(const std::vector<array>&, std::vector<array>&) override {
    throw std::runtime_error(std::string("[") + name_ + "] These kernels run on a CPU; start with -Dtinyllm.device=cpu.");
  }

  const char* name() const override { return name_; }

 private:
  const char* name_;
  Work work_;
};

inline std::vector<array> kernel_outputs(const char* name, std::vector<array> inputs, std::vector<mlx::core::Shape> shapes,
                                         mlx::core::StreamOrDevice s, KernelPrimitive::Work work,
                                         std::vector<mlx::core::Dtype> dtypes = {}) {
  dtypes.resize(shapes.size(), mlx::core::float32); // where nothing else was asked for
  auto primitive = std::make_shared<KernelPrimitive>(mlx::core::to_stream(s), name, std::move(work));
  return array::make_arrays(std::move(shapes), dtypes, primitive, std::move(inputs));
}

inline array kernel_output(const char* name, std::vector<array> inputs, mlx::core::Shape shape, mlx::core::StreamOrDevice s,
                           KernelPrimitive::Work work) {
  auto primitive = std::make_shared<KernelPrimitive>(mlx::core::to_stream(s), name, std::move(work));
  return array(std::move(shape), mlx::core::float32, primitive, std::move(inputs));
}

/** Row-major memory of the dtype; a computed array that has it already, and what a kernel gives, is taken as it is. */
inline array row_major(const array& a, mlx::core::Dtype dtype, mlx::core::StreamOrDevice s) {
  if (a.dtype() == dtype) {
    if (a.is_available() && a.flags().row_contiguous) {
      return a;
    }
    if (a.has_primitive() && dynamic_cast<const KernelPrimitive*>(&a.primitive()) != nullptr) {
      return a;
    }
    return mlx::core::contiguous(a, false, s);
  }
  return mlx::core::contiguous(mlx::core::astype(a, dtype, s), false, s);
}

inline array floats(const array& a, mlx::core::StreamOrDevice s) { return row_major(a, mlx::core::float32, s); }

inline void require(bool holds, const char* what) {
  if (!holds) {
    throw std::invalid_argument(what);
  }
}

} // namespace tinyllm
