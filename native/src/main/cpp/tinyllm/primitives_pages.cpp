#include <algorithm>
#include <cstring>

#include "dispatch.h"
#include "primitive.h"
#include "primitives.h"
#include "view.h"

namespace tinyllm {

namespace {

/** Bytes of one layer's keys, or values, in a page. */
size_t part_bytes(int kind, int dim, int kv_heads, int page_tokens) {
  return static_cast<size_t>(kv_heads * (page_tokens / 16)) * kv_block(kind, dim);
}

} // namespace

/** What the pages of a model look like; kinds are those of KvKind. */
struct PagesForm {
  int layers;
  int kv_heads;
  int head_dim;
  int page_tokens;
  int key_kind;
  int value_kind;
  bool before_rotation; // keys are stored before their rotation and without their bias, and are turned when they are read
  bool neighbours;      // rotary pairs are neighbours; halves otherwise

  /** Components of a head in memory. */
  int dim() const { return kv_dim(head_dim, key_kind, value_kind); }
  /** Bytes of one layer's keys in a page. */
  size_t keys_nbytes() const { return part_bytes(key_kind, dim(), kv_heads, page_tokens); }
  size_t values_nbytes() const { return part_bytes(value_kind, dim(), kv_heads, page_tokens); }
  /** Bytes of one page in all layers. */
  size_t page_nbytes() const { return static_cast<size_t>(layers) * (keys_nbytes() + values_nbytes()); }
};

struct KvState {
  int kv_heads;
  int head_dim;
  int page_tokens;
  int kind;
  std::vector<array> keys;
  std::vector<array> values;
};

struct MemoryState {
  PagesForm form;
  int pages;
  array buffer;              // [pages][layers][keys, values]
  std::vector<array> angles; // cosines and sines for keys that are stored before their rotation; none for others
  std::vector<array> biases; // of each layer, or none

