// What does not change from step to step: the matrices of a product, the heads of an attention. Primitives share them.

#pragma once

#include <memory>
#include <vector>

#include "mlx/mlx.h"
#include "ops.h"
#include "view.h"

namespace tinyllm {

struct PackedState {
  Form form;
  mlx::core::array memory;
  uint8_t* data;
  std::vector<mlx::core::array> bias;
  bool finite = true;

  Weight weight() const { return {data, form, bias.empty() ? nullptr : bias[0].data<float>(), finite}; }
};

struct LinearPlan {
  std::vector<std::shared_ptr<PackedState>> matrices;
  std::vector<mlx::core::array> norm;
  float eps = 0;
  bool swiglu = false;

  int cols() const { return matrices[0]->form.cols; }

  int outputs() const {
    int sum = 0;
    for (size_t i = 0; i < (swiglu ? 1 : matrices.size()); i++) {
      sum += matrices[i]->form.rows;
    }
    return sum;
  }

  LinearCall call(const float* x, int rows, const float* residual, float* out) const {
    LinearCall call{};
    call.x = x;
    call.rows = rows;
    call.cols = cols();
    call.norm = norm.empty() ? nullptr : norm[0].data<float>();
    call.eps = eps;
    for (auto& matrix : matrices) {
      call.weights[call.count++] = matrix->weight();
    }
    call.swiglu = swiglu;
    call.residual = residual;
    call.out = out;
    return call;
  }
};

struct AttentionPlan {
  int heads;
  int kv_heads;
  int head_dim;
  bool neighbours;
  float scale;
  float eps = 0;
  std::vector<mlx::core::array> norms;

  /** Values of a row of qkv. */
  int width() const { return (heads + 2 * kv_heads) * head_dim; }

  /** Throws if rows of qkv, pages and angles do not fit each other. */
  void check(int rows, const PagesView& view, const mlx::core::array& cosines, const mlx::core::array& sines) const;

  CachedAttentionCall call(const float* qkv, int rows, const PagesView& view, const float* cosines, const float* sines,
                           float* out) const {
    CachedAttentionCall call{};
    call.qkv = qkv;
    call.rows = rows;
    call.sequences = view.sequences.data();
    call.count = static_cast<int>(view.sequences.size());
    call.heads = heads;
    call.kv_heads = kv_heads;
    call.head_dim = head_dim;
    call.cosines = cosines;
    call.sines = sines;
    call.neighbours = neighbours;
    call.q_norm = norms.empty() ? nullptr : norms[0].data<float>();
    call.k_norm = norms.empty() ? nullptr : norms[1].data<float>();
    call.eps = eps;
    call.scale = scale;
    call.kv = view.kv;
    call.out = out;
    return call;
  }
};

} // namespace tinyllm
