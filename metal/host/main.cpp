// One run of one kernel: reads the job that Java wrote, runs the grid, writes outputs and report. Its own process, so that whatever
// the kernel does ends here.
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "memory.h"

namespace tinyllm {

namespace {

struct Job {
  bool checked = true, cpp = false;
  int repeats = 0;
  double seconds = 10;
  std::vector<BufferSpec> buffers;
  std::vector<Region*> regions;
  std::vector<std::vector<int>> shapes;
  std::vector<std::vector<std::int64_t>> strides;
};

Job job;

void read_buffer(std::istringstream& line, bool output) {
  BufferSpec spec;
  int rank = 0, initialised = 0;
  line >> spec.name >> spec.dtype >> spec.element >> spec.count >> initialised >> rank;
  spec.output = output;
  spec.initialised = initialised != 0;
  std::vector<int> shape(rank);
  for (int& size : shape) {
    line >> size;
  }
  std::vector<std::int64_t> strides(rank, 1);
  for (int i = rank - 2; i >= 0; --i) {
    strides[i] = strides[i + 1] * shape[i + 1];
  }
  job.buffers.push_back(spec);
  job.shapes.push_back(shape);
  job.strides.push_back(strides);
}

void read_job(const std::string& path) {
  std::ifstream in(path);
  std::string text, word;
  while (std::getline(in, text)) {
    std::istringstream line(text);
    line >> word;
    if (word == "grid") {
      line >> launch.threads[0] >> launch.threads[1] >> launch.threads[2];
    } else if (word == "group") {
      line >> launch.group[0] >> launch.group[1] >> launch.group[2];
    } else if (word == "seconds") {
      line >> job.seconds;
    } else if (word == "trace") {
      std::size_t limit = 0;
      line >> limit;
      set_trace(limit);
    } else if (word == "repeats") {  // without detectors, timed
      line >> job.repeats;
      job.checked = false;
    } else if (word == "cpp") {
      job.cpp = true;
      allow_other_memory();
    } else if (word == "in" || word == "out") {
      read_buffer(line, word == "out");
    }
  }
  for (int d = 0; d < 3; ++d) {
    launch.groups[d] = launch.threads[d] / launch.group[d];
  }
}

// data: the inputs one after another, then the initial values of the outputs that have one.
void fill_buffers(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  for (const BufferSpec& spec : job.buffers) {
    Region* region = add_buffer(spec, !job.checked);
    job.regions.push_back(region);
    if (!spec.output || spec.initialised) {
      in.read(reinterpret_cast<char*>(region->begin), std::streamsize(region->end - region->begin));
      if (!in) {
        fatal("job", {}, {}, "the data file ends inside " + spec.name);
      }
    }
  }
}

void write_outputs(const std::string& path) {
  std::ofstream out(path, std::ios::binary);
  for (const Region* region : job.regions) {
    if (region->output) {
      out.write(reinterpret_cast<const char*>(region->begin), std::streamsize(region->end - region->begin));
    }
  }
}

void run_timed(const std::vector<Argument>& arguments) {
  std::vector<double> nanos;
  for (int i = 0; i < job.repeats + 1; ++i) {  // the first warms up
    auto start = std::chrono::steady_clock::now();
    run_grid(arguments.data(), false);
    nanos.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(nanos.begin() + 1, nanos.end());
  report_line("nanos\t" + std::to_string(nanos[1 + (nanos.size() - 1) / 2 - ((nanos.size() - 1) % 2 == 0 ? 1 : 0)]));
}

std::uintptr_t program_counter(void* context) {
  auto* machine = &static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__linux__) && defined(__x86_64__)
  return std::uintptr_t(machine->gregs[REG_RIP]);
#elif defined(__linux__) && defined(__aarch64__)
  return std::uintptr_t(machine->pc);
#else
  (void)machine;
  return 0;
#endif
}

void on_signal(int signal, siginfo_t* info, void* context) {
  std::uintptr_t pc = program_counter(context);
  if (signal == SIGPROF) {
    stop_soon(job.seconds);
    if (!in_runtime()) {
      stop_now({pc});
    }
    return;
  }
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
  const GpuThread* thread = running_thread();
  std::string who = thread != nullptr ? name_of(thread->ids) : std::string("the runner");
  if (signal == SIGFPE) {
    fatal("division-by-zero", {pc}, {}, who + " divides an integer by zero");
  }
  if (thread != nullptr && thread->fiber.in_guard(info->si_addr)) {
    fatal("stack", {pc}, latest_access(), who + " needs more than 128 KiB of its own memory: an endless recursion, or large local arrays?");
  }
  fatal("crash", {pc}, latest_access(), who + " touches " + describe_address(info->si_addr) + ", and the machine ended the run (" + strsignal(signal) + ")");
}

void guard_process() {
  static char signal_stack[64 * 1024];
  stack_t stack{};
  stack.ss_sp = signal_stack;
  stack.ss_size = sizeof(signal_stack);
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF}) {
    sigaction(signal, &action, nullptr);
  }
  rlimit no_core{0, 0}, most_memory{std::size_t(16) << 30, std::size_t(16) << 30};
  setrlimit(RLIMIT_CORE, &no_core);
  setrlimit(RLIMIT_DATA, &most_memory);
  itimerval limit{};
  limit.it_value.tv_sec = long(job.seconds);
  limit.it_value.tv_usec = long((job.seconds - double(long(job.seconds))) * 1e6);
  setitimer(ITIMER_PROF, &limit, nullptr);
}

}  // namespace

}  // namespace tinyllm

int main(int count, char** words) {
  using namespace tinyllm;
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", words[0]);
    return 2;
  }
  std::string folder = words[1];
  open_report((folder + "/report").c_str());
  read_job(folder + "/job");
  fill_buffers(folder + "/data");
  guard_process();
  std::vector<Argument> arguments;
  for (std::size_t i = 0; i < job.regions.size(); ++i) {
    arguments.push_back({reinterpret_cast<void*>(job.regions[i]->begin), job.shapes[i].data(), job.strides[i].data(), int(job.shapes[i].size())});
  }
  allow_reading(arguments.data(), arguments.size() * sizeof(Argument));
  for (std::size_t i = 0; i < job.shapes.size(); ++i) {
    allow_reading(job.shapes[i].data(), job.shapes[i].size() * sizeof(int));
    allow_reading(job.strides[i].data(), job.strides[i].size() * sizeof(std::int64_t));
  }
  if (job.checked) {
    run_grid(arguments.data(), true);
    report_unwritten();
  } else {
    run_timed(arguments);
  }
  write_outputs(folder + "/result");
  finish_report();
  return 0;
}
