// What a base is to be like: event_config_*() and the environment.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "c_interface.h"
#include "evolve/log.h"

namespace {

using evolve::base_flag;

static_assert(EVENT_BASE_FLAG_IGNORE_ENV ==
              static_cast<int>(base_flag::ignore_env));
static_assert(EVENT_BASE_FLAG_NO_CACHE_TIME ==
              static_cast<int>(base_flag::no_cache_time));
static_assert(EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST ==
              static_cast<int>(base_flag::epoll_use_changelist));

// Of the last stage's two methods on epoll, C programs know one.
constexpr const char* epoll = "epoll";
constexpr const char* epoll_changelist = "epoll (with changelist)";

const char* methods[] = {epoll, "poll", "select", nullptr};

void avoid(event_config& config, const std::string& name) {
  if (name == epoll_changelist) return;  // it cannot be avoided by that name
  config.settings.avoid_method(name);
  if (name == epoll) config.settings.avoid_method(epoll_changelist);
}

// A program that runs with more rights than its user has hears nothing.
bool is_set(const char* variable) noexcept {
  return ::secure_getenv(variable) != nullptr;
}

void read_environment(event_config& config) {
  if (is_set("EVENT_NOEPOLL")) avoid(config, epoll);
  if (is_set("EVENT_NOPOLL")) avoid(config, "poll");
  if (is_set("EVENT_NOSELECT")) avoid(config, "select");
  if (is_set("EVENT_EPOLL_USE_CHANGELIST")) {
    config.settings.set_flag(base_flag::epoll_use_changelist);
  }
}

}  // namespace

event_config* event_config_new() try {
  return dropin::create<event_config>();
} catch (const std::exception& failure) {
  dropin::warn(__func__, failure.what());
  return nullptr;
}

void event_config_free(event_config* config) {
  dropin::destroy(config);
}

int event_config_avoid_method(event_config* config, const char* method) {
  return dropin::attempt(__func__, [&] { avoid(*config, method); });
}

int event_config_require_features(event_config* config, int features) {
  if (!config) return -1;
  config->settings.require_features(static_cast<evolve::feature>(features));
  return 0;
}

int event_config_set_flag(event_config* config, int flag) {
  if (!config) return -1;
  config->without_lock |= (flag & EVENT_BASE_FLAG_NOLOCK) != 0;
  for (const base_flag known : {base_flag::ignore_env, base_flag::no_cache_time,
                                base_flag::epoll_use_changelist}) {
    if (flag & static_cast<int>(known)) config->settings.set_flag(known);
  }
  return 0;
}

// A hint for a method of Windows.
int event_config_set_num_cpus_hint(event_config* config, int /*cpus*/) {
  return config ? 0 : -1;
}

int event_config_set_max_dispatch_interval(event_config* config,
                                           const timeval* max_interval,
                                           int max_callbacks,
                                           int min_priority) {
  evolve::dispatch_limits limits;
  if (max_interval) limits.interval = dropin::to_duration(*max_interval);
  if (max_callbacks >= 0) limits.callbacks = std::max(max_callbacks, 1);
  limits.min_priority = std::max(min_priority, 0);
  return dropin::attempt(
      __func__, [&] { config->settings.set_max_dispatch_interval(limits); });
}

// The environment is read here, so that event_base_get_method() can tell what
// has been asked for.
event_base* event_base_new_with_config(const event_config* config) try {
  event_config chosen = config ? *config : event_config();
  if (!chosen.settings.has(base_flag::ignore_env)) read_environment(chosen);
  if (dropin::threads_in_use() && !chosen.without_lock) {
    chosen.settings.set_flag(base_flag::threads);
  }
  chosen.settings.set_flag(base_flag::ignore_env);
  event_base* const base = dropin::create<event_base>(chosen.settings);
  if (is_set("EVENT_SHOW_METHOD")) {
    const std::string shown = std::string("libevent using: ") +
                              event_base_get_method(base) + " (evolve)";
    evolve::log(evolve::severity::msg, shown.c_str());
  }
  return base;
} catch (const std::exception& failure) {
  dropin::warn(__func__, failure.what());
  return nullptr;
}

event_base* event_base_new() {
  return event_base_new_with_config(nullptr);
}

const char** event_get_supported_methods() {
  return methods;
}

const char* event_base_get_method(const event_base* base) {
  if (base->changelist) return base->method();
  return std::strcmp(base->method(), epoll_changelist) == 0 ? epoll
                                                            : base->method();
}

int event_base_get_features(const event_base* base) {
  return static_cast<int>(base->features());
}
