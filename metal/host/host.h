// The host run's own parts, as they see each other. Kernels see runtime.h alone.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "fiber.h"
#include "runtime.h"

namespace tinyllm {

// Where in the source something happened: the address of an instruction, or a line that a default argument brought.
struct Site {
  std::uintptr_t value = 0;
  static Site at(const void* return_address) { return {reinterpret_cast<std::uintptr_t>(return_address) - 1}; }
  static Site of_line(int line) { return {line_mark | std::uintptr_t(line)}; }
  bool is_line() const { return (value & line_mark) != 0; }
  bool operator==(const Site& o) const { return value == o.value; }
  static constexpr std::uintptr_t line_mark = std::uintptr_t(1) << 63;
};

// ---- report.cpp: what Java reads after the run -------------------------------------------------------------------

void open_report(const char* path);
// {site} and {other} in the text are replaced by line numbers in Java. Equal findings (kind and sites) are counted, not repeated.
void finding(const char* kind, Site site, Site other, const std::string& text);
[[noreturn]] void fatal(const char* kind, Site site, Site other, const std::string& text);
void report_line(const std::string& line);
void finish_report();
std::string name_of(const Thread& thread);  // "thread (3, 0, 0)"
std::string site_text(Site site);
std::string triple_text(const unsigned* v);

// ---- scheduler.cpp: threads, SIMD groups, barriers ---------------------------------------------------------------

enum class State : unsigned char { ready, at_simd, at_barrier, done };

struct GpuThread {
  Thread ids;
  Fiber fiber;
  State state;
  Combine combine;
  Slot brought, got;
  unsigned extra, active;
  bool needs_all, is_simd_barrier;
  unsigned flags;
  const char* operation;
  int line;
};

// The limit's signal may come at any moment: while the runtime works (it allocates), the stop waits until it has left.
void enter_runtime();
void leave_runtime();
bool in_runtime();
void stop_soon(double seconds);
[[noreturn]] void stop_now(Site site);

void run_grid(const Argument* arguments, bool checked);
const GpuThread* running_thread();
unsigned group_number();                  // counts the threadgroups of the grid from 1
unsigned device_epoch();                  // grows at every barrier that orders device memory
unsigned threadgroup_epoch();             // … threadgroup memory
unsigned simd_epoch(unsigned simdgroup);  // grows at every simdgroup_barrier of that SIMD group
const Thread& thread_of(unsigned index);  // of the running group

// ---- memory.cpp: what may be touched, and by whom ----------------------------------------------------------------

// Puts count elements between two guards; the bytes are NaN patterns until they are written. tight: right before the upper guard.
struct BufferSpec {
  std::string name, dtype;
  std::size_t element, count;
  bool output, initialised;
};
void allow_reading(const void* from, std::size_t bytes);
void begin_group();   // threadgroup memory is undefined again
void report_unwritten();
Site latest_access();  // where the kernel last touched memory: a signal may come in the middle of a detector
std::string describe_address(const void* address);
std::size_t threadgroup_bytes();

// ---- counters.cpp: what the memory system would do ---------------------------------------------------------------

struct Region;
void count_access(Site site, bool threadgroup, bool write, std::uintptr_t address, std::size_t bytes);
void count_barrier();
void count_simd_barrier();
void count_simd_operation(bool partial);
void trace_access(Site site, int buffer, std::size_t element, bool write);
void set_trace(std::size_t limit);
void end_group_counters();
void report_counters();

}  // namespace tinyllm
