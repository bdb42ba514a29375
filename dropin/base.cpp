// The life of a base, and how many events it has.
#include "c_interface.h"

using evolve::event_count;

namespace {

void free_base(event_base* base, bool finalizes) {
  if (!base) base = dropin::current_base;
  if (!base) return dropin::warn("event_base_free", "there is no base");
  if (base == dropin::current_base) dropin::current_base = nullptr;
  base->finalizes = finalizes;
  dropin::destroy(base);
}

}  // namespace

event_base::event_base(const evolve::event_config& config)
    : evolve::event_base(config),
      exit(*this, -1, dropin::what::none, [this] { leave(); }),
      changelist(config.has(evolve::base_flag::epoll_use_changelist)) {
  dropin::debug_too_late();
}

// What is called then may still use all of the base.
event_base::~event_base() {
  evolve::event_access::end_due(*this);
}

void event_base_free(event_base* base) {
  free_base(base, true);
}

void event_base_free_nofinalize(event_base* base) {
  free_base(base, false);
}

int event_reinit(event_base* base) {
  return dropin::attempt(__func__, [&] { base->reinit(); });
}

int event_base_priority_init(event_base* base, int count) {
  if (base->num_events(event_count::active) > 0) return -1;
  if (count < 1 || count >= EVENT_MAX_PRIORITIES) return -1;
  if (count == base->npriorities()) return 0;
  return dropin::attempt(__func__, [&] { base->priority_init(count); });
}

int event_base_get_npriorities(event_base* base) {
  if (!base) base = dropin::current_base;
  return base->npriorities();
}

int event_base_get_num_events(event_base* base, unsigned kinds) {
  std::size_t count = 0;
  if (kinds & EVENT_BASE_COUNT_ACTIVE) {
    count += base->num_events(event_count::active);
  }
  if (kinds & EVENT_BASE_COUNT_ADDED) {
    count += base->num_events(event_count::added);
  }
  return static_cast<int>(count);
}

int event_base_get_max_events(event_base* base, unsigned kinds, int clear) {
  std::size_t count = 0;
  if (kinds & EVENT_BASE_COUNT_ACTIVE) {
    count += base->max_events(event_count::active, clear != 0);
  }
  if (kinds & EVENT_BASE_COUNT_ADDED) {
    count += base->max_events(event_count::added, clear != 0);
  }
  return static_cast<int>(count);
}

event* event_base_get_running_event(event_base* base) {
  return dropin::to_c(base->running_event());
}
