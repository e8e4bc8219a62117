// A stack of its own for every GPU thread of a group, and the switch between two of them.
#pragma once

#include <cstddef>

namespace tinyllm {

class Fiber {
 public:
  using Entry = void (*)();

  // Makes the stack once; start() may be called again after the entry has returned control for good.
  void reserve(std::size_t stack_bytes);
  void start(Entry entry);
  void resume();        // from the scheduler
  static void yield();  // from the running fiber, back to the scheduler

  bool owns(const void* address) const { return address >= low_ && address < high_; }
  bool in_guard(const void* address) const { return address >= guard_ && address < low_; }

 private:
  char* guard_ = nullptr;
  char* low_ = nullptr;
  char* high_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace tinyllm
