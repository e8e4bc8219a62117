// What the helpers share and Java does not see: this header is not parsed.

#pragma once

#ifdef __linux__
#include <link.h>
#endif

#include "mlx_helpers.h"

namespace mlx_java {

struct FunctionCall;

namespace detail {

using Dispatcher = void (*)(FunctionCall* call);

inline std::atomic<Dispatcher> dispatcher{nullptr};
inline std::mutex released_mutex;
inline std::vector<int64_t> released;

// Shared by all copies of a std::function. Java is not called from here, because the last copy may die on any thread and
// at the exit of the process: the number waits until Java asks.
struct Handle {
  explicit Handle(int64_t number) : number(number) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    std::lock_guard<std::mutex> lock(released_mutex);
    released.push_back(number);
  }
  const int64_t number;
};

inline void dispatch(FunctionCall& call) {
  auto target = dispatcher.load();
  if (target == nullptr) {
    throw std::runtime_error("No Java dispatcher is registered: use the functions of org.bytedeco.mlx.global.mlx.");
  }
  target(&call);
}

inline void describe(std::ostream& os, const std::string& value) {
  os << value;
}

template <typename... T>
void describe(std::ostream& os, const std::tuple<T...>& value) {
  size_t i = 0;
  std::apply([&](const auto&... part) { ((os << (i++ == 0 ? "" : ":") << part), ...); }, value);
}

inline void describe(std::ostream& os, const std::pair<std::string, std::string>& value) {
  os << value.first << ":" << value.second;
}

inline void describe(std::ostream& os, const std::pair<std::string, mlx::core::array>& value) {
  os << value.first << ":" << value.second.shape() << ":" << value.second.dtype();
}

inline void describe(std::ostream& os, const mlx::core::StateT& value) {
  os << "#" << value.index();
}

template <typename T>
void describe(std::ostream& os, const std::vector<T>& values) {
  for (size_t i = 0; i < values.size(); i++) {
    os << (i == 0 ? "" : " ");
    describe(os, values[i]);
  }
}

#ifdef __linux__
struct Import {
  const char* library;
  const char* symbol;
  void* target;
};

// Looks through the relocations of one loaded library for the slot that a symbol's address was written to.
inline int find_import(struct dl_phdr_info* info, size_t, void* data) {
  auto import = static_cast<Import*>(data);
  if (std::string(info->dlpi_name).find(import->library) == std::string::npos) {
    return 0;
  }
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  const ElfW(Rela)* tables[2] = {nullptr, nullptr};
  size_t sizes[2] = {0, 0};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_DYNAMIC) {
      continue;
    }
    for (auto d = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr); d->d_tag != DT_NULL; d++) {
      switch (d->d_tag) {
        case DT_SYMTAB: symbols = reinterpret_cast<const ElfW(Sym)*>(d->d_un.d_ptr); break;
        case DT_STRTAB: names = reinterpret_cast<const char*>(d->d_un.d_ptr); break;
        case DT_RELA: tables[0] = reinterpret_cast<const ElfW(Rela)*>(d->d_un.d_ptr); break;
        case DT_RELASZ: sizes[0] = d->d_un.d_val; break;
        case DT_JMPREL: tables[1] = reinterpret_cast<const ElfW(Rela)*>(d->d_un.d_ptr); break;
        case DT_PLTRELSZ: sizes[1] = d->d_un.d_val; break;
        default: break;
      }
    }
  }
  for (int table = 0; table < 2 && symbols != nullptr && names != nullptr; table++) {
    for (size_t i = 0; i < sizes[table] / sizeof(ElfW(Rela)); i++) {
      const ElfW(Rela)& entry = tables[table][i];
      size_t symbol = ELF64_R_SYM(entry.r_info);
      if (symbol != 0 && std::strcmp(names + symbols[symbol].st_name, import->symbol) == 0) {
        import->target = *reinterpret_cast<void**>(info->dlpi_addr + entry.r_offset);
        return 1;
      }
    }
  }
  return 1;
}

inline std::string target_of_import(const char* library, const char* symbol) {
  Import import{library, symbol, nullptr};
  dl_iterate_phdr(find_import, &import);
  Dl_info info;
  if (import.target == nullptr || dladdr(import.target, &info) == 0 || info.dli_fname == nullptr) {
    return "";
  }
  return info.dli_fname;
}
#else
inline std::string target_of_import(const char*, const char*) {
  return "";
}
#endif

// Owns a copy, because MLX reads when the array is evaluated.
class MemoryReader : public mlx::core::io::Reader {
 public:
  MemoryReader(const void* data, size_t size) : text_(static_cast<const char*>(data), size) {}
  bool is_open() const override {
    return true;
  }
  bool good() const override {
    return position_ <= text_.size();
  }
  size_t tell() override {
    return position_;
  }
  void seek(int64_t offset, std::ios_base::seekdir way = std::ios_base::beg) override {
    int64_t base = way == std::ios_base::beg ? 0
        : way == std::ios_base::cur          ? static_cast<int64_t>(position_)
                                             : static_cast<int64_t>(text_.size());
    position_ = static_cast<size_t>(base + offset);
  }
  void read(char* data, size_t n) override {
    read(data, n, position_);
    position_ += n;
  }
  void read(char* data, size_t n, size_t offset) override {
    if (offset > text_.size() || n > text_.size() - offset) {
      throw std::runtime_error(
          "[read] The bytes end at " + std::to_string(text_.size()) + ", but " + std::to_string(n) +
          " are to be read from " + std::to_string(offset) + ".");
    }
    std::memcpy(data, text_.data() + offset, n);
  }
  std::string label() const override {
    return "memory";
  }

 private:
  std::string text_;
  size_t position_{0};
};

} // namespace detail
} // namespace mlx_java
