// std::function in both directions: Java lambdas as arguments of transforms, and what transforms return as objects.

#pragma once

#include "mlx_detail.h"

namespace mlx_java {

/** One call of a function that Java implements: the arguments go in, Java fills the outputs. */
struct FunctionCall {
  int64_t function;
  std::vector<mlx::core::array> inputs;
  /** Cotangents of a vjp, tangents of a jvp. */
  std::vector<mlx::core::array> second;
  /** Outputs, as a vjp gets them. */
  std::vector<mlx::core::array> third;
  /** Argument numbers of a jvp, axes of a vmap. */
  std::vector<int> axes;
  std::unordered_map<std::string, mlx::core::array> kwargs;
  /** What an export callback is told. */
  std::unordered_map<std::string, std::string> text;
  std::vector<mlx::core::array> outputs;
  std::vector<int> output_axes;
};

/** What calls functions that Java implements. */
typedef void (*FunctionDispatcher)(FunctionCall* call);

/** Registers what calls functions that Java implements. */
inline void set_function_dispatcher(FunctionDispatcher dispatcher) {
  detail::dispatcher.store(dispatcher);
}

/** The number of a Java object that no native code refers to any more, or -1 if there is none; each is told once. */
inline int64_t next_released() {
  std::lock_guard<std::mutex> lock(detail::released_mutex);
  if (detail::released.empty()) {
    return -1;
  }
  int64_t number = detail::released.back();
  detail::released.pop_back();
  return number;
}

/** A function from arrays to arrays: one that Java implements, or what a transform returned. */
class ArraysFunction {
 public:
  using Function = std::function<std::vector<mlx::core::array>(const std::vector<mlx::core::array>&)>;

  explicit ArraysFunction(Function function) : function_(std::move(function)) {}

  /** The function that Java registered under this number. */
  explicit ArraysFunction(int64_t number) {
    auto handle = std::make_shared<detail::Handle>(number);
    function_ = [handle](const std::vector<mlx::core::array>& inputs) {
      FunctionCall call{};
      call.function = handle->number;
      call.inputs = inputs;
      detail::dispatch(call);
      return std::move(call.outputs);
    };
  }

  std::vector<mlx::core::array> apply(const std::vector<mlx::core::array>& inputs) const {
    return function_(inputs);
  }

  const Function& function() const {
    return function_;
  }

 private:
  Function function_;
};

/** A function that returns its values and their gradients. */
class ValueAndGradFunction {
 public:
  explicit ValueAndGradFunction(mlx::core::ValueAndGradFn function) : function_(std::move(function)) {}

  std::pair<std::vector<mlx::core::array>, std::vector<mlx::core::array>> apply(
      const std::vector<mlx::core::array>& inputs) const {
    return function_(inputs);
  }

