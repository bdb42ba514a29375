// error: an event's callback holds at most three words that own nothing
#include <memory>

#include "evolve/callback.h"

// One word; but who would delete it, of all that hold a copy?
evolve::callback owner() {
  return [owned = std::make_unique<int>(1)] { ++*owned; };
}
