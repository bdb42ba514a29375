/// \file
/// The backends that the tests run on.
#pragma once

#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "evolve/event_base.h"
#include "evolve/kqueue.h"

namespace evolve {

/// One line each.
constexpr const char* backends[] = {
#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)
    "kqueue",
#endif
#ifdef __linux__
    "epoll (with changelist)",
    "epoll",
#endif
    "poll",
    "select",
};

/// Makes the backend of that name.
inline std::unique_ptr<eventop> make_backend(std::string_view name) {
#if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)
  if (name == "kqueue") return std::make_unique<kqueue>();
#endif
  return make_eventop(name);
}

/// Whether signals are counted one by one on the backend of that name; a kernel
/// that tells of them itself may merge some. To be called by SetUp().
inline void skip_unless_signals_are_counted(std::string_view name) {
  if (name == "kqueue") GTEST_SKIP() << "kqueue may merge signals";
}

/// Whether the backend of that name is silent when a full pipe loses its
/// reader, as NetBSD's kqueue is.
inline bool keeps_ends_of_full_pipes(std::string_view name) {
  utsname system{};
  return name == "kqueue" && ::uname(&system) >= 0 &&
         std::string_view(system.sysname) == "NetBSD";
}

/// A suite whose every test runs once on each backend:
///
///     class EventBase : public OnBackend {};
///     INSTANTIATE_TEST_SUITE_P(Backends, EventBase,
///                              ::testing::ValuesIn(backends), backend_name);
///     TEST_P(EventBase, RunsUntilNoEventIsLeft) { … base … }
class OnBackend : public ::testing::TestWithParam<const char*> {
 protected:
  event_base base{make_backend(GetParam())};
};

/// The backend's name, as a part of a test's.
inline std::string backend_name(
    const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::erase_if(name, [](char c) { return c == '(' || c == ')'; });
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

}  // namespace evolve
