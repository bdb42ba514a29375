// What belongs to no base: the log, memory, the version.
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "c_interface.h"
#include "evolve/log.h"

namespace {

struct memory_functions {
  void* (*allocate)(std::size_t) = std::malloc;
  void (*release)(void*) = std::free;
};

memory_functions memory;
event_log_cb log_receiver = nullptr;
event_fatal_cb fatal_receiver = nullptr;

static_assert(EVENT_LOG_DEBUG == static_cast<int>(evolve::severity::debug));
static_assert(EVENT_LOG_MSG == static_cast<int>(evolve::severity::msg));
static_assert(EVENT_LOG_WARN == static_cast<int>(evolve::severity::warn));
static_assert(EVENT_LOG_ERR == static_cast<int>(evolve::severity::error));

bool logs_debug = false;

void to_receiver(evolve::severity level, const char* message) {
  if (level == evolve::severity::debug && !logs_debug) return;
  log_receiver(static_cast<int>(level), message);
}

}  // namespace

void* dropin::allocate(std::size_t size) {
  void* const found = memory.allocate(size);
  if (!found) throw std::bad_alloc();
  return found;
}

void dropin::release(void* given) noexcept {
  memory.release(given);
}

void dropin::warn(const char* function, const std::string& why) noexcept {
  evolve::log(evolve::severity::warn,
              [&] { return std::string(function) + ": " + why; });
}

void dropin::stub(const char* function, bool& told) noexcept {
  if (std::exchange(told, true)) return;
  evolve::log(evolve::severity::msg, [&] {
    return std::string(function) + ": is there to be linked, and does nothing";
  });
}

void dropin::fatal(int code, const std::string& why) {
  evolve::log(evolve::severity::error, why.c_str());
  if (fatal_receiver) {
    fatal_receiver(code);
  } else if (code == fault_of_the_program) {
    std::abort();
  }
  std::exit(code);
}

void dropin::set_errno(const std::exception& failure) noexcept {
  const auto* said = dynamic_cast<const std::system_error*>(&failure);
  if (said) errno = said->code().value();
}

void event_set_log_callback(event_log_cb receiver) {
  log_receiver = receiver;
  evolve::set_log_callback(receiver ? to_receiver : nullptr);
}

void event_set_fatal_callback(event_fatal_cb receiver) {
  fatal_receiver = receiver;
}

void event_enable_debug_logging(ev_uint32_t which) {
  logs_debug = which != EVENT_DBG_NONE;
}

void event_set_mem_functions(void* (*allocate)(std::size_t),
                             void* (*)(void*, std::size_t),
                             void (*release)(void*)) {
  memory.allocate = allocate ? allocate : std::malloc;
  memory.release = release ? release : std::free;
}

const char* event_get_version() {
  return LIBEVENT_VERSION;
}

ev_uint32_t event_get_version_number() {
  return LIBEVENT_VERSION_NUMBER;
}
