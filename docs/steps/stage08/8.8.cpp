#include <cstddef>
#include <cstdio>
#include <cstring>
#include <new>

#include "evolve/event_base.h"

namespace evolve {
// As an interface in C makes events: in memory of its program.
class event_access {
 public:
  static event& make(void* memory, event_base& base, callback function) {
    event& made = *::new (memory) event(function);
    made.base_ = &base;
    return made;
  }
};
}  // namespace evolve

using namespace evolve;

int main() {
  event_base base;
  alignas(event) static std::byte memory[sizeof(event)];
  static std::byte other[sizeof(event)];
  std::memset(other, 0xa5, sizeof other);
  event& ev = event_access::make(memory, base, [](int, what) {
    std::memcpy(memory, other, sizeof memory);  // freed, and used otherwise
  });
  ev.active(what::read);
  base.dispatch();
  std::printf("the memory of the event that was called is %s\n",
              std::memcmp(memory, other, sizeof memory) == 0 ? "as it was left"
                                                             : "written to");
}