 private:
  mlx::core::ValueAndGradFn function_;
};

inline std::pair<std::vector<mlx::core::array>, std::vector<mlx::core::array>> vjp(
    const ArraysFunction& function,
    const std::vector<mlx::core::array>& primals,
    const std::vector<mlx::core::array>& cotangents) {
  return mlx::core::vjp(function.function(), primals, cotangents);
}

inline std::pair<std::vector<mlx::core::array>, std::vector<mlx::core::array>> jvp(
    const ArraysFunction& function,
    const std::vector<mlx::core::array>& primals,
    const std::vector<mlx::core::array>& tangents) {
  return mlx::core::jvp(function.function(), primals, tangents);
}

/** The gradients are those of the first value, with respect to the arguments of these numbers. */
inline ValueAndGradFunction value_and_grad(const ArraysFunction& function, const std::vector<int>& argnums) {
  return ValueAndGradFunction(mlx::core::value_and_grad(function.function(), argnums));
}

/** The gradients of the function's first value with respect to the arguments of these numbers. */
inline ArraysFunction grad(const ArraysFunction& function, const std::vector<int>& argnums) {
  auto both = mlx::core::value_and_grad(function.function(), argnums);
  return ArraysFunction([both](const std::vector<mlx::core::array>& inputs) { return both(inputs).second; });
}

inline ArraysFunction vmap(
    const ArraysFunction& function, const std::vector<int>& in_axes, const std::vector<int>& out_axes) {
  return ArraysFunction(mlx::core::vmap(function.function(), in_axes, out_axes));
}

inline ArraysFunction checkpoint(const ArraysFunction& function) {
  return ArraysFunction(mlx::core::checkpoint(function.function()));
}

inline ArraysFunction compile(const ArraysFunction& function, bool shapeless = false) {
  return ArraysFunction(mlx::core::compile(function.function(), shapeless));
}

/**
 * The function with transforms of its own, each given by the number of a Java function; a negative number leaves the
 * transform to MLX.
 */
inline ArraysFunction custom_function_numbers(const ArraysFunction& function, int64_t vjp, int64_t jvp, int64_t vmap) {
  using Arrays = std::vector<mlx::core::array>;
  std::optional<std::function<Arrays(const Arrays&, const Arrays&, const Arrays&)>> fun_vjp;
  std::optional<std::function<Arrays(const Arrays&, const Arrays&, const std::vector<int>&)>> fun_jvp;
  std::optional<std::function<std::pair<Arrays, std::vector<int>>(const Arrays&, const std::vector<int>&)>> fun_vmap;
  if (vjp >= 0) {
    auto handle = std::make_shared<detail::Handle>(vjp);
    fun_vjp = [handle](const Arrays& primals, const Arrays& cotangents, const Arrays& outputs) {
      FunctionCall call{};
      call.function = handle->number;
      call.inputs = primals;
      call.second = cotangents;
      call.third = outputs;
      detail::dispatch(call);
      return std::move(call.outputs);
    };
  }
  if (jvp >= 0) {
    auto handle = std::make_shared<detail::Handle>(jvp);
    fun_jvp = [handle](const Arrays& primals, const Arrays& tangents, const std::vector<int>& argnums) {
      FunctionCall call{};
      call.function = handle->number;
      call.inputs = primals;
      call.second = tangents;
      call.axes = argnums;
      detail::dispatch(call);
      return std::move(call.outputs);
    };
  }
  if (vmap >= 0) {
    auto handle = std::make_shared<detail::Handle>(vmap);
    fun_vmap = [handle](const Arrays& inputs, const std::vector<int>& axes) {
      FunctionCall call{};
      call.function = handle->number;
      call.inputs = inputs;
      call.axes = axes;
      detail::dispatch(call);
      return std::make_pair(std::move(call.outputs), std::move(call.output_axes));
    };
  }
  return ArraysFunction(mlx::core::custom_function(function.function(), fun_vjp, fun_jvp, fun_vmap));
}

/**
 * An array over memory that Java owns, without a copy where the device can use the memory; Java keeps the memory under
 * this number until next_released() tells it.
 */
inline mlx::core::array array_over_memory(void* data, mlx::core::Shape shape, mlx::core::Dtype dtype, int64_t number) {
  auto handle = std::make_shared<detail::Handle>(number);
  if (data == nullptr) {
    throw std::invalid_argument("[array_over] The data pointer is null.");
  }
  return mlx::core::array(data, std::move(shape), dtype, [handle](void*) mutable { handle.reset(); });
}

/** A function of positional and named arrays. */
class KeywordFunction {
 public:
  /** The function that Java registered under this number. */
  explicit KeywordFunction(int64_t number) : handle_(std::make_shared<detail::Handle>(number)) {}

  std::vector<mlx::core::array> apply(const mlx::core::Args& args, const mlx::core::Kwargs& kwargs) const {
    FunctionCall call{};
    call.function = handle_->number;
    call.inputs = args;
    call.kwargs = kwargs;
    detail::dispatch(call);
    return std::move(call.outputs);
  }

  std::function<std::vector<mlx::core::array>(const mlx::core::Args&, const mlx::core::Kwargs&)> function() const {
    return [self = *this](const mlx::core::Args& args, const mlx::core::Kwargs& kwargs) {
      return self.apply(args, kwargs);
    };
  }

 private:
  std::shared_ptr<detail::Handle> handle_;
};

/** Traces of one function under several arguments, for one file; close() it. */
inline mlx::core::FunctionExporter exporter(
    const std::string& file, const ArraysFunction& function, bool shapeless = false, const std::string& metadata = "") {
  return mlx::core::exporter(file, function.function(), shapeless, metadata);
}

inline mlx::core::FunctionExporter exporter(
    const std::string& file, const KeywordFunction& function, bool shapeless = false, const std::string& metadata = "") {
  return mlx::core::exporter(file, function.function(), shapeless, metadata);
}

inline void export_function(
    const std::string& file,
    const ArraysFunction& function,
    const std::vector<mlx::core::array>& args,
    bool shapeless = false,
    const std::string& metadata = "") {
  mlx::core::export_function(file, function.function(), args, shapeless, metadata);
}

inline void export_function(
    const std::string& file,
    const KeywordFunction& function,
    const std::vector<mlx::core::array>& args,
    const std::unordered_map<std::string, mlx::core::array>& kwargs,
    bool shapeless = false,
    const std::string& metadata = "") {
  mlx::core::export_function(file, function.function(), args, kwargs, shapeless, metadata);
}

/** Tells a Java listener, by its number, every node of the function's graph: each property of a node as text. */
inline void export_function_to(
    int64_t listener,
    const ArraysFunction& function,
    const std::vector<mlx::core::array>& args,
    bool shapeless = false) {
  auto handle = std::make_shared<detail::Handle>(listener);
  auto callback = [handle](const mlx::core::ExportCallbackInput& input) {
    FunctionCall call{};
    call.function = handle->number;
    for (auto& [name, value] : input) {
      std::ostringstream os;
      std::visit([&os](const auto& part) { detail::describe(os, part); }, value);
      call.text.emplace(name, os.str());
    }
    detail::dispatch(call);
  };
  mlx::core::export_function(callback, function.function(), args, shapeless);
}

/**
 * The file of the library that libmlx's own calls of <code>cblas_sgemm</code> go to, once it has called it; empty where that
 * cannot be told.
 */
inline std::string blas_library_of_mlx() {
  return detail::target_of_import("libmlx.so", "cblas_sgemm");
}

/** Values for the template parameters of a kernel, by name. */
class TemplateArgs {
 public:
  TemplateArgs() = default;
  void put_int(const std::string& name, int value) {
    args_.emplace_back(name, value);
  }
  void put_bool(const std::string& name, bool value) {
    args_.emplace_back(name, value);
  }
  void put_dtype(const std::string& name, const mlx::core::Dtype& value) {
    args_.emplace_back(name, value);
  }
  size_t size() const {
    return args_.size();
  }
  const std::vector<std::pair<std::string, mlx::core::fast::TemplateArg>>& args() const {
    return args_;
  }

