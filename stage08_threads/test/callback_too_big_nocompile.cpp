// error: an event's callback holds at most three words that own nothing
#include "evolve/callback.h"

// Four words.
evolve::callback sum(int& a, int& b, int& c, int& total) {
  return [&a, &b, &c, &total] { total = a + b + c; };
}
