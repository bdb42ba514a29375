/* Configuration, memory, the log, and what a base tells of itself. */
#include "cases.h"

static void version(void) {
  say("%s", event_get_version());
  SAY(event_get_version_number() == LIBEVENT_VERSION_NUMBER);
  SAY(event_get_struct_event_size() == sizeof(struct event));
  const char **methods = event_get_supported_methods();
  for (; *methods; ++methods) say("%s", *methods);
}

/* Makes a base of `config`, says what it is, and frees both. */
static void made_of(struct event_config *config) {
  struct event_base *base = event_base_new_with_config(config);
  if (config) event_config_free(config);
  if (!base) {
    say("no base");
    return;
  }
  say("%s, %x", event_base_get_method(base),
      (unsigned)event_base_get_features(base));
  event_base_free(base);
}

static void features(void) {
  event_set_log_callback(quiet);
  static const int wanted[] = {0,
                               EV_FEATURE_ET,
                               EV_FEATURE_O1,
                               EV_FEATURE_FDS,
                               EV_FEATURE_EARLY_CLOSE,
                               EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE,
                               EV_FEATURE_FDS | EV_FEATURE_EARLY_CLOSE,
                               EV_FEATURE_ET | EV_FEATURE_FDS};
  made_of(NULL);
  for (size_t at = 0; at < sizeof wanted / sizeof *wanted; ++at) {
    struct event_config *config = event_config_new();
    SAY(event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_FDS));
    SAY(event_config_require_features(config, wanted[at]));
    made_of(config);
  }
  SAY(event_config_require_features(NULL, 0));
}

static void avoided(void) {
  event_set_log_callback(quiet);
  static const char *const names[] = {"epoll", "poll", "select"};
  struct event_config *config;
  for (int set = 0; set < 8; ++set) {
    config = event_config_new();
    for (int at = 0; at < 3; ++at) {
      if (set >> at & 1) SAY(event_config_avoid_method(config, names[at]));
    }
    SAY(event_config_avoid_method(config, "EPOLL"));
    SAY(event_config_avoid_method(config, "epoll (with changelist)"));
    SAY(event_config_avoid_method(config, "kqueue"));
    made_of(config);
  }
}

static void environment(void) {
  event_set_log_callback(quiet);
  struct event_config *config;
  setenv("EVENT_NOEPOLL", "", 1);
  made_of(NULL);
  setenv("EVENT_NOPOLL", "0", 1);
  made_of(NULL);
  config = event_config_new();
  SAY(event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV));
  made_of(config);
  setenv("EVENT_NOSELECT", "1", 1);
  made_of(NULL);
  unsetenv("EVENT_NOEPOLL");
  setenv("EVENT_EPOLL_USE_CHANGELIST", "1", 1);
  setenv("EVENT_PRECISE_TIMER", "1", 1);
  made_of(NULL);
  config = event_config_new();
  SAY(event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV));
  made_of(config);
}

static void flags(void) {
  static const int all[] = {EVENT_BASE_FLAG_NOLOCK,
                            EVENT_BASE_FLAG_IGNORE_ENV,
                            EVENT_BASE_FLAG_STARTUP_IOCP,
                            EVENT_BASE_FLAG_NO_CACHE_TIME,
                            EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST,
                            EVENT_BASE_FLAG_PRECISE_TIMER};
  for (size_t at = 0; at < sizeof all / sizeof *all; ++at) {
    struct event_config *config = event_config_new();
    SAY(event_config_set_flag(config, all[at]));
    made_of(config);
  }
  SAY(event_config_set_flag(NULL, 0));
  struct event_config *config = event_config_new();
  SAY(event_config_set_num_cpus_hint(config, 4));
  SAY(event_config_set_num_cpus_hint(NULL, 4));
  struct timeval interval = {0, 5000};
  SAY(event_config_set_max_dispatch_interval(config, &interval, 5, 1));
  SAY(event_config_set_max_dispatch_interval(config, NULL, -1, -1));
  SAY(event_config_set_max_dispatch_interval(config, NULL, 0, 0));
  made_of(config);
}

static void negative_interval(void) {
  struct timeval past = {0, -5};
  struct event_config *config = event_config_new();
  SAY(event_config_set_max_dispatch_interval(config, &past, -1, 0));
  made_of(config);
}

static size_t given, freed;
static void *last_given;
static void *give(size_t size) {
  ++given;
  return last_given = malloc(size);
}
static void *give_more(void *memory, size_t size) {
  return realloc(memory, size);
}
static void take_back(void *memory) {
  ++freed;
  free(memory);
}

