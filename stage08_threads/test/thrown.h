/// \file
/// What a call throws, for tests.
#pragma once

#include <exception>
#include <string>
#include <system_error>

namespace evolve {

/// The code of the system_error that `call` throws; none if it throws nothing.
template <class F>
std::error_code error_of(F call) {
  try {
    call();
  } catch (const std::system_error& thrown) {
    return thrown.code();
  }
  return {};
}

/// What the exception that `call` throws says; nothing if it throws none.
template <class F>
std::string message_of(F call) {
  try {
    call();
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
  return {};
}

}  // namespace evolve
