// Counts what the memory system of a GPU would do: the lanes of a SIMD group that execute one load or store together touch so many
// segments of 128 bytes. Lanes run one after another here, so the n-th execution of an instruction by each lane belongs together.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "host.h"

namespace tinyllm {

namespace {

constexpr std::size_t most_rows = 1 << 18;  // executions of one instruction in one group; beyond, counts are lower bounds
constexpr unsigned banks = 32;

// What one execution of an instruction touches: device memory in sectors of 32 bytes, threadgroup memory in words of 4.
struct Row {
  std::uint32_t count = 0, bytes = 0;
  std::uint64_t keys[6];
  std::vector<std::uint64_t> more;

  void add(std::uint64_t key) {
    for (std::uint32_t i = std::min<std::uint32_t>(count, 6); i-- > 0;) {
      if (keys[i] == key) {
        return;
      }
    }
    if (std::find(more.rbegin(), more.rend(), key) != more.rend()) {
      return;
    }
    if (count < 6) {
      keys[count] = key;
    } else {
      more.push_back(key);
    }
    ++count;
  }
};

struct Instruction {
  bool threadgroup, write;
  std::uint32_t executed[32] = {};
  std::vector<Row> rows;
};

struct Totals {
  unsigned long accesses = 0, requests = 0, segments = 0, sectors = 0, bytes = 0, conflicts = 0;
};

std::unordered_map<std::uintptr_t, Instruction> instructions[32];  // by SIMD group
std::map<std::tuple<std::uintptr_t, bool, bool>, Totals> totals;   // site, threadgroup, write
unsigned long barriers = 0, simd_barriers = 0, simd_operations = 0, partial_simd_operations = 0, lost = 0;

std::size_t trace_left = 0;
std::vector<std::string> traced;

Instruction& instruction_at(unsigned simdgroup, Site site, bool threadgroup, bool write) {
  static std::uintptr_t last_site = 0;
  static unsigned last_simdgroup = 0;
  static Instruction* last = nullptr;
  if (last == nullptr || last_site != site.value || last_simdgroup != simdgroup) {
    last = &instructions[simdgroup][site.value];
    last_site = site.value;
    last_simdgroup = simdgroup;
    last->threadgroup = threadgroup;
    last->write = write;
  }
  return *last;
}

void add_device_row(const Row& row, Totals& sum) {
  std::vector<std::uint64_t> segments(row.keys, row.keys + std::min<std::uint32_t>(row.count, 6));
  segments.insert(segments.end(), row.more.begin(), row.more.end());
  for (std::uint64_t& key : segments) {
    key >>= 2;
  }
  std::sort(segments.begin(), segments.end());
  sum.segments += std::size_t(std::unique(segments.begin(), segments.end()) - segments.begin());
  sum.sectors += row.count;
}

// Different words of one bank are served one after another.
void add_threadgroup_row(const Row& row, Totals& sum) {
  unsigned in_bank[banks] = {}, most = 0;
  for (std::uint32_t i = 0; i < row.count; ++i) {
    std::uint64_t key = i < 6 ? row.keys[i] : row.more[i - 6];
    most = std::max(most, ++in_bank[key % banks]);
  }
  sum.conflicts += most > 1 ? most - 1 : 0;
}

}  // namespace

void count_access(Site site, bool threadgroup, bool write, std::uintptr_t address, std::size_t bytes) {
  const GpuThread& thread = *running_thread();
  Instruction& instruction = instruction_at(thread.ids.simdgroup, site, threadgroup, write);
  std::size_t execution = instruction.executed[thread.ids.lane]++;
  if (execution >= most_rows) {
    ++lost;
    return;
  }
  if (execution >= instruction.rows.size()) {
    instruction.rows.resize(execution + 1);
  }
  Row& row = instruction.rows[execution];
  row.bytes += std::uint32_t(bytes);
  unsigned shift = threadgroup ? 2 : 5;
  for (std::uint64_t key = address >> shift; key <= (address + bytes - 1) >> shift; ++key) {
    row.add(key);
  }
}

void end_group_counters() {
  for (auto& of_simdgroup : instructions) {
    for (auto& [site, instruction] : of_simdgroup) {
      Totals& sum = totals[{site, instruction.threadgroup, instruction.write}];
      for (std::uint32_t& executed : instruction.executed) {
        sum.accesses += executed;
        executed = 0;
      }
      for (const Row& row : instruction.rows) {
        ++sum.requests;
        sum.bytes += row.bytes;
        instruction.threadgroup ? add_threadgroup_row(row, sum) : add_device_row(row, sum);
      }
      instruction.rows.clear();
    }
  }
}

void count_barrier() { ++barriers; }
void count_simd_barrier() { ++simd_barriers; }
void count_simd_operation(bool partial) {
  ++simd_operations;
  partial_simd_operations += partial ? 1 : 0;
}

void set_trace(std::size_t limit) { trace_left = limit; }

void trace_access(Site site, int buffer, std::size_t element, bool write) {
  if (trace_left == 0 || group_number() != 1) {
    return;
  }
  --trace_left;
  char text[96];
  std::snprintf(text, sizeof(text), "touch\t%u\t%d\t%zu\t%c\t%lx", running_thread()->ids.index, buffer, element, write ? 'w' : 'r',
                (unsigned long)site.value);
  traced.emplace_back(text);
}

void report_counters() {
  char text[256];
  for (const auto& [key, sum] : totals) {
    const auto& [site, threadgroup, write] = key;
    std::snprintf(text, sizeof(text), "access\t%s\t%s\t%s\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu", site_text(Site{site}).c_str(), threadgroup ? "threadgroup" : "device", write ? "write" : "read", sum.accesses,
                  sum.requests, sum.segments, sum.sectors, sum.bytes, sum.conflicts);
    report_line(text);
  }
  std::snprintf(text, sizeof(text), "counts\t%lu\t%lu\t%lu\t%lu\t%lu\t%zu", barriers, simd_barriers, simd_operations,
                partial_simd_operations, lost, threadgroup_bytes());
  report_line(text);
  for (const std::string& line : traced) {
    report_line(line);
  }
}

}  // namespace tinyllm
