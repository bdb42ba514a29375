#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

using namespace evolve;

static bool memory_is_out = false;

void* operator new(std::size_t size) {
  if (void* p = memory_is_out ? nullptr : std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

int main() {
  event_base base(std::make_unique<evolve::kqueue>());
  event input(base, 0, what::read, [] {});
  input.add();
  base.loop(loop_flags::nonblock);  // the kernel knows it now
  input.del();
  input.add();
  std::puts("deletes it without memory");
  std::fflush(stdout);
  memory_is_out = true;
  input.del();
  memory_is_out = false;
  std::puts("it is deleted");
}
