// Threads. A program says how to lock, or that pthreads are to be used; evolve
// has locks of its own, and takes both as a word that there are threads.
#include <atomic>
#include <optional>

#include "c_interface.h"

namespace {

// Whether there are locks: for threads that ask while another one sets them.
std::atomic<bool> in_use = false;

// A program's own; all null when it has asked for those of pthreads.
std::optional<evthread_lock_callbacks> locks;
std::optional<evthread_condition_callbacks> conditions;

bool is_complete(const evthread_lock_callbacks& given) noexcept {
  return given.alloc && given.free && given.lock && given.unlock;
}

bool is_complete(const evthread_condition_callbacks& given) noexcept {
  return given.alloc_condition && given.free_condition &&
         given.signal_condition && given.wait_condition;
}

bool are_same(const evthread_lock_callbacks& a,
              const evthread_lock_callbacks& b) noexcept {
  return a.lock_api_version == b.lock_api_version &&
         a.supported_locktypes == b.supported_locktypes && a.alloc == b.alloc &&
         a.free == b.free && a.lock == b.lock && a.unlock == b.unlock;
}

bool are_same(const evthread_condition_callbacks& a,
              const evthread_condition_callbacks& b) noexcept {
  return a.condition_api_version == b.condition_api_version &&
         a.alloc_condition == b.alloc_condition &&
         a.free_condition == b.free_condition &&
         a.signal_condition == b.signal_condition &&
         a.wait_condition == b.wait_condition;
}

// Callbacks are set once. Whether that is what `given` does, or repeats.
template <class T>
bool set(std::optional<T>& kept, const T& given, const char* function) {
  if (kept && !are_same(*kept, given)) {
    dropin::warn(function, "there are others already");
    return false;
  }
  if (!is_complete(given)) return false;
  kept = given;
  return true;
}

}  // namespace

bool dropin::threads_in_use() noexcept {
  return in_use;
}

int evthread_set_lock_callbacks(const evthread_lock_callbacks* callbacks) {
  if (!callbacks) {
    if (locks) dropin::warn(__func__, "no more locks for new bases");
    locks.reset();
    in_use = false;
    return 0;
  }
  if (!set(locks, *callbacks, __func__)) return -1;
  in_use = true;
  return 0;
}

// libevent has nothing against an incomplete set, either, unless it has others.
int evthread_set_condition_callbacks(
    const evthread_condition_callbacks* callbacks) {
  if (!callbacks) {
    conditions.reset();
    return 0;
  }
  const bool first = !conditions;
  return set(conditions, *callbacks, __func__) || first ? 0 : -1;
}

// std::this_thread::get_id() is what evolve asks.
void evthread_set_id_callback(unsigned long (*)()) {
  static bool told = false;
  dropin::stub(__func__, told);
}

void evthread_enable_lock_debugging() {
  static bool told = false;
  dropin::stub(__func__, told);
}

// As libevent 2.0 spelt it.
void evthread_enable_lock_debuging() {
  static bool told = false;
  dropin::stub(__func__, told);
}

int evthread_make_base_notifiable(event_base* base) {
  if (!base) return -1;
  return dropin::attempt(__func__, [&] { base->make_notifiable(); });
}

// For libevent_pthreads.
extern "C" int evthread_use_evolve_threads_() {
  if (!locks) locks.emplace();
  if (!conditions) conditions.emplace();
  in_use = true;
  return 0;
}
