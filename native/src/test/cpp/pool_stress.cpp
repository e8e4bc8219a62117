// Calls of changing sizes, one right after the other: each item of a call is done once, by the time the call returns.
#include "pool.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

int main(int, char** words) {
  const int calls = std::atoi(words[1]);
  tinyllm::set_threads(std::atoi(words[2]));
  for (int call = 0; call < calls; call++) {
    const int items = 2 + call * 7 % 23;
    std::atomic<int> done{0};
    std::atomic<long> sum{0};
    tinyllm::parallel(items, [&](int item) {
      done++;
      sum += item;
    });
    if (done != items || sum != long{items} * (items - 1) / 2) {
      std::printf("call %d did %d of its %d items\n", call, done.load(), items);
      return 1;
    }
  }
  std::puts("each item was done once");
  // The pool's threads are never joined.
  std::fflush(stdout);
  std::_Exit(0);
}
