// error: an event's callback holds at most three words that own nothing
#include <memory>

#include "evolve/callback.h"

// One word; but which of its copies would delete it?
evolve::callback owner() {
  return [owned = std::make_unique<int>(1)] { ++*owned; };
}
