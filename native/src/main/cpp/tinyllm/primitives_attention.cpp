#include "dispatch.h"
#include "ops.h"
#include "plans.h"
#include "primitive.h"
#include "primitives.h"
#include "view.h"

namespace tinyllm {

void AttentionPlan::check(int rows, const PagesView& view, const array& cosines, const array& sines) const {
  require(view.kv_heads == kv_heads && view.kv.head_dim == head_dim, "[AttentionKernel] The pages are of other heads.");
  require(rows > 0 && view.rows() <= rows, "[AttentionKernel] There are fewer rows than tokens.");
  size_t angles = static_cast<size_t>(view.positions()) * static_cast<size_t>(head_dim / 2);
  require(cosines.size() >= angles && sines.size() >= angles, "[AttentionKernel] The table of angles is too short.");
}

AttentionKernel::AttentionKernel(int heads, int kv_heads, int head_dim, bool neighbours, float scale)
    : plan(std::make_shared<AttentionPlan>(AttentionPlan{heads, kv_heads, head_dim, neighbours, scale, 0, {}})) {
  require(kv_heads > 0 && heads % kv_heads == 0, "[AttentionKernel] The heads have to be a multiple of the KV heads.");
  require(head_dim > 0 && head_dim % 2 == 0, "[AttentionKernel] The head dimension has to be even.");
}

void AttentionKernel::set_norms(const array& q, const array& k, float eps) {
  for (auto* norm : {&q, &k}) {
    require(norm->is_available() && norm->dtype() == mlx::core::float32 && norm->flags().row_contiguous &&
                norm->size() == static_cast<size_t>(plan->head_dim),
            "[AttentionKernel] A norm has to be one computed float32 for each component of a head.");
  }
  plan->norms = {q, k};
  plan->eps = eps;
}

array AttentionKernel::apply(const array& qkv, const array& cosines, const array& sines, const KvPages& pages, int position,
                             mlx::core::StreamOrDevice s) const {
  int tokens = static_cast<int>(qkv.size() / static_cast<size_t>(qkv.shape(-1)));
  return apply(qkv, cosines, sines, pages.view(tokens, position), s);
}

array AttentionKernel::apply(const array& qkv, const array& cosines, const array& sines, const BlockTables& tables, int layer,
                             mlx::core::StreamOrDevice s) const {
  return apply(qkv, cosines, sines, tables.view(layer), s);
}

array AttentionKernel::apply(const array& qkv, const array& cosines, const array& sines, std::shared_ptr<const PagesView> view,
                             mlx::core::StreamOrDevice s) const {
  require(qkv.ndim() >= 2 && qkv.shape(-1) == plan->width(), "[AttentionKernel] qkv does not fit.");
  int rows = static_cast<int>(qkv.size() / static_cast<size_t>(qkv.shape(-1)));
  plan->check(rows, *view, cosines, sines);
  mlx::core::Shape shape = qkv.shape();
  shape.back() = plan->heads * plan->head_dim;
  auto work = [plan = plan, rows, view = std::move(view)](const std::vector<array>& in, std::vector<array>& out) {
    cached_attention(plan->call(in[0].data<float>(), rows, *view, in[1].data<float>(), in[2].data<float>(), out[0].data<float>()));
  };
  return kernel_output("CachedAttention", {floats(qkv, s), floats(cosines, s), floats(sines, s)}, shape, s, std::move(work));
}

namespace {

array attend(std::vector<array> inputs, bool causal, float scale, mlx::core::StreamOrDevice s) {
  const auto& q = inputs[0].shape();
  const auto& k = inputs[1].shape();
  require(q.size() == 4 && k.size() == 4 && inputs[2].shape() == k && q[0] == k[0] && q[3] == k[3] && k[1] > 0 && k[2] > 0 &&
              q[1] % k[1] == 0 && (!causal || q[2] <= k[2]),
          "[flash_attention] The shapes do not fit each other.");
  bool half = inputs[1].dtype() == mlx::core::float16 && inputs[2].dtype() == mlx::core::float16;
  inputs[0] = floats(inputs[0], s);
  for (size_t i : {1, 2}) {
    inputs[i] = half ? row_major(inputs[i], mlx::core::float16, s) : floats(inputs[i], s);
  }
  FlashCall fixed{};
  fixed.kind = half ? KV_HALF : KV_FLOAT;
  fixed.batch = q[0];
  fixed.heads = q[1];
  fixed.kv_heads = k[1];
  fixed.queries = q[2];
  fixed.keys = k[2];
  fixed.head_dim = q[3];
  fixed.scale = scale;
  fixed.causal = causal;
  if (inputs.size() > 3) {
    const auto& m = inputs[3].shape();
    require(m.size() == 4 && (m[0] == 1 || m[0] == q[0]) && (m[1] == 1 || m[1] == q[1]) && (m[2] == 1 || m[2] == q[2]) &&
                m[3] == k[2],
            "[flash_attention] The mask does not fit.");
    size_t keys = static_cast<size_t>(m[3]);
    fixed.mask_stride[2] = m[2] == 1 ? 0 : keys;
    fixed.mask_stride[1] = m[1] == 1 ? 0 : keys * static_cast<size_t>(m[2]);
    fixed.mask_stride[0] = m[0] == 1 ? 0 : keys * static_cast<size_t>(m[2]) * static_cast<size_t>(m[1]);
    inputs[3] = floats(inputs[3], s);
  }
  auto work = [fixed](const std::vector<array>& in, std::vector<array>& out) {
    FlashCall call = fixed;
    call.q = in[0].data<float>();
    call.k = in[1].data<void>();
    call.v = in[2].data<void>();
    call.mask = in.size() > 3 ? in[3].data<float>() : nullptr;
    call.out = out[0].data<float>();
    flash_attention(call);
  };
  mlx::core::Shape shape = q;
  return kernel_output("FlashAttention", std::move(inputs), std::move(shape), s, std::move(work));
}

} // namespace

array flash_attention(const array& q, const array& k, const array& v, bool causal, float scale, mlx::core::StreamOrDevice s) {
  return attend({q, k, v}, causal, scale, s);
}

array flash_attention(const array& q, const array& k, const array& v, const array& mask, float scale,
                      mlx::core::StreamOrDevice s) {
  return attend({q, k, v, mask}, false, scale, s);
}

} // namespace tinyllm
