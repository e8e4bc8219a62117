// The switch saves what a call must preserve and changes the stack pointer. A few lines of assembly where we know the machine,
// ucontext elsewhere: a grid of 100,000 threads with ten meeting points each makes two million switches.
#include "fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#if !defined(__x86_64__) && !defined(__aarch64__)
#define TINYLLM_UCONTEXT 1
#include <ucontext.h>
#endif

#if defined(__APPLE__)
#define TINYLLM_SYMBOL(name) "_" name
#else
#define TINYLLM_SYMBOL(name) name
#endif

namespace tinyllm {

#ifdef TINYLLM_UCONTEXT

static ucontext_t scheduler_context;
static ucontext_t* running = nullptr;
static Fiber::Entry current_entry = nullptr;

static void enter() { current_entry(); }

void Fiber::start(Entry entry) {
  auto* context = static_cast<ucontext_t*>(context_ != nullptr ? context_ : std::calloc(1, sizeof(ucontext_t)));
  getcontext(context);
  context->uc_stack.ss_sp = low_;
  context->uc_stack.ss_size = std::size_t(high_ - low_);
  context->uc_link = &scheduler_context;
  current_entry = entry;
  makecontext(context, enter, 0);
  context_ = context;
}

void Fiber::resume() {
  running = static_cast<ucontext_t*>(context_);
  swapcontext(&scheduler_context, running);
}

void Fiber::yield() { swapcontext(running, &scheduler_context); }

#else

extern "C" void tinyllm_switch(void** save, void* load);

#if defined(__x86_64__)
asm(".text\n.globl " TINYLLM_SYMBOL("tinyllm_switch") "\n" TINYLLM_SYMBOL("tinyllm_switch") R"(:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
)");
static constexpr int saved_words = 6;
#else
asm(".text\n.globl " TINYLLM_SYMBOL("tinyllm_switch") "\n" TINYLLM_SYMBOL("tinyllm_switch") R"(:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");
static constexpr int saved_words = 20;
#endif

static void* scheduler_context;
static void** running;

void Fiber::start(Entry entry) {
  auto* top = reinterpret_cast<std::uintptr_t*>(high_) - 4;
#if defined(__x86_64__)
  *--top = 0;  // where the entry would return to; it never does
  *--top = reinterpret_cast<std::uintptr_t>(entry);
  for (int i = 0; i < saved_words; ++i) {
    *--top = 0;
  }
#else
  for (int i = 0; i < saved_words; ++i) {
    *--top = 0;
  }
  top[11] = reinterpret_cast<std::uintptr_t>(entry);  // x30, the return address
#endif
  context_ = top;
}

void Fiber::resume() {
  running = &context_;
  tinyllm_switch(&scheduler_context, context_);
}

void Fiber::yield() { tinyllm_switch(running, scheduler_context); }

#endif

void Fiber::reserve(std::size_t stack_bytes) {
  auto page = std::size_t(sysconf(_SC_PAGESIZE));
  std::size_t bytes = (stack_bytes + page - 1) / page * page + page;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (memory == MAP_FAILED) {
    std::abort();
  }
  guard_ = static_cast<char*>(memory);
  mprotect(guard_, page, PROT_NONE);  // a stack that is too small ends in a signal that we can name
  low_ = guard_ + page;
  high_ = guard_ + bytes;
}

}  // namespace tinyllm
