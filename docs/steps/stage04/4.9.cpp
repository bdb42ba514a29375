#include <signal.h>

#include <cstdio>
#include <iostream>
#include <stdexcept>

#include "evolve/event_base.h"

using namespace evolve;

template <class F>
void attempt(const char* name, F function) {
  try {
    function();
    std::printf("%s: done\n", name);
  } catch (const std::logic_error& error) {
    std::printf("%s: %s\n", name, error.what());
  }
}

int main() {
  event_base base;
  event reload = event::signal(base, SIGHUP, [] {});
  reload.add();
  base.dump_events(std::cout);
  attempt("check", [&] { base.self_check(); });
  attempt("both",
          [&] { event(base, SIGHUP, what::signal | what::read, [] {}); });
  attempt("once", [&] { base.once(SIGHUP, what::signal, [] {}); });
}
