/// \file
/// How the library says that the system has refused something.
#pragma once

#include <string>
#include <system_error>

namespace evolve {

/// Throws what `error`, a value of errno, stands for; `tried` says what was to
/// be done.
/// \throws std::system_error always.
[[noreturn]] inline void fail(int error, const std::string& tried) {
  throw std::system_error(error, std::generic_category(), tried);
}

/// What a backend's wait throws when it fails. A type of its own, so that it is
/// not taken for what a callback has thrown.
class backend_error : public std::system_error {
 public:
  /// `error` is a value of errno; `tried` says what was to be done.
  backend_error(int error, const std::string& tried)
      : std::system_error(error, std::generic_category(), tried) {}
};

}  // namespace evolve
