#include "evolve/log.h"

#include <atomic>
#include <cstdio>

namespace evolve {
namespace {

void to_stderr(severity level, const char* message) {
  if (level == severity::debug) return;
  constexpr const char* names[] = {"debug", "msg", "warn", "error"};
  std::fprintf(stderr, "[%s] %s\n", names[static_cast<int>(level)], message);
}

std::atomic<log_callback> receiver_now = to_stderr;

}  // namespace

log_callback set_log_callback(log_callback receiver) noexcept {
  return receiver_now.exchange(receiver ? receiver : to_stderr);
}

void log(severity level, const char* message) noexcept {
  receiver_now.load()(level, message);
}

}  // namespace evolve
