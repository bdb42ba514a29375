/// \file
/// Messages of the library that belong to no call.
#pragma once

#include <new>
#include <string>
#include <type_traits>

namespace evolve {

/// How much a message matters.
/// \libevent{event.h,EVENT_LOG_WARN}
enum class severity {
  debug,  ///< for people who look for a fault in the program
  msg,  ///< news that is good to know
  warn,  ///< something went wrong, and the library went on
  error,  ///< the same, and the library could not
};

/// Receives the messages. It must not call the library, and must not throw.
/// \libevent{event.h,event_log_cb}
using log_callback = void (*)(severity level, const char* message);

/// From now on `receiver` gets the messages of all bases; null brings back the
/// default, which writes to standard error. Returns the one before. May be
/// called by any thread.
///
/// Logged is what no caller may be there to be told of by an exception: that a
/// descriptor went bad and its events were taken off (warn); that a signal's
/// handler was not restored, because another has been installed since (debug);
/// and, for the curious, that a backend refused to watch a descriptor (debug),
/// of which event::add() throws too. The default leaves debug out.
/// \libevent{log.c,event_set_log_callback}
log_callback set_log_callback(log_callback receiver) noexcept;

/// Hands `message` to the receiver.
/// \libevent{log.c,event_warnx}
void log(severity level, const char* message) noexcept;

/// The same for what `message()` returns, a std::string. When there is no
/// memory for it, the message is lost, and nothing else.
template <class F>
requires std::is_invocable_r_v<std::string, F>
void log(severity level, F message) noexcept {
  try {
    log(level, message().c_str());
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace evolve
