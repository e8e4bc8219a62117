// One threadgroup after another; in it one SIMD group after another, lane by lane from one meeting point to the next. The order
// is fixed, so that a run can be repeated; races are found by the memory's shadow, not by luck.
#include <cstring>

#include "host.h"

namespace tinyllm {

Thread* self = nullptr;
Launch launch;

namespace {

constexpr std::size_t stack_bytes = 128 * 1024;
constexpr unsigned width = 32;

std::vector<GpuThread> threads;
GpuThread* running = nullptr;
const Argument* kernel_arguments = nullptr;
unsigned group_count = 0, device_epochs = 0, threadgroup_epochs = 0, simd_epochs = 0;
unsigned simd_epoch_of[1024 / width];
bool checking = false;
volatile bool working = true;
volatile double stopping = 0;  // the limit that has passed, in seconds

void body() {
  tinyllm_kernel(kernel_arguments);
  running->state = State::done;
  Fiber::yield();
}

void wait(State state) {
  running->state = state;
  Fiber::yield();
}

}  // namespace

void enter_runtime() { working = true; }

void leave_runtime() {
  if (stopping > 0) {
    stop_now({});
  }
  working = false;
}

bool in_runtime() { return working; }

void stop_soon(double seconds) { stopping = seconds; }

void stop_now(Site site) {
  double seconds = stopping;
  working = true;
  fatal("time-limit", site, latest_access(),
        "the run was stopped after " + std::to_string(long(seconds + 0.5)) + " seconds of computing: is there a loop that never ends?" +
            (running != nullptr ? " " + name_of(running->ids) + " was running" : ""));
}

namespace {

void run(GpuThread& thread) {
  running = &thread;
  self = &thread.ids;
  leave_runtime();
  thread.fiber.resume();
  enter_runtime();
  self = nullptr;
  running = nullptr;
}

unsigned lanes_of(unsigned first) {
  unsigned left = unsigned(threads.size()) - first;
  return left < width ? left : width;
}

std::string where_others_are(unsigned first, unsigned count, State waiting, int line) {
  for (unsigned i = 0; i < count; ++i) {
    const GpuThread& t = threads[first + i];
    if (t.state == State::done) {
      return name_of(t.ids) + " has ended";
    }
    if (t.state != waiting || t.line != line) {
      return name_of(t.ids) + " waits in line " + std::to_string(t.line) + (t.operation ? std::string(" for ") + t.operation : "");
    }
  }
  return "";
}

void check_all_take_part(unsigned first, unsigned lanes, const GpuThread& leader, unsigned active) {
  unsigned present = unsigned(__builtin_popcount(active));
  if (!leader.needs_all || present == lanes) {
    return;
  }
  fatal("divergent-simd", Site::of_line(leader.line), {},
        std::string(leader.operation) + " needs all " + std::to_string(lanes) + " threads of the SIMD group, and " + std::to_string(present) +
            " reach it: " + name_of(leader.ids) + " is there, " + where_others_are(first, lanes, State::at_simd, leader.line));
}

// Lanes that wait at the same operation run it together. Where lanes are at different ones, the one that stands first in the
// source goes first: a branch ends before what follows it, a loop before what comes after.
void meet_simd(unsigned first, unsigned lanes) {
  GpuThread* leader = nullptr;
  for (unsigned i = 0; i < lanes; ++i) {
    GpuThread& t = threads[first + i];
    if (t.state == State::at_simd && (leader == nullptr || t.line < leader->line)) {
      leader = &t;
    }
  }
  Slot brought[width], got[width];
  unsigned extra[width] = {}, active = 0;
  for (unsigned i = 0; i < lanes; ++i) {
    GpuThread& t = threads[first + i];
    if (t.state == State::at_simd && t.line == leader->line && t.combine == leader->combine) {
      active |= 1u << i;
      brought[i] = t.brought;
      extra[i] = t.extra;
    }
  }
  check_all_take_part(first, lanes, *leader, active);
  if (leader->is_simd_barrier) {
    simd_epoch_of[first / width] = ++simd_epochs;
    count_simd_barrier();
  } else {
    leader->combine(brought, active, extra, got);
    count_simd_operation(active != (lanes == width ? ~0u : (1u << lanes) - 1));
  }
  for (unsigned i = 0; i < lanes; ++i) {
    if ((active >> i) & 1u) {
      threads[first + i].got = got[i];
      threads[first + i].active = active;
      threads[first + i].state = State::ready;
    }
  }
}

void run_simdgroup(unsigned first) {
  unsigned lanes = lanes_of(first);
  while (true) {
    bool waiting = false;
    for (unsigned i = 0; i < lanes; ++i) {
      GpuThread& t = threads[first + i];
      if (t.state == State::ready) {
        run(t);
      }
      waiting |= t.state == State::at_simd;
    }
    if (!waiting) {
      return;
    }
    meet_simd(first, lanes);
  }
}

// All threads wait at one barrier, or all have ended; everything else would hang or be undefined on a GPU.
bool meet_barrier() {
  const GpuThread* waiting = nullptr;
  unsigned count = 0;
  for (const GpuThread& t : threads) {
    if (t.state == State::at_barrier) {
      waiting = waiting == nullptr ? &t : waiting;
      count += t.line == waiting->line ? 1 : 0;
    }
  }
  if (waiting == nullptr) {
    return false;
  }
  if (count != threads.size()) {
    fatal("divergent-barrier", Site::of_line(waiting->line), {},
          "not all threads of the group reach this barrier: " + std::to_string(count) + " of " + std::to_string(threads.size()) +
              " wait there, " + name_of(waiting->ids) + " among them, while " +
              where_others_are(0, unsigned(threads.size()), State::at_barrier, waiting->line));
  }
  threadgroup_epochs += (waiting->flags & mem_threadgroup) ? 1 : 0;
  device_epochs += (waiting->flags & mem_device) ? 1 : 0;
  count_barrier();
  for (GpuThread& t : threads) {
    t.state = State::ready;
  }
  return true;
}

void place(GpuThread& t, unsigned index) {
  const unsigned* g = launch.group;
  t.ids.local[0] = index % g[0];
  t.ids.local[1] = index / g[0] % g[1];
  t.ids.local[2] = index / g[0] / g[1];
  for (int d = 0; d < 3; ++d) {
    t.ids.grid[d] = launch.position[d] * g[d] + t.ids.local[d];
  }
  t.ids.index = index;
  t.ids.lane = index % width;
  t.ids.simdgroup = index / width;
  t.state = State::ready;
  t.fiber.start(body);
}

void run_group() {
  ++group_count;
  ++threadgroup_epochs;
  ++device_epochs;
  ++simd_epochs;
  for (unsigned& epoch : simd_epoch_of) {
    epoch = simd_epochs;
  }
  begin_group();
  for (unsigned i = 0; i < threads.size(); ++i) {
    place(threads[i], i);
  }
  do {
    for (unsigned first = 0; first < threads.size(); first += width) {
      run_simdgroup(first);
    }
  } while (meet_barrier());
  if (checking) {
    end_group_counters();
  }
}

}  // namespace

void barrier(unsigned flags, int line) {
  running->flags = flags;
  running->line = line;
  running->operation = "threadgroup_barrier";
  wait(State::at_barrier);
}

void simd_operation(Combine combine, const Slot& brought, unsigned extra, Slot& got, bool needs_all, const char* name, int line) {
  GpuThread& t = *running;
  t.combine = combine;
  t.brought = brought;
  t.extra = extra;
  t.needs_all = needs_all;
  t.is_simd_barrier = false;
  t.operation = name;
  t.line = line;
  wait(State::at_simd);
  got = t.got;
}

void simd_barrier(unsigned, int line) {
  GpuThread& t = *running;
  t.combine = nullptr;
  t.needs_all = true;
  t.is_simd_barrier = true;
  t.operation = "simdgroup_barrier";
  t.line = line;
  wait(State::at_simd);
}

unsigned active_lanes() { return running->active; }

void inactive_lane(const char* name, unsigned lane, int line) {
  finding("inactive-lane", Site::of_line(line), {},
          name_of(running->ids) + " reads lane " + std::to_string(lane) + " by " + name + ", and that lane " +
              (lane >= 32 ? "does not exist: a SIMD group has lanes 0 to 31" : "does not take part: its value is undefined"));
}

const GpuThread* running_thread() { return running; }
unsigned group_number() { return group_count; }
unsigned device_epoch() { return device_epochs; }
unsigned threadgroup_epoch() { return threadgroup_epochs; }
unsigned simd_epoch(unsigned simdgroup) { return simd_epoch_of[simdgroup]; }
const Thread& thread_of(unsigned index) { return threads[index].ids; }

void run_grid(const Argument* arguments, bool checked) {
  kernel_arguments = arguments;
  checking = checked;
  if (threads.empty()) {
    threads.resize(std::size_t(launch.group[0]) * launch.group[1] * launch.group[2]);
    for (GpuThread& t : threads) {
      t.fiber.reserve(stack_bytes);
    }
    allow_reading(threads.data(), threads.size() * sizeof(GpuThread));
  }
  launch.simdgroups = (unsigned(threads.size()) + width - 1) / width;
  unsigned* p = launch.position;
  for (p[2] = 0; p[2] < launch.groups[2]; ++p[2]) {
    for (p[1] = 0; p[1] < launch.groups[1]; ++p[1]) {
      for (p[0] = 0; p[0] < launch.groups[0]; ++p[0]) {
        run_group();
      }
    }
  }
}

}  // namespace tinyllm
