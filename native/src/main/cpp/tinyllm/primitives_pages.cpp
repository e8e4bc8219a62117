#include <algorithm>
#include <cstring>

#include "dispatch.h"
#include "primitive.h"
#include "primitives.h"
#include "view.h"

namespace tinyllm {

struct KvState {
  int kv_heads;
  int head_dim;
  int page_tokens;
  int kind;
  std::vector<array> keys;
  std::vector<array> values;
};

struct MemoryState {
  int layers;
  int kv_heads;
  int head_dim;
  int page_tokens;
  int pages;
  int kind;
  size_t part;   // bytes of a layer's keys, or values, in a page
  array buffer;  // [pages][layers][keys, values]

  size_t page_bytes() const { return 2 * part * static_cast<size_t>(layers); }
  char* page(int index) { return reinterpret_cast<char*>(buffer.data<uint8_t>()) + page_bytes() * static_cast<size_t>(index); }
};

struct TableState {
  std::shared_ptr<MemoryState> memory;
  std::vector<std::vector<const char*>> pages; // of each sequence
  std::vector<Sequence> sequences;
};

namespace {

int padded(int dim) { return (dim + 15) / 16 * 16; }

/** Bytes of one layer's keys, or values, in a page. */
size_t part_bytes(int kv_heads, int head_dim, int page_tokens, int kind) {
  return static_cast<size_t>(kv_heads) * static_cast<size_t>(page_tokens) * static_cast<size_t>(padded(head_dim)) * kv_bytes(kind);
}

void require_form(int kv_heads, int head_dim, int page_tokens, int kind) {
  require(kv_heads > 0 && head_dim > 0 && head_dim <= 1024, "[pages] The heads are out of range.");
  require(page_tokens > 0 && page_tokens % 16 == 0, "[pages] A page holds a multiple of 16 tokens.");
  require(kind == KV_FLOAT || kind == KV_HALF || kind == KV_BFLOAT, "[pages] Keys and values are not stored so.");
}

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
  return 2 * part_bytes(kv_heads, head_dim, page_tokens, kind);
}

KvPages::KvPages(int kv_heads, int head_dim, int page_tokens, int kind)
    : state(std::make_shared<KvState>(KvState{kv_heads, head_dim, page_tokens, kind, {}, {}})) {
  require_form(kv_heads, head_dim, page_tokens, kind);
}

void KvPages::add_page() {
  size_t bytes = part_bytes(state->kv_heads, state->head_dim, state->page_tokens, state->kind);
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
  view->kv = {nullptr, nullptr, 0, 0, state->page_tokens, padded(state->head_dim), state->kind};
  view->kv_heads = state->kv_heads;
  view->head_dim = state->head_dim;
  view->owner = std::move(owner);
  return view;
}

size_t KvMemory::page_nbytes(int layers, int kv_heads, int head_dim, int page_tokens, int kind) {
  return 2 * static_cast<size_t>(layers) * part_bytes(kv_heads, head_dim, page_tokens, kind);
}

KvMemory::KvMemory(int layers, int kv_heads, int head_dim, int page_tokens, int pages, int kind) {
  require(layers > 0 && pages > 0, "[KvMemory] There are no layers or no pages.");
  require_form(kv_heads, head_dim, page_tokens, kind);
  size_t bytes = page_nbytes(layers, kv_heads, head_dim, page_tokens, kind) * static_cast<size_t>(pages);
  state = std::make_shared<MemoryState>(MemoryState{layers, kv_heads, head_dim, page_tokens, pages, kind,
      part_bytes(kv_heads, head_dim, page_tokens, kind), bytes_of(bytes)});
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
              static_cast<size_t>(count) * static_cast<size_t>(memory.page_tokens),
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
  require(layer >= 0 && layer < memory.layers, "[BlockTables] There is no such layer.");
  auto view = std::make_shared<PagesView>();
  view->owner = state;
  view->sequences = state->sequences;
  for (auto& pages : state->pages) {
    view->rooms.push_back(pages.size() * static_cast<size_t>(memory.page_tokens));
  }
  size_t keys = 2 * memory.part * static_cast<size_t>(layer);
  view->kv = {nullptr, nullptr, keys, keys + memory.part, memory.page_tokens, padded(memory.head_dim), memory.kind};
  view->kv_heads = memory.kv_heads;
  view->head_dim = memory.head_dim;
  return view;
}

namespace {

std::vector<array> read(std::shared_ptr<const PagesView> view, int tokens, mlx::core::StreamOrDevice s) {
  require(!view->rooms.empty() && tokens >= 0 && static_cast<size_t>(tokens) <= view->rooms[0], "[read_pages] There are fewer tokens.");
  mlx::core::Shape shape{1, view->kv_heads, tokens, view->head_dim};
  auto work = [view, tokens](const std::vector<array>&, std::vector<array>& out) {
    read_cache(view->of(0), view->kv_heads, tokens, view->head_dim, out[0].data<float>(), out[1].data<float>());
  };
  return kernel_outputs("ReadPages", {}, {shape, shape}, s, std::move(work));
}

array write(const array& k, const array& v, std::shared_ptr<const PagesView> view, mlx::core::StreamOrDevice s) {
  mlx::core::Shape shape = k.shape();
  require(shape.size() == 4 && shape[0] == 1 && shape[1] == view->kv_heads && shape[3] == view->head_dim && v.shape() == shape,
          "[write_pages] Keys and values have to be [1, kv heads, tokens, head_dim].");
  require(view->sequences.size() == 1 && view->sequences[0].tokens == shape[2], "[write_pages] One sequence's tokens are written.");
  auto work = [view, heads = shape[1], tokens = shape[2], dim = shape[3]](const std::vector<array>& in, std::vector<array>& out) {
    const Kernels& set = kernels();
    KeyValues kv = view->of(0);
    for (int h = 0; h < heads; h++) {
      for (int i = 0; i < tokens; i++) {
        size_t at = static_cast<size_t>(h * tokens + i) * static_cast<size_t>(dim);
        set.append(in[0].data<float>() + at, in[1].data<float>() + at, kv, h, view->sequences[0].position + i, dim);
      }
    }
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
