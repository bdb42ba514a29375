#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "evolve/event_base.h"

using namespace evolve;

// Calls reinit(), where there is one.
static void make_own(auto& base) {
  if constexpr (requires { base.reinit(); }) base.reinit();
}

int main() {
  event_base base;
  int ends[2];
  bool called = false;
  if (::pipe(ends) != 0 || ::write(ends[1], "x", 1) != 1) return 1;
  event input(base, ends[0], what::read, [&] { called = true; });
  input.add();
  const pid_t child = ::fork();
  if (child == 0) {
    make_own(base);
    input.del();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  base.loop(loop_flags::nonblock);
  std::printf("the parent's event is %s\n", called ? "called" : "not called");
}
