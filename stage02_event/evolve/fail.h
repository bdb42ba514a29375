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

}  // namespace evolve
