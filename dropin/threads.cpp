// Threads: whether there are any is all that evolve has to know.
#include <cstring>

#include "c_interface.h"

namespace {

evthread_lock_callbacks lock_callbacks;
bool in_use = false;

}  // namespace

bool dropin::threads_in_use() noexcept {
  return in_use;
}

int evthread_set_lock_callbacks(const evthread_lock_callbacks* callbacks) {
  if (!callbacks) {
    in_use = false;
    lock_callbacks = {};
    return 0;
  }
  if (!callbacks->alloc || !callbacks->free || !callbacks->lock ||
      !callbacks->unlock) {
    return -1;
  }
  lock_callbacks = *callbacks;
  in_use = true;
  return 0;
}

int evthread_set_condition_callbacks(const evthread_condition_callbacks*) {
  return 0;
}

void evthread_set_id_callback(unsigned long (*)()) {}

void evthread_enable_lock_debugging() {}

void evthread_enable_lock_debuging() {}

int evthread_make_base_notifiable(event_base* base) {
  if (!base) return -1;
  return dropin::attempt(__func__, [&] { base->make_notifiable(); });
}

extern "C" int evthread_use_evolve_threads_() {
  in_use = true;
  return 0;
}