static void finalized(struct event *ev, void *name) {
  (void)ev;
  say("  finalized: %s", (const char *)name);
}

static void memory(void) {
  event_set_mem_functions(give, give_more, take_back);
  struct event_base *base = event_base_new();
  SAY(given > 0);
  given = 0;
  struct event *ev = event_new(base, -1, 0, note, "a");
  SAY(given);
  SAY((void *)ev == last_given);
  freed = 0;
  event_free(ev);
  SAY(freed);
  ev = event_new(base, -1, 0, note, "b");
  freed = 0;
  SAY(event_free_finalize(0, ev, finalized));
  event_base_free(base);
  SAY(freed > 1);
}

static void *give_none(size_t size) {
  (void)size;
  return NULL;
}
static void no_memory(void) {
  event_set_log_callback(quiet);
  struct event_base *base = event_base_new();
  event_set_mem_functions(give_none, NULL, NULL);
  SAY(event_new(base, -1, 0, note, "a") == NULL);
  SAY(event_config_new() == NULL);
  SAY(event_base_new() == NULL);
  event_set_mem_functions(NULL, NULL, NULL);
  event_base_free(base);
}

static void logs(int severity, const char *message) {
  say("  log: %d %d", severity, *message != '\0');
}
static void log_receiver(void) {
  struct event ev;
  event_set_log_callback(logs);
  memset(&ev, 0, sizeof ev);
  SAY(event_add(&ev, NULL));
  event_enable_debug_logging(EVENT_DBG_NONE);
}

static void ends_with(int code) {
  say("  fatal: %d", code);
  exit(7);
}
static void fatal(void) {
  event_set_log_callback(quiet);
  event_set_fatal_callback(ends_with);
  setenv("EVENT_NOEPOLL", "1", 1);
  setenv("EVENT_NOPOLL", "1", 1);
  setenv("EVENT_NOSELECT", "1", 1);
  event_init();
  say("not reached");
}
static void fatal_by_itself(void) {
  event_set_log_callback(quiet);
  setenv("EVENT_NOEPOLL", "1", 1);
  setenv("EVENT_NOPOLL", "1", 1);
  setenv("EVENT_NOSELECT", "1", 1);
  event_init();
  say("not reached");
}

static void unassigned(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  event_assign(&ev, base, -1, 0, note, "a");
  SAY(event_initialized(&ev));
  event_debug_unassign(&ev);
  SAY(event_initialized(&ev));
  event_base_free(base);
}

/* It stays added: only debug mode minds. */
static void unassigned_while_added(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  event_assign(&ev, base, -1, 0, note, "a");
  add_ms(&ev, 60000);
  event_debug_unassign(&ev);
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  SAY(event_del(&ev));
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  turn(base);
  event_base_free(base);
}

/* What debug mode lets pass. */
static void debug_mode(void) {
  event_enable_debug_mode();
  struct event_base *base = event_base_new();
  struct ends ends = socket_ends();
  struct event ev;
  event_assign(&ev, base, ends.a, EV_READ, note, "a");
  event_add(&ev, NULL);
  put(ends.b);
  turn(base);
  event_assign(&ev, base, ends.a, EV_READ | EV_PERSIST, note, "b");
  event_add(&ev, NULL);
  turn(base);
  event_del(&ev);
  event_debug_unassign(&ev);
  struct event *made = event_new(base, -1, 0, note, "c");
  event_active(made, EV_WRITE, 1);
  turn(base);
  event_free(made);
  event_base_free(base);
  libevent_global_shutdown();
}

