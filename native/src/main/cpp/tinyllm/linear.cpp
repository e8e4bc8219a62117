#include <algorithm>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "ops.h"
#include "pool.h"

namespace tinyllm {
namespace {

// Half of a core's second-level cache, for the activations that every tile of weights is multiplied with.
constexpr size_t PANEL_BYTES = 1 << 20;
constexpr size_t BYTES_PER_ITEM = 1 << 14;

/** Memory of the calling thread that is used again by the next call. */
template <class T>
T* scratch(std::vector<T>& memory, size_t count) {
  if (memory.size() < count) {
    memory.resize(count);
  }
  return memory.data();
}

/**
 * Tiles in runs that get shorter: long ones so that memory is read in order, short ones at the end so that no thread waits long for
 * another. (Polychronopoulos, Kuck: Guided self-scheduling, 1987.)
 */
class Portions {
 public:
  /** Of at least `least` tiles each. */
  Portions(int all, int least) {
    int shares = 2 * threads();
    for (int done = 0; done < all; count_++) {
      int left = all - done;
      done += count_ == MOST - 1 ? left : std::min(left, std::max(least, left / shares));
      ends_[count_] = done;
    }
  }

  int count() const { return count_; }
  int begin(int item) const { return item == 0 ? 0 : ends_[item - 1]; }
  int end(int item) const { return ends_[item]; }

 private:
  static constexpr int MOST = 1024;
  int ends_[MOST];
  int count_ = 0;
};

class Linear {
 public:
  explicit Linear(const LinearCall& call) : call_(call), set_(kernels()) {
    for (int i = 0; i < call.count && !(call.swiglu && i > 0); i++) {
      outputs_ += call.weights[i].form.rows;
    }
  }

  void run() {
    quantize();
    size_t cols = static_cast<size_t>(call_.cols);
    size_t row_bytes = cols + cols / BLOCK * sizeof(Act);
    int panel = std::max(1, static_cast<int>(PANEL_BYTES / row_bytes) / ROWS_TOGETHER) * ROWS_TOGETHER;
    for (int first = 0; first < call_.rows; first += panel) {
      multiply(first, std::min(panel, call_.rows - first));
    }
  }

 private:
  void quantize() {
    static thread_local std::vector<int8_t> codes;
    static thread_local std::vector<Act> acts;
    size_t cols = static_cast<size_t>(call_.cols), rows = static_cast<size_t>(call_.rows);
    size_t together = (rows + ROWS_TOGETHER - 1) / ROWS_TOGETHER * ROWS_TOGETHER;
    int8_t* code = scratch(codes, together * cols + 64);
    Act* act = scratch(acts, rows * (cols / BLOCK));
    quantized_ = {code, act, call_.cols};
    broken_.assign(rows, 0);
    auto one = [&](int row) {
      static thread_local std::vector<float> normed;
      size_t r = static_cast<size_t>(row);
      broken_[r] = !set_.quantize(call_.x + r * cols, call_.norm, call_.eps, call_.cols, scratch(normed, cols),
                                  code + r * cols, act + r * (cols / BLOCK));
    };
    if (call_.rows < 4) {
      for (int row = 0; row < call_.rows; row++) {
        one(row);
      }
    } else {
      parallel(call_.rows, one);
    }
    any_broken_ = std::any_of(broken_.begin(), broken_.end(), [](char b) { return b != 0; });
    for (int i = 0; i < call_.count; i++) {
      any_broken_ |= !call_.weights[i].finite;
    }
  }

  /** Rows first … first + count - 1 times all tiles. */
  void multiply(int first, int count) {
    int all = 0;
    size_t bytes = 0;
    int kinds = call_.swiglu ? 1 : call_.count;
    for (int i = 0; i < kinds; i++) {
      all += tiles(call_.weights[i].form);
      bytes = std::max(bytes, tile_bytes(call_.weights[i].form));
    }
    int least = count > 1 ? 1 : static_cast<int>((BYTES_PER_ITEM + bytes - 1) / bytes);
    Portions portions(all, least);
    parallel(portions.count(), [&](int item) {
      for (int tile = portions.begin(item); tile < portions.end(item); tile++) {
        int which = 0, at = 0, local = tile;
        while (local >= tiles(call_.weights[which].form)) {
          local -= tiles(call_.weights[which].form);
          at += call_.weights[which++].form.rows;
        }
        one_tile(which, local, at, first, count);
      }
      set_.release();
    });
  }