  size_t page_bytes() const { return form.page_nbytes(); }
  char* page(int index) { return reinterpret_cast<char*>(buffer.data<uint8_t>()) + page_bytes() * static_cast<size_t>(index); }
};

struct TableState {
  std::shared_ptr<MemoryState> memory;
  std::vector<std::vector<const char*>> pages; // of each sequence
  std::vector<Sequence> sequences;
};

namespace {

void require_heads(int kv_heads, int head_dim, int page_tokens) {
  require(kv_heads > 0 && head_dim > 0 && head_dim <= 1024, "[pages] The heads are out of range.");
  require(page_tokens > 0 && page_tokens % 16 == 0, "[pages] A page holds a multiple of 16 tokens.");
}

bool is_kind(int kind) { return kind >= KV_FLOAT && kind <= KV_4; }

array bytes_of(size_t count) {
  auto buffer = mlx::core::allocator::malloc(count);
  require(buffer.buffer().raw_ptr() != nullptr, "[pages] There is no memory for keys and values.");
  return array(std::move(buffer), {1}, mlx::core::uint8);
}

/** A page list as it was when an operation was built. */
struct Snapshot {
  std::vector<array> keep;
  std::vector<const char*> keys;
  std::vector<const char*> values;
};

} // namespace

size_t KvPages::page_nbytes(int kv_heads, int head_dim, int page_tokens, int kind) {
  return 2 * part_bytes(kind, kv_dim(head_dim, kind, kind), kv_heads, page_tokens);
}

KvPages::KvPages(int kv_heads, int head_dim, int page_tokens, int kind)
    : state(std::make_shared<KvState>(KvState{kv_heads, head_dim, page_tokens, kind, {}, {}})) {
  require_heads(kv_heads, head_dim, page_tokens);
  require(kind >= KV_FLOAT && kind <= KV_BFLOAT, "[KvPages] Keys and values are not stored so.");
}

void KvPages::add_page() {
  size_t bytes = page_nbytes(state->kv_heads, state->head_dim, state->page_tokens, state->kind) / 2;
  array keys = bytes_of(bytes);
  state->values.push_back(bytes_of(bytes));
  state->keys.push_back(keys);
}

void KvPages::keep_pages(int count) {
  require(count >= 0 && count <= pages(), "[KvPages] There are fewer pages.");
  state->keys.erase(state->keys.begin() + count, state->keys.end());
  state->values.erase(state->values.begin() + count, state->values.end());
}

int KvPages::pages() const { return static_cast<int>(state->keys.size()); }

size_t KvPages::nbytes() const {
  return state->keys.size() * page_nbytes(state->kv_heads, state->head_dim, state->page_tokens, state->kind);
}

std::shared_ptr<const PagesView> KvPages::view(int tokens, int position) const {
  auto owner = std::make_shared<Snapshot>();
  for (size_t i = 0; i < state->keys.size(); i++) {
    owner->keep.push_back(state->keys[i]);
    owner->keep.push_back(state->values[i]);
    owner->keys.push_back(reinterpret_cast<const char*>(state->keys[i].data<uint8_t>()));
    owner->values.push_back(reinterpret_cast<const char*>(state->values[i].data<uint8_t>()));
  }
  size_t room = state->keys.size() * static_cast<size_t>(state->page_tokens);
  require(position >= 0 && tokens >= 0 && static_cast<size_t>(position) + static_cast<size_t>(tokens) <= room,
          "[KvPages] The pages have no room for the tokens.");
  auto view = std::make_shared<PagesView>();
  view->sequences.push_back({0, tokens, position, owner->keys.data(), owner->values.data()});
  view->rooms.push_back(room);
  int dim = kv_dim(state->head_dim, state->kind, state->kind);
  view->kv = {nullptr, nullptr, 0, 0, state->page_tokens, dim, state->head_dim, state->kind, state->kind, 0, {}};
  view->kv_heads = state->kv_heads;
  view->owner = std::move(owner);
  return view;
}

KvMemory::KvMemory(int layers, int kv_heads, int head_dim, int page_tokens, int key_kind, int value_kind, bool before_rotation,
                   bool neighbours, int pages) {
  PagesForm form{layers, kv_heads, head_dim, page_tokens, key_kind, value_kind, before_rotation, neighbours};
  require(form.layers > 0 && pages > 0, "[KvMemory] There are no layers or no pages.");
  require_heads(form.kv_heads, form.head_dim, form.page_tokens);
  require(is_kind(form.key_kind) && is_kind(form.value_kind), "[KvMemory] Keys and values are not stored so.");
  require(form.head_dim % 2 == 0 || !form.before_rotation, "[KvMemory] Keys that are turned have an even number of components.");
  size_t bytes = form.page_nbytes() * static_cast<size_t>(pages);
  state = std::make_shared<MemoryState>(MemoryState{form, pages, bytes_of(bytes), {}, {}});
}

void KvMemory::set_angles(const array& cosines, const array& sines) {
  for (auto* table : {&cosines, &sines}) {
    require(table->is_available() && table->dtype() == mlx::core::float32 && table->flags().row_contiguous,
            "[KvMemory] The angles have to be computed float32.");
  }
  require(cosines.size() == sines.size(), "[KvMemory] There are as many cosines as sines.");
  state->angles = {cosines, sines};
}

void KvMemory::add_bias(const array& bias) {
  require(bias.is_available() && bias.dtype() == mlx::core::float32 && bias.flags().row_contiguous &&
              bias.size() == static_cast<size_t>(state->form.kv_heads * state->form.head_dim),
          "[KvMemory] A bias has to be one computed float32 for each component of the keys.");
  state->biases.push_back(bias);
}

void KvMemory::copy_page(int from, int to) {
  require(from >= 0 && from < state->pages && to >= 0 && to < state->pages && from != to, "[KvMemory] There is no such page.");
  std::memcpy(state->page(to), state->page(from), state->page_bytes());
}

void KvMemory::fill_page(int page, int byte) {
  require(page >= 0 && page < state->pages, "[KvMemory] There is no such page.");
  std::memset(state->page(page), byte, state->page_bytes());
}

size_t KvMemory::nbytes() const { return state->page_bytes() * static_cast<size_t>(state->pages); }

BlockTables::BlockTables(const KvMemory& memory) : state(std::make_shared<TableState>()) { state->memory = memory.state; }

void BlockTables::add(int first_row, int tokens, int position, const int* pages, int count) {
  MemoryState& memory = *state->memory;
  require(first_row >= 0 && tokens >= 0 && position >= 0 && count >= 0, "[BlockTables] A number is negative.");
  require(static_cast<size_t>(position) + static_cast<size_t>(tokens) <=
              static_cast<size_t>(count) * static_cast<size_t>(memory.form.page_tokens),
          "[BlockTables] The pages have no room for the tokens.");
  std::vector<const char*> at;
  for (int i = 0; i < count; i++) {
    require(pages[i] >= 0 && pages[i] < memory.pages, "[BlockTables] There is no such page.");
    at.push_back(memory.page(pages[i]));
  }
  state->pages.push_back(std::move(at));
  const char* const* list = state->pages.back().data();
  state->sequences.push_back({first_row, tokens, position, list, list});
}

std::shared_ptr<const PagesView> BlockTables::view(int layer) const {
  MemoryState& memory = *state->memory;
  const PagesForm& form = memory.form;
  require(layer >= 0 && layer < form.layers, "[BlockTables] There is no such layer.");
  auto view = std::make_shared<PagesView>();
  view->owner = state;
  view->sequences = state->sequences;
  for (auto& pages : state->pages) {
    view->rooms.push_back(pages.size() * static_cast<size_t>(memory.form.page_tokens));
  }
  size_t keys = (form.keys_nbytes() + form.values_nbytes()) * static_cast<size_t>(layer);
  view->kv = {nullptr, nullptr, keys, keys + form.keys_nbytes(), form.page_tokens, form.dim(), form.head_dim, form.key_kind,
      form.value_kind, 0, {}};
  view->kv_heads = form.kv_heads;
  if (form.before_rotation) {
    size_t blocks = (static_cast<size_t>(view->positions()) + 15) / 16;
    require(memory.angles.size() == 2 && memory.angles[0].size() >= blocks * static_cast<size_t>(form.head_dim / 2) * 16,
            "[BlockTables] The table of angles is too short.");
    view->keep = memory.angles;
    view->kv.turn = {memory.angles[0].data<float>(), memory.angles[1].data<float>(), nullptr, form.neighbours};
    if (static_cast<size_t>(layer) < memory.biases.size()) {
      view->keep.push_back(memory.biases[static_cast<size_t>(layer)]);
      view->kv.turn.bias = view->keep.back().data<float>();
    }
  }
  return view;
}

namespace {

std::vector<array> read(std::shared_ptr<const PagesView> view, int tokens, mlx::core::StreamOrDevice s) {
  require(!view->rooms.empty() && tokens >= 0 && static_cast<size_t>(tokens) <= view->rooms[0], "[read_pages] There are fewer tokens.");
  require(view->kv.turn.cosines == nullptr || tokens <= view->positions(), "[read_pages] The angles end before the tokens.");
  mlx::core::Shape shape{1, view->kv_heads, tokens, view->kv.head_dim};
  auto work = [view, tokens](const std::vector<array>&, std::vector<array>& out) {
    read_cache(view->of(0), view->kv_heads, tokens, out[0].data<float>(), out[1].data<float>());
  };
  return kernel_outputs("ReadPages", {}, {shape, shape}, s, std::move(work));
}

array write(const array& k, const array& v, std::shared_ptr<const PagesView> view, mlx::core::StreamOrDevice s) {
  mlx::core::Shape shape = k.shape();
  require(shape.size() == 4 && shape[0] == 1 && shape[1] == view->kv_heads && shape[3] == view->kv.head_dim && v.shape() == shape,
          "[write_pages] Keys and values have to be [1, kv heads, tokens, head_dim].");
  require(view->sequences.size() == 1 && view->sequences[0].tokens == shape[2], "[write_pages] One sequence's tokens are written.");
  auto work = [view, tokens = shape[2]](const std::vector<array>& in, std::vector<array>& out) {
    write_cache(view->of(0), view->kv_heads, view->sequences[0].position, tokens, in[0].data<float>(), in[1].data<float>());
    std::copy_n(in[0].data<float>(), in[0].size(), out[0].data<float>());
  };
  return kernel_output("WritePages", {floats(k, s), floats(v, s)}, shape, s, std::move(work));
}

} // namespace

std::vector<array> read_pages(const KvPages& pages, int tokens, mlx::core::StreamOrDevice s) {
  return read(pages.view(0, 0), tokens, s);
}

std::vector<array> read_pages(const BlockTables& tables, int layer, int tokens, mlx::core::StreamOrDevice s) {
  return read(tables.view(layer), tokens, s);
}

array write_pages(const array& k, const array& v, const KvPages& pages, int position, mlx::core::StreamOrDevice s) {
  return write(k, v, pages.view(k.ndim() == 4 ? k.shape(2) : 0, position), s);
}

array write_pages(const array& k, const array& v, const BlockTables& tables, int layer, mlx::core::StreamOrDevice s) {
  return write(k, v, tables.view(layer), s);
}

} // namespace tinyllm
