// io.h for Java: files by name, memory instead of streams, and the metadata of GGUF by getters instead of variants.

#pragma once

#include "mlx_detail.h"

namespace mlx_java {

/** What was written, in memory. */
class MemoryWriter {
 public:
  MemoryWriter() : bytes_(std::make_shared<Bytes>()) {}

  size_t size() const {
    return bytes_->text.size();
  }

  /** Valid until the next write. */
  const void* data() const {
    return bytes_->text.data();
  }

  std::shared_ptr<mlx::core::io::Writer> writer() const {
    return bytes_;
  }

 private:
  struct Bytes : public mlx::core::io::Writer {
    bool is_open() const override {
      return true;
    }
    bool good() const override {
      return true;
    }
    size_t tell() override {
      return position;
    }
    void seek(int64_t offset, std::ios_base::seekdir way = std::ios_base::beg) override {
      int64_t base = way == std::ios_base::beg ? 0
          : way == std::ios_base::cur          ? static_cast<int64_t>(position)
                                               : static_cast<int64_t>(text.size());
      if (base + offset < 0) {
        throw std::invalid_argument("[MemoryWriter] Cannot seek before the start.");
      }
      position = static_cast<size_t>(base + offset);
    }
    void write(const char* data, size_t n) override {
      if (text.size() < position + n) {
        text.resize(position + n);
      }
      std::memcpy(text.data() + position, data, n);
      position += n;
    }
    std::string label() const override {
      return "memory";
    }
    std::string text;
    size_t position{0};
  };
  std::shared_ptr<Bytes> bytes_;
};

/** Saves an array in the format .npy. */
inline void save(const std::string& file, const mlx::core::array& a) {
  mlx::core::save(file, a);
}

inline void save(const MemoryWriter& writer, const mlx::core::array& a) {
  mlx::core::save(writer.writer(), a);
}

/** Loads an array in the format .npy. */
inline mlx::core::array load(const std::string& file, mlx::core::StreamOrDevice s = {}) {
  return mlx::core::load(file, s);
}

inline mlx::core::array load(const void* data, size_t size, mlx::core::StreamOrDevice s = {}) {
  return mlx::core::load(std::make_shared<detail::MemoryReader>(data, size), s);
}

inline void save_safetensors(
    const std::string& file,
    const std::unordered_map<std::string, mlx::core::array>& arrays,
    const std::unordered_map<std::string, std::string>& metadata) {
  mlx::core::save_safetensors(file, arrays, metadata);
}

inline void save_safetensors(
    const MemoryWriter& writer,
    const std::unordered_map<std::string, mlx::core::array>& arrays,
    const std::unordered_map<std::string, std::string>& metadata) {
  mlx::core::save_safetensors(writer.writer(), arrays, metadata);
}

inline mlx::core::SafetensorsLoad load_safetensors(const std::string& file, mlx::core::StreamOrDevice s = {}) {
  return mlx::core::load_safetensors(file, s);
}

inline mlx::core::SafetensorsLoad load_safetensors(const void* data, size_t size, mlx::core::StreamOrDevice s = {}) {
  return mlx::core::load_safetensors(std::make_shared<detail::MemoryReader>(data, size), s);
}

/** Arrays and metadata of a GGUF file. MLX ends the process on hostile files: give it only files that were checked. */
class GgufContent {
 public:
  GgufContent() = default;
  explicit GgufContent(mlx::core::GGUFLoad load) : load_(std::move(load)) {}

  std::unordered_map<std::string, mlx::core::array>& arrays() {
    return load_.first;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> keys;
    for (auto& entry : load_.second) {
      keys.push_back(entry.first);
    }
    return keys;
  }
  /** 0: no value, 1: an array, 2: a string, 3: strings. */
  int kind(const std::string& key) const {
    return static_cast<int>(at(key).index());
  }
  mlx::core::array get_array(const std::string& key) const {
    return get<mlx::core::array>(key, "an array");
  }
  std::string get_string(const std::string& key) const {
    return get<std::string>(key, "a string");
  }
  std::vector<std::string> get_strings(const std::string& key) const {
    return get<std::vector<std::string>>(key, "a list of strings");
  }
  void put_array(const std::string& key, const mlx::core::array& value) {
    load_.second.insert_or_assign(key, value);
  }
  void put_string(const std::string& key, const std::string& value) {
    load_.second.insert_or_assign(key, value);
  }
  void put_strings(const std::string& key, const std::vector<std::string>& value) {
    load_.second.insert_or_assign(key, value);
  }
  const mlx::core::GGUFLoad& content() const {
    return load_;
  }

 private:
  const mlx::core::GGUFMetaData& at(const std::string& key) const {
    auto found = load_.second.find(key);
    if (found == load_.second.end()) {
      throw std::invalid_argument("The GGUF content has no metadata named " + key + ".");
    }
    return found->second;
  }
  template <typename T>
  const T& get(const std::string& key, const char* what) const {
    auto value = std::get_if<T>(&at(key));
    if (value == nullptr) {
      throw std::invalid_argument("The GGUF metadata " + key + " is not " + what + ".");
    }
    return *value;
  }
  mlx::core::GGUFLoad load_;
};

inline GgufContent load_gguf(const std::string& file, mlx::core::StreamOrDevice s = {}) {
  return GgufContent(mlx::core::load_gguf(file, s));
}

inline void save_gguf(const std::string& file, const GgufContent& content) {
  mlx::core::save_gguf(file, content.content().first, content.content().second);
}

} // namespace mlx_java