 private:
  std::vector<std::pair<std::string, mlx::core::fast::TemplateArg>> args_;
};

/** Scalar arguments of a precompiled CUDA kernel, in order. */
class ScalarArgs {
 public:
  ScalarArgs() = default;
  void add_bool(bool value) {
    args_.emplace_back(value);
  }
  void add_int(int value) {
    args_.emplace_back(value);
  }
  void add_float(float value) {
    args_.emplace_back(value);
  }
  size_t size() const {
    return args_.size();
  }
  const std::vector<mlx::core::fast::ScalarArg>& args() const {
    return args_;
  }

 private:
  std::vector<mlx::core::fast::ScalarArg> args_;
};

/** A kernel that metal_kernel() or cuda_kernel() made. */
class KernelFunction {
 public:
  explicit KernelFunction(mlx::core::fast::CustomKernelFunction function) : function_(std::move(function)) {}

  std::vector<mlx::core::array> apply(
      const std::vector<mlx::core::array>& inputs,
      const std::vector<mlx::core::Shape>& output_shapes,
      const std::vector<mlx::core::Dtype>& output_dtypes,
      const std::tuple<int, int, int>& grid,
      const std::tuple<int, int, int>& threadgroup,
      const TemplateArgs& template_args,
      const std::optional<float>& init_value = std::nullopt,
      bool verbose = false,
      mlx::core::StreamOrDevice s = {}) const {
    return function_(
        inputs, output_shapes, output_dtypes, grid, threadgroup, template_args.args(), init_value, verbose, s);
  }

 private:
  mlx::core::fast::CustomKernelFunction function_;
};

inline KernelFunction metal_kernel(
    const std::string& name,
    const std::vector<std::string>& input_names,
    const std::vector<std::string>& output_names,
    const std::string& source,
    const std::string& header = "",
    bool ensure_row_contiguous = true,
    bool atomic_outputs = false,
    const mlx::core::CompileOptions& compile_options = {}) {
  return KernelFunction(mlx::core::fast::metal_kernel(
      name, input_names, output_names, source, header, ensure_row_contiguous, atomic_outputs, compile_options));
}

inline KernelFunction cuda_kernel(
    const std::string& name,
    const std::vector<std::string>& input_names,
    const std::vector<std::string>& output_names,
    const std::string& source,
    const std::string& header = "",
    bool ensure_row_contiguous = true,
    int shared_memory = 0) {
  return KernelFunction(mlx::core::fast::cuda_kernel(
      name, input_names, output_names, source, header, ensure_row_contiguous, shared_memory));
}

inline std::vector<mlx::core::array> precompiled_cuda_kernel(
    const std::string& name,
    const std::string& compiled_source,
    const std::vector<mlx::core::array>& inputs,
    const std::vector<mlx::core::Shape>& output_shapes,
    const std::vector<mlx::core::Dtype>& output_dtypes,
    const ScalarArgs& scalars,
    const std::tuple<int, int, int>& grid,
    const std::tuple<int, int, int>& threadgroup,
    int shared_memory = 0,
    const std::optional<float>& init_value = std::nullopt,
    bool ensure_row_contiguous = false,
    mlx::core::StreamOrDevice s = {}) {
  return mlx::core::fast::precompiled_cuda_kernel(
      name, compiled_source, inputs, output_shapes, output_dtypes, scalars.args(), grid, threadgroup, shared_memory,
      init_value, ensure_row_contiguous, s);
}

} // namespace mlx_java