static void violated(int code) {
  say("  fatal: %x", (unsigned)code);
  exit(3);
}
static struct event_base *debug_base(void) {
  event_set_log_callback(quiet);
  event_set_fatal_callback(violated);
  event_enable_debug_mode();
  return event_base_new();
}
static void debug_assigned_while_added(void) {
  struct event ev;
  struct event_base *base = debug_base();
  event_assign(&ev, base, -1, 0, note, "a");
  add_ms(&ev, 1000);
  event_assign(&ev, base, -1, 0, note, "a");
  say("not reached");
}
static void debug_never_assigned(void) {
  struct event ev;
  struct event_base *base = debug_base();
  memset(&ev, 0, sizeof ev);
  ev.ev_base = base;
  add_ms(&ev, 1000);
  say("not reached");
}
static void debug_freed(void) {
  struct event_base *base = debug_base();
  struct event ev;
  event_assign(&ev, base, -1, 0, note, "a");
  event_debug_unassign(&ev);
  ev.ev_base = base;
  event_del(&ev);
  say("not reached");
}
static void debug_active_unassigned(void) {
  struct event ev;
  struct event_base *base = debug_base();
  memset(&ev, 0, sizeof ev);
  ev.ev_base = base;
  event_active(&ev, EV_READ, 1);
  say("not reached");
}
static void debug_unassign_added(void) {
  struct event ev;
  struct event_base *base = debug_base();
  event_assign(&ev, base, -1, 0, note, "a");
  add_ms(&ev, 1000);
  event_debug_unassign(&ev);
  say("not reached");
}
static void debug_twice(void) {
  debug_base();
  event_enable_debug_mode();
  say("not reached");
}
static void debug_too_late(void) {
  event_set_log_callback(quiet);
  event_set_fatal_callback(violated);
  event_base_new();
  event_enable_debug_mode();
  say("not reached");
}
static void debug_blocking(void) {
  struct event_base *base = debug_base();
  struct event ev;
  int ends[2];
  if (pipe(ends)) abort();
  event_assign(&ev, base, ends[0], EV_READ, note, "a");
  say("reached");
}
static void debug_edges(void) {
  struct event_base *base = debug_base();
  struct ends ends = socket_ends();
  struct event one, two;
  event_assign(&one, base, ends.a, EV_READ, note, "a");
  event_assign(&two, base, ends.a, EV_READ | EV_ET, note, "b");
  SAY(event_add(&one, NULL));
  SAY(event_add(&two, NULL));
}

static void shutdown_twice(void) {
  event_base_free(event_base_new());
  libevent_global_shutdown();
  libevent_global_shutdown();
}

static void dump(void) {
  struct ends ends = pipe_ends();
  struct event_base *base = event_base_new();
  struct event read, timer, due, both;
  char line[256];
  FILE *out = tmpfile();
  event_assign(&read, base, ends.a, EV_READ | EV_PERSIST, note, "a");
  event_assign(&timer, base, -1, 0, note, "b");
  event_assign(&due, base, -1, 0, note, "c");
  event_assign(&both, base, ends.b, EV_WRITE | EV_ET, note, "d");
  event_add(&read, NULL);
  add_ms(&timer, 1000000);
  event_active(&due, EV_WRITE | EV_READ, 1);
  add_ms(&both, 2000000);
  event_active(&both, EV_CLOSED, 1);
  event_base_dump_events(base, out);
  rewind(out);
  while (fgets(line, sizeof line, out)) {
    void *address;
    int after = 0, fd = -1;
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, " %p [%*s %d%n", &address, &fd, &after) != 2) {
      say("%s", line);
      continue;
    }
    const char *name = address == &read    ? "read"
                       : address == &timer ? "timer"
                       : address == &due   ? "due"
                                           : "both";
    char *time = strstr(line, "Timeout=");
    if (time) strcpy(time, "Timeout");
    say("%s %d%s", name, fd >= 0, line + after);
  }
  event_base_free(base);
}

/* An event that waits for a descriptor of -1, and for no time. */
static void dump_without_time(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  char line[256];
  int times = 0;
  FILE *out = tmpfile();
  event_assign(&ev, base, -1, EV_READ, note, "a");
  event_add(&ev, NULL);
  event_base_dump_events(base, out);
  rewind(out);
  while (fgets(line, sizeof line, out)) {
    times += strstr(line, "Timeout=") != NULL;
  }
  SAY(times);
  event_base_free(base);
}

const struct named_case cases[] = {
    {"version", version},
    {"features", features},
    {"avoided", avoided},
    {"environment", environment},
    {"flags", flags},
    {"negative_interval", negative_interval},
    {"memory", memory},
    {"no_memory", no_memory},
    {"log_receiver", log_receiver},
    {"fatal", fatal},
    {"fatal_by_itself", fatal_by_itself},
    {"unassigned", unassigned},
    {"unassigned_while_added", unassigned_while_added},
    {"debug_mode", debug_mode},
    {"debug_assigned_while_added", debug_assigned_while_added},
    {"debug_never_assigned", debug_never_assigned},
    {"debug_freed", debug_freed},
    {"debug_active_unassigned", debug_active_unassigned},
    {"debug_unassign_added", debug_unassign_added},
    {"debug_twice", debug_twice},
    {"debug_too_late", debug_too_late},
    {"debug_blocking", debug_blocking},
    {"debug_edges", debug_edges},
    {"shutdown_twice", shutdown_twice},
    {"dump", dump},
    {"dump_without_time", dump_without_time},
    {NULL, NULL}};
