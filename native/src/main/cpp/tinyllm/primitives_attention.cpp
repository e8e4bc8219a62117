#include "dispatch.h"
#include "ops.h"
#include "primitive.h"
#include "primitives.h"

namespace tinyllm {

struct KvState {
  int kv_heads;
  int head_dim;
  int page_tokens;
  bool half;
  std::vector<array> keys;
  std::vector<array> values;
};

namespace {

int padded(int dim) { return (dim + 15) / 16 * 16; }

/** A page list as it was when an operation was built, and what keeps the memory. */
struct Snapshot {
  std::vector<array> keep;
  std::vector<const void*> keys;
  std::vector<const void*> values;
  int page_tokens;
  int dim;
  bool half;

  explicit Snapshot(const KvState& state) : page_tokens(state.page_tokens), dim(padded(state.head_dim)), half(state.half) {
    for (size_t i = 0; i < state.keys.size(); i++) {
      keep.push_back(state.keys[i]);
      keep.push_back(state.values[i]);
      keys.push_back(state.keys[i].data<uint8_t>());
      values.push_back(state.values[i].data<uint8_t>());
    }
  }

  KeyValues view() const { return {keys.data(), values.data(), page_tokens, dim, half}; }
  size_t room() const { return keys.size() * static_cast<size_t>(page_tokens); }
};

array page(size_t bytes) {
  auto buffer = mlx::core::allocator::malloc(bytes);
  require(buffer.buffer().raw_ptr() != nullptr, "[KvPages] There is no memory for a page.");
  return array(std::move(buffer), {1}, mlx::core::uint8);
}

} // namespace

size_t KvPages::page_nbytes(int kv_heads, int head_dim, int page_tokens, bool half) {
  return 2 * static_cast<size_t>(kv_heads) * static_cast<size_t>(page_tokens) * static_cast<size_t>(padded(head_dim)) *
      (half ? 2 : 4);
}

KvPages::KvPages(int kv_heads, int head_dim, int page_tokens, bool half)
    : state(std::make_shared<KvState>(KvState{kv_heads, head_dim, page_tokens, half, {}, {}})) {
  require(kv_heads > 0 && head_dim > 0 && head_dim <= 1024, "[KvPages] The heads are out of range.");
  require(page_tokens > 0 && page_tokens % 16 == 0, "[KvPages] A page holds a multiple of 16 tokens.");
}

void KvPages::add_page() {
  size_t bytes = page_nbytes(state->kv_heads, state->head_dim, state->page_tokens, state->half) / 2;
  array keys = page(bytes);
  state->values.push_back(page(bytes));
  state->keys.push_back(keys);
}

void KvPages::keep_pages(int count) {
  require(count >= 0 && count <= pages(), "[KvPages] There are fewer pages.");
  state->keys.erase(state->keys.begin() + count, state->keys.end());
  state->values.erase(state->values.begin() + count, state->values.end());
}

int KvPages::pages() const { return static_cast<int>(state->keys.size()); }

size_t KvPages::nbytes() const {
  return state->keys.size() * page_nbytes(state->kv_heads, state->head_dim, state->page_tokens, state->half);
}

AttentionKernel::AttentionKernel(int heads, int kv_heads, int head_dim, bool neighbours, float scale)
    : heads_(heads), kv_heads_(kv_heads), head_dim_(head_dim), neighbours_(neighbours), scale_(scale) {
  require(kv_heads > 0 && heads % kv_heads == 0, "[AttentionKernel] The heads have to be a multiple of the KV heads.");
  require(head_dim > 0 && head_dim % 2 == 0, "[AttentionKernel] The head dimension has to be even.");
}

void AttentionKernel::set_norms(const array& q, const array& k, float eps) {
  for (auto* norm : {&q, &k}) {
    require(norm->is_available() && norm->dtype() == mlx::core::float32 && norm->flags().row_contiguous &&
                norm->size() == static_cast<size_t>(head_dim_),
            "[AttentionKernel] A norm has to be one computed float32 for each component of a head.");
  }
  norms_ = {q, k};
  eps_ = eps;
}

array AttentionKernel::apply(const array& qkv, const array& cosines, const array& sines, const KvPages& pages, int position,
                             mlx::core::StreamOrDevice s) const {
  const KvState& state = *pages.state;
  require(state.kv_heads == kv_heads_ && state.head_dim == head_dim_, "[AttentionKernel] The pages are of other heads.");
  require(qkv.ndim() >= 2 && qkv.shape(-1) == (heads_ + 2 * kv_heads_) * head_dim_, "[AttentionKernel] qkv does not fit.");
  int tokens = static_cast<int>(qkv.size() / static_cast<size_t>(qkv.shape(-1)));
  Snapshot snapshot(state);
  require(position >= 0 && tokens > 0 && static_cast<size_t>(position) + static_cast<size_t>(tokens) <= snapshot.room(),
          "[AttentionKernel] The pages have no room for the tokens.");
  size_t angles = (static_cast<size_t>(position) + static_cast<size_t>(tokens)) * static_cast<size_t>(head_dim_ / 2);
  require(cosines.size() >= angles && sines.size() >= angles, "[AttentionKernel] The table of angles is too short.");
  mlx::core::Shape shape = qkv.shape();
  shape.back() = heads_ * head_dim_;
  CachedAttentionCall fixed{};
  fixed.tokens = tokens;
  fixed.heads = heads_;
  fixed.kv_heads = kv_heads_;
  fixed.head_dim = head_dim_;
  fixed.position = position;
  fixed.neighbours = neighbours_;
  fixed.eps = eps_;
  fixed.scale = scale_;
  auto work = [fixed, norms = norms_, snapshot = std::move(snapshot)](
                  const std::vector<array>& in, std::vector<array>& out) {
    CachedAttentionCall call = fixed;
    size_t angle = static_cast<size_t>(call.position) * static_cast<size_t>(call.head_dim / 2);
    call.qkv = in[0].data<float>();
    call.cosines = in[1].data<float>() + angle;
    call.sines = in[2].data<float>() + angle;
    call.q_norm = norms.empty() ? nullptr : norms[0].data<float>();
    call.k_norm = norms.empty() ? nullptr : norms[1].data<float>();
    call.kv = snapshot.view();
    call.out = out[0].data<float>();
    cached_attention(call);
  };
  return kernel_output("CachedAttention", {floats(qkv, s), floats(cosines, s), floats(sines, s)}, shape, s, std::move(work));
}

std::vector<array> read_pages(const KvPages& pages, int tokens, mlx::core::StreamOrDevice s) {
  const KvState& state = *pages.state;
  Snapshot snapshot(state);
  require(tokens >= 0 && static_cast<size_t>(tokens) <= snapshot.room(), "[read_pages] There are fewer tokens.");
  mlx::core::Shape shape{1, state.kv_heads, tokens, state.head_dim};
  auto work = [snapshot = std::move(snapshot), heads = state.kv_heads, tokens, dim = state.head_dim](
                  const std::vector<array>&, std::vector<array>& out) {
    read_cache(snapshot.view(), heads, tokens, dim, out[0].data<float>(), out[1].data<float>());
  };
  return kernel_outputs("ReadPages", {}, {shape, shape}, s, std::move(work));
}

array write_pages(const array& k, const array& v, const KvPages& pages, int position, mlx::core::StreamOrDevice s) {
  const KvState& state = *pages.state;
  Snapshot snapshot(state);
  mlx::core::Shape shape = k.shape();
  require(shape.size() == 4 && shape[0] == 1 && shape[1] == state.kv_heads && shape[3] == state.head_dim && v.shape() == shape,
          "[write_pages] Keys and values have to be [1, kv heads, tokens, head_dim].");
  require(position >= 0 && static_cast<size_t>(position) + static_cast<size_t>(shape[2]) <= snapshot.room(),
          "[write_pages] The pages have no room for the tokens.");
  auto work = [snapshot = std::move(snapshot), heads = shape[1], tokens = shape[2], dim = shape[3], position](
                  const std::vector<array>& in, std::vector<array>& out) {
    const Kernels& set = kernels();
    KeyValues kv = snapshot.view();
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < tokens; i++) {
        size_t at = static_cast<size_t>(h * tokens + i) * static_cast<size_t>(dim);
        set.append(in[0].data<float>() + at, in[1].data<float>() + at, kv, h, position + i, dim);
      }
    }
    std::copy_n(in[0].data<float>(), in[0].size(), out[0].data<float>());
  };
  return kernel_output("WritePages", {floats(k, s), floats(v, s)}, shape, s, std::move(work));
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
  fixed.half = half;
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
