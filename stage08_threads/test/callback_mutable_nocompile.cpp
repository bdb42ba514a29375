// error: an event's callback takes (int fd, what fired), (what fired) or nothing, and is not a mutable lambda
#include "evolve/callback.h"

// What it counted would be lost with the copy that the loop calls.
evolve::callback counting() {
  return [calls = 0]() mutable { ++calls; };
}
