/// \file
/// Waits a moment, and says so.
#include <chrono>
#include <iostream>

#include "evolve/event_base.h"

int main() {
  evolve::event_base base;
  evolve::event timer = evolve::event::timer(
      base, [&base] { std::cout << "by " << base.method() << '\n'; });
  timer.add(std::chrono::milliseconds(1));
  base.dispatch();
}
