#include "ops.h"
#include "plans.h"
#include "primitive.h"
#include "primitives.h"

namespace tinyllm {
namespace {

// What a thread keeps of the memory between the parts: a step of decoding needs less, a long prompt gives back what it needed.
constexpr size_t KEPT_FLOATS = size_t{1} << 19;

/** What stands between the parts of a block, for one call. */
class Between {
 public:
  explicit Between(size_t floats) {
    if (memory().size() < floats) {
      memory().resize(floats);
    }
  }

  ~Between() {
    if (memory().size() > KEPT_FLOATS) {
      std::vector<float>().swap(memory());
    }
  }

  float* take(size_t floats) {
    float* at = memory().data() + taken_;
    taken_ += floats;
    return at;
  }

 private:
  static std::vector<float>& memory() {
    static thread_local std::vector<float> floats;
    return floats;
  }

  size_t taken_ = 0;
};

} // namespace

BlockKernel::BlockKernel(const LinearKernel& projections, const AttentionKernel& attention, const LinearKernel& output,
                         const LinearKernel& gate_up, const LinearKernel& down)
    : projections_(projections.plan), output_(output.plan), gate_up_(gate_up.plan), down_(down.plan), attention_(attention.plan) {
  for (auto* linear : {&projections, &output, &gate_up, &down}) {
    require(!linear->plan->matrices.empty(), "[BlockKernel] A product has no matrix.");
  }
  int width = projections_->cols();
  require(projections_->outputs() == attention_->width() && output_->cols() == attention_->heads * attention_->head_dim &&
              output_->outputs() == width && gate_up_->cols() == width && down_->cols() == gate_up_->outputs() &&
              down_->outputs() == width,
          "[BlockKernel] The parts do not fit each other.");
}

array BlockKernel::apply(const array& x, const array& cosines, const array& sines, const KvPages& pages, int position,
                         mlx::core::StreamOrDevice s) const {
  int tokens = static_cast<int>(x.size() / static_cast<size_t>(projections_->cols()));
  return apply(x, cosines, sines, pages.view(tokens, position), s);
}

array BlockKernel::apply(const array& x, const array& cosines, const array& sines, const BlockTables& tables, int layer,
                         mlx::core::StreamOrDevice s) const {
  return apply(x, cosines, sines, tables.view(layer), s);
}

array BlockKernel::apply(const array& x, const array& cosines, const array& sines, std::shared_ptr<const PagesView> view,
                         mlx::core::StreamOrDevice s) const {
  require(x.ndim() >= 2 && x.shape(-1) == projections_->cols(), "[BlockKernel] x does not fit.");
  int rows = static_cast<int>(x.size() / static_cast<size_t>(x.shape(-1)));
  attention_->check(rows, *view, cosines, sines);
  auto work = [block = *this, rows, view = std::move(view)](const std::vector<array>& in, std::vector<array>& out) {
    size_t count = static_cast<size_t>(rows);
    size_t wide = count * static_cast<size_t>(block.projections_->outputs());
    size_t heads = count * static_cast<size_t>(block.output_->cols());
    size_t width = count * static_cast<size_t>(block.projections_->cols());
    size_t inner = count * static_cast<size_t>(block.gate_up_->outputs());
    Between between(wide + heads + width + inner);
    const float* x = in[0].data<float>();
    float* qkv = between.take(wide);
    linear(block.projections_->call(x, rows, nullptr, qkv));
    float* attended = between.take(heads);
    cached_attention(block.attention_->call(qkv, rows, *view, in[1].data<float>(), in[2].data<float>(), attended));
    float* h = between.take(width);
    linear(block.output_->call(attended, rows, x, h));
    float* gated = between.take(inner);
    linear(block.gate_up_->call(h, rows, nullptr, gated));
    linear(block.down_->call(gated, rows, h, out[0].data<float>()));
  };
  return kernel_output("DecoderBlock", {floats(x, s), floats(cosines, s), floats(sines, s)}, x.shape(), s, std::move(work));
}

} // namespace tinyllm