  void one_tile(int which, int tile, int column, int first, int count) {
    constexpr int MOST = 64;
    alignas(64) float products[MOST * TILE];
    alignas(64) float others[MOST * TILE];
    const Weight& weight = call_.weights[which];
    int rows = std::min(TILE, weight.form.rows - tile * TILE);
    for (int done = 0; done < count; done += MOST) {
      int now = std::min(MOST, count - done);
      products_of(weight, tile, first + done, now, products);
      if (call_.swiglu) {
        products_of(call_.weights[1], tile, first + done, now, others);
        set_.swiglu(products, others, now * TILE, products);
      }
      for (int m = 0; m < now; m++) {
        size_t at = static_cast<size_t>(first + done + m) * static_cast<size_t>(outputs_) +
            static_cast<size_t>(column + tile * TILE);
        if (call_.residual != nullptr) {
          add(call_.residual + at, rows, products + m * TILE);
        }
        copy(products + m * TILE, rows, call_.out + at);
      }
    }
  }

  /** A number that the compiler knows is a few instructions, another one a call. */
  static void copy(const float* from, int count, float* to) {
    if (count == TILE) {
      std::memcpy(to, from, TILE * sizeof(float));
    } else {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
    }
  }

  /** Up to sixteen values to a row of products. */
  static void add(const float* values, int count, float* row) {
    float term[TILE] = {}; // of its own: the compiler need not fear that one is written while the other is read
    copy(values, count, term);
    for (int r = 0; r < TILE; r++) {
      row[r] += term[r];
    }
  }

  void products_of(const Weight& weight, int tile, int first, int count, float* out) {
    const uint8_t* packed = weight.data + static_cast<size_t>(tile) * tile_bytes(weight.form);
    set_.tile(weight.form, packed, quantized_, first, count, out);
    int rows = std::min(TILE, weight.form.rows - tile * TILE);
    for (int m = 0; m < count && any_broken_; m++) {
      if (broken_[static_cast<size_t>(first + m)] != 0 || !weight.finite) {
        exact(weight, tile, rows, first + m, out + m * TILE);
      }
    }
    if (weight.bias != nullptr) {
      const float* bias = weight.bias + tile * TILE;
      for (int m = 0; m < count; m++) {
        add(bias, rows, out + m * TILE);
      }
    }
  }

  /** Infinities and NaNs have no int8 form: such a row is multiplied in floating point. */
  void exact(const Weight& weight, int tile, int rows, int m, float* out) {
    size_t cols = static_cast<size_t>(call_.cols);
    std::vector<float> w(cols), normed(cols);
    const float* x = call_.x + static_cast<size_t>(m) * cols;
    if (call_.norm != nullptr) {
      set_.rms_norm(x, call_.norm, call_.eps, call_.cols, normed.data());
      x = normed.data();
    }
    for (int r = 0; r < rows; r++) {
      unpack_row(weight.form, weight.data, tile * TILE + r, w.data());
      double sum = 0;
      for (size_t i = 0; i < cols; i++) {
        sum += static_cast<double>(w[i]) * static_cast<double>(x[i]);
      }
      out[r] = static_cast<float>(sum);
    }
  }

  const LinearCall& call_;
  const Kernels& set_;
  int outputs_ = 0;
  QuantizedRows quantized_{};
  std::vector<char> broken_;
  bool any_broken_ = false;
};

} // namespace

void linear(const LinearCall& call) { Linear(call).run(); }

void embed(const Weight& table, const int32_t* ids, int count, float* out) {
  parallel(count, [&](int i) {
    unpack_row(table.form, table.data, ids[i], out + static_cast<size_t>(i) * static_cast<size_t>(table.form.cols));
  });
}

} // namespace tinyllm
