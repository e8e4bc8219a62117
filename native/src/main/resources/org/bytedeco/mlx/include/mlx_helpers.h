// What MLX's interface expresses by templates, variants, streams and std::function, in a form that JavaCPP can map.

#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>
#include <sstream>

#include "mlx/graph_utils.h"
#include "mlx/mlx.h"

namespace mlx_java {

/** Copies bytes that are in the dtype's own format: <code>size(shape) * size_of(dtype)</code> of them. */
inline mlx::core::array array_from_bytes(const void* data, mlx::core::Shape shape, mlx::core::Dtype dtype) {
  size_t bytes = mlx::core::size_of(dtype);
  for (auto dim : shape) {
    if (dim < 0) {
      throw std::invalid_argument("[array_from_bytes] A dimension is negative: " + std::to_string(dim) + ".");
    }
    if (dim > 0 && bytes > std::numeric_limits<size_t>::max() / 2 / static_cast<size_t>(dim)) {
      throw std::invalid_argument("[array_from_bytes] The shape has more bytes than a process can address.");
    }
    bytes *= static_cast<size_t>(dim);
  }
  if (bytes > 0 && data == nullptr) {
    throw std::invalid_argument("[array_from_bytes] The data pointer is null, but the shape has values.");
  }
  auto buffer = mlx::core::allocator::malloc(bytes);
  if (bytes > 0) {
    std::memcpy(buffer.buffer().raw_ptr(), data, bytes);
  }
  return mlx::core::array(std::move(buffer), std::move(shape), dtype);
}

/** The array's values as MLX prints them; evaluates it. */
inline std::string array_to_string(const mlx::core::array& a) {
  std::ostringstream os;
  os << a;
  return os.str();
}

inline std::vector<std::string> names(const std::unordered_map<std::string, mlx::core::array>& map) {
  std::vector<std::string> names;
  for (auto& entry : map) {
    names.push_back(entry.first);
  }
  return names;
}

inline std::vector<std::string> names(const std::unordered_map<std::string, std::variant<std::string, size_t>>& map) {
  std::vector<std::string> names;
  for (auto& entry : map) {
    names.push_back(entry.first);
  }
  return names;
}

inline std::string device_property(
    const std::unordered_map<std::string, std::variant<std::string, size_t>>& map, const std::string& name) {
  auto found = map.find(name);
  if (found == map.end()) {
    throw std::invalid_argument("The device has no property " + name + ".");
  }
  if (auto text = std::get_if<std::string>(&found->second)) {
    return *text;
  }
  return std::to_string(std::get<size_t>(found->second));
}

/** The file of the library whose <code>cblas_sgemm</code> a caller without a library of its own gets; empty if there is none. */
inline std::string blas_library() {
  Dl_info info;
  void* symbol = dlsym(RTLD_DEFAULT, "cblas_sgemm");
  if (symbol == nullptr || dladdr(symbol, &info) == 0 || info.dli_fname == nullptr) {
    return "";
  }
  return info.dli_fname;
}

/** Sets the number of threads of OpenBLAS; returns false if none is loaded. */
inline bool set_blas_threads(int threads) {
  if (threads < 1) {
    throw std::invalid_argument("[set_blas_threads] The number of threads must be 1 or more, got " + std::to_string(threads) + ".");
  }
  auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set == nullptr) {
    return false;
  }
  set(threads);
  return true;
}

/** The number of threads of OpenBLAS; 0 if none is loaded. */
inline int get_blas_threads() {
  auto get = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  return get == nullptr ? 0 : get();
}

/** The dtype's name, as in Python: <code>float32</code>. */
inline std::string dtype_to_string(const mlx::core::Dtype& dtype) {
  std::ostringstream os;
  os << dtype;
  return os.str();
}

inline std::string device_to_string(const mlx::core::Device& device) {
  std::ostringstream os;
  os << device;
  return os.str();
}

inline std::string stream_to_string(const mlx::core::Stream& stream) {
  std::ostringstream os;
  os << stream;
  return os.str();
}

/** The operations that the arrays wait for, one a line. */
inline std::string print_graph(const mlx::core::NodeNamer& namer, const std::vector<mlx::core::array>& outputs) {
  std::ostringstream os;
  mlx::core::print_graph(os, namer, outputs);
  return os.str();
}

/** The graph of the operations that the arrays wait for, in the language of Graphviz. */
inline std::string export_to_dot(const mlx::core::NodeNamer& namer, const std::vector<mlx::core::array>& outputs) {
  std::ostringstream os;
  mlx::core::export_to_dot(os, namer, outputs);
  return os.str();
}

} // namespace mlx_java
