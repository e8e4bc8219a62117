#include "outputs.h"

#include <memory>
#include <mutex>
#include <utility>

namespace tinyllm {
namespace {

using mlx::core::allocator::Buffer;
using mlx::core::allocator::Data;

// The C library keeps what is smaller itself; what is larger is nothing that comes again with every step.
constexpr size_t LARGE = size_t{16} << 20;
constexpr size_t TOO_LARGE = size_t{256} << 20;

struct Piece {
  Data data;
  size_t bytes;
};

class Spare {
 public:
  /** The one that is kept, where it is large enough and not far too large; null otherwise. */
  std::shared_ptr<Piece> take(size_t bytes) {
    std::lock_guard lock(mutex_);
    bool fits = kept_ != nullptr && kept_->bytes >= bytes && kept_->bytes / 2 <= bytes;
    return fits ? std::exchange(kept_, nullptr) : nullptr;
  }

  void keep(std::shared_ptr<Piece> piece) {
    std::lock_guard lock(mutex_);
    std::swap(kept_, piece);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Piece> kept_;
};

Spare& spare() {
  static auto* one = new Spare(); // arrays may end after all statics
  return *one;
}

} // namespace

Data output_memory(size_t bytes) {
  if (bytes < LARGE || bytes > TOO_LARGE) {
    return mlx::core::allocator::malloc(bytes);
  }
  auto piece = spare().take(bytes);
  if (piece == nullptr) {
    piece = std::make_shared<Piece>(Piece{mlx::core::allocator::malloc(bytes), bytes});
  }
  Buffer buffer = piece->data.buffer();
  return Data(buffer, [piece = std::move(piece)](Buffer) { spare().keep(piece); });
}

} // namespace tinyllm
