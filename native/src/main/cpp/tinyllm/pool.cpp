#include "pool.h"

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tinyllm {
namespace {

// A step of a model is a run of kernels a few microseconds apart: a worker that sleeps between them is woken too late.
constexpr int SPINS_BEFORE_SLEEP = 4000;
constexpr int SPINS_BEFORE_YIELD = 2000;

inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Pool {
 public:
  explicit Pool(int count) {
    for (int i = 1; i < count; i++) {
      workers_.emplace_back([this] { serve(); });
    }
  }

  ~Pool() {
    stopping_ = true;
    claim_.fetch_add(uint64_t{1} << 32);
    claim_.notify_all();
    for (auto& worker : workers_) {
      worker.join();
    }
  }

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  void run(int items, void (*work)(void*, int), void* context) {
    // A worker may still stand between its look at the last call's claim and its attempt to claim. Were that claim left as it is,
    // the attempt would succeed with the new call's count of items: so it is closed before anything of the new call can be seen.
    uint64_t last = claim_.load(std::memory_order_relaxed) >> 32;
    claim_.store(last << 32 | CLOSED, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    work_.store(work, std::memory_order_release);
    context_.store(context, std::memory_order_release);
    items_.store(static_cast<uint32_t>(items), std::memory_order_release);
    uint64_t call = last + 1;
    claim_.store(call << 32);
    if (sleeping_.load() > 0) {
      claim_.notify_all();
    }
    take(call);
    for (int spins = 0; done_.load(std::memory_order_acquire) < static_cast<uint32_t>(items); spins++) {
      spins < SPINS_BEFORE_YIELD ? pause() : std::this_thread::yield();
    }
  }

 private:
  /** In place of the next item: none. */
  static constexpr uint64_t CLOSED = 0xffffffff;

  /** Does items of this call until there are none. A claim succeeds only while the call is the current one. */
  void take(uint64_t call) {
    for (;;) {
      uint64_t seen = claim_.load(std::memory_order_acquire);
      auto* work = work_.load(std::memory_order_acquire);
      void* context = context_.load(std::memory_order_acquire);
      uint32_t items = items_.load(std::memory_order_acquire);
      uint32_t next = static_cast<uint32_t>(seen);
      if (seen >> 32 != call || next >= items) {
        return;
      }
      if (claim_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel)) {
        work(context, static_cast<int>(next));
        done_.fetch_add(1, std::memory_order_release);
      }
    }
  }

  void serve() {
    uint64_t seen = 0;
    while (!stopping_) {
      uint64_t now = claim_.load(std::memory_order_acquire) >> 32;
      for (int spins = 0; now == seen && spins < SPINS_BEFORE_SLEEP; spins++) {
        pause();
        now = claim_.load(std::memory_order_acquire) >> 32;
      }
      if (now == seen) {
        sleeping_.fetch_add(1);
        uint64_t whole = claim_.load();
        if (whole >> 32 == seen) {
          claim_.wait(whole);
        }
        sleeping_.fetch_sub(1);
        continue;
      }
      seen = now;
      if (!stopping_) {
        take(now);
      }
    }
  }

  std::vector<std::thread> workers_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> sleeping_{0};
  /** The number of the call in the upper half, the next item in the lower. */
  alignas(64) std::atomic<uint64_t> claim_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<void (*)(void*, int)> work_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<uint32_t> items_{0};
};

std::mutex busy;

/** Never destroyed: a worker must not outlive what it uses when the process ends. */
std::unique_ptr<Pool>& pool() {
  static auto* one = new std::unique_ptr<Pool>(new Pool(physical_cores()));
  return *one;
}

} // namespace

int physical_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    std::set<std::string> cores;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
      if (CPU_ISSET(cpu, &allowed)) {
        std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
        std::string siblings;
        cores.insert(std::getline(file, siblings) ? siblings : std::to_string(cpu));
      }
    }
    return cores.empty() ? 1 : static_cast<int>(cores.size());
  }
#endif
  unsigned count = std::thread::hardware_concurrency();
  return count == 0 ? 1 : static_cast<int>(count);
}

int threads() {
  std::lock_guard lock(busy);
  return pool()->size();
}

void set_threads(int count) {
  std::lock_guard lock(busy);
  if (count != pool()->size()) {
    pool() = std::make_unique<Pool>(count);
  }
}

void parallel(int items, void (*work)(void*, int), void* context) {
  std::unique_lock lock(busy, std::try_to_lock);
  if (items > 1 && lock.owns_lock() && pool()->size() > 1) {
    pool()->run(items, work, context);
    return;
  }
  for (int i = 0; i < items; i++) {
    work(context, i);
  }
}

} // namespace tinyllm
