/* The loop: when it returns, and in which order it calls. */
#include "cases.h"

static struct event_base *base;

static void loop(const char *text, int flags) {
  const int end = event_base_loop(base, flags);
  say("%s = %d, exit %d, break %d", text, end, event_base_got_exit(base),
      event_base_got_break(base));
}
#define LOOP(flags) loop("loop(" #flags ")", flags)

static void returns(void) {
  struct event ev;
  base = event_base_new();
  LOOP(0);
  LOOP(EVLOOP_ONCE);
  LOOP(EVLOOP_NONBLOCK);
  LOOP(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  LOOP(EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY);
  SAY(event_base_dispatch(base));
  event_assign(&ev, base, -1, 0, note, "a");
  add_ms(&ev, 0);
  LOOP(EVLOOP_ONCE);
  LOOP(EVLOOP_ONCE);
  add_ms(&ev, 0);
  LOOP(EVLOOP_NONBLOCK);
  add_ms(&ev, 0);
  LOOP(EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY);
  add_ms(&ev, 10000);
  LOOP(EVLOOP_NONBLOCK);
  LOOP(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  event_del(&ev);
  event_base_free(base);
}

static void again(evutil_socket_t fd, short what, void *count) {
  (void)fd;
  (void)what;
  say("  again: %d, loop %d", --*(int *)count, event_base_loop(base, 0));
}

static void reentrant(void) {
  int count = 1;
  struct event ev;
  base = event_base_new();
  event_assign(&ev, base, -1, 0, again, &count);
  add_ms(&ev, 0);
  LOOP(0);
  event_base_free(base);
}

static int left;
static struct event *self;
static void repeat(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  if (--left > 0) add_ms(self, 0);
}

static void nonblock_goes_on(void) {
  struct event ev;
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&ev, base, ends.a, EV_READ | EV_PERSIST, note, "idle");
  event_add(&ev, NULL);
  LOOP(EVLOOP_NONBLOCK);
  struct event timer;
  self = &timer;
  left = 4;
  event_assign(&timer, base, -1, 0, repeat, "timer");
  add_ms(&timer, 0);
  LOOP(EVLOOP_NONBLOCK);
  left = 4;
  add_ms(&timer, 0);
  LOOP(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  LOOP(EVLOOP_ONCE | EVLOOP_NONBLOCK);
  event_del(&timer);
  event_base_free(base);
}

static void exits(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(event_base_loopexit(base, NULL));
  SAY(event_base_got_exit(base));
}
static void breaks(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(event_base_loopbreak(base));
  SAY(event_base_got_break(base));
}
static void continues(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(event_base_loopcontinue(base));
}

static struct event events[8];
static char names[8][2] = {"0", "1", "2", "3", "4", "5", "6", "7"};

/* Eight events that are due, of which the third calls `special`. */
static void make_due(int priorities, event_callback_fn special) {
  base = event_base_new();
  event_base_priority_init(base, priorities);
  for (int at = 0; at < 8; ++at) {
    event_assign(&events[at], base, -1, 0, at == 3 ? special : note, names[at]);
    event_priority_set(&events[at], at % priorities);
    event_active(&events[at], EV_READ, 1);
  }
}

static void run_due(int priorities, event_callback_fn special) {
  make_due(priorities, special);
  LOOP(0);
  LOOP(0);
  LOOP(0);
  event_base_free(base);
}

static void order(void) {
  run_due(1, note);
}
static void order_by_priority(void) {
  run_due(3, note);
}
static void loopexit_now(void) {
  run_due(1, exits);
}
static void loopexit_2(void) {
  run_due(2, exits);
}
static void loopexit_3(void) {
  run_due(3, exits);
}
static void loopexit_8(void) {
  run_due(8, exits);
}
static void loopbreak_now(void) {
  run_due(1, breaks);
}
static void loopbreak_2(void) {
  run_due(2, breaks);
}
static void loopcontinue_now(void) {
  run_due(1, continues);
}
static void loopcontinue_2(void) {
  run_due(2, continues);
}

static void before_the_loop(void) {
  struct event ev;
  base = event_base_new();
  event_assign(&ev, base, -1, 0, note, "a");
  add_ms(&ev, 0);
  SAY(event_base_loopexit(base, NULL));
  LOOP(0);
  LOOP(0);
  add_ms(&ev, 0);
  SAY(event_base_loopbreak(base));
  LOOP(0);
  SAY(event_base_loopexit(base, NULL));
  LOOP(EVLOOP_NO_EXIT_ON_EMPTY);
  LOOP(0);
  add_ms(&ev, 0);
  SAY(event_base_loopcontinue(base));
  LOOP(0);
  event_base_free(base);
}

static void exit_before_due(void) {
  make_due(3, note);
  event_base_loopexit(base, NULL);
  event_active(&events[4], EV_WRITE, 1);
  LOOP(0);
  LOOP(0);
  event_base_free(base);
}

static void exit_twice(void) {
  make_due(1, exits);
  event_base_loopexit(base, NULL);
  event_base_loopexit(base, NULL);
  LOOP(0);
  LOOP(0);
  event_base_free(base);
}

static void delayed_exit(void) {
  struct timeval soon = {0, 20000};
  struct event ev;
  base = event_base_new();
  SAY(event_base_loopexit(base, &soon));
  LOOP(0);
  event_assign(&ev, base, -1, EV_PERSIST, note, "late");
  add_ms(&ev, 60000);
  SAY(event_base_loopexit(base, &soon));
  LOOP(0);
  struct timeval zero = {0, 0};
  SAY(event_base_loopexit(base, &zero));
  LOOP(0);
  event_base_free(base);
}

/* As programs wait for an answer, but not for ever. */
static void exit_of_many_loops(void) {
  struct timeval soon = {0, 30000};
  struct event ev;
  int runs = 0;
  base = event_base_new();
  event_assign(&ev, base, -1, EV_PERSIST, note, "late");
  add_ms(&ev, 60000);
  SAY(event_base_loopexit(base, &soon));
  while (!event_base_got_exit(base) && runs < 3) {
    LOOP(EVLOOP_ONCE);
    ++runs;
  }
  SAY(runs);
  event_base_free(base);
}

static void exit_keeps_running(void) {
  struct timeval soon = {0, 20000};
  base = event_base_new();
  SAY(event_base_loopexit(base, &soon));
  LOOP(EVLOOP_ONCE);
  LOOP(EVLOOP_ONCE);
  event_base_free(base);
}

static void level_triggered_exit(void) {
  struct ends ends = pipe_ends();
  struct event ev;
  base = event_base_new();
  put(ends.b);
  event_assign(&ev, base, ends.a, EV_READ | EV_PERSIST, exits, "a");
  event_add(&ev, NULL);
  LOOP(0);
  LOOP(EVLOOP_ONCE);
  event_base_free(base);
}

static void activates_others(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  event_active(&events[0], EV_WRITE, 1);
  event_active(&events[7], EV_WRITE, 1);
}

static void more_urgent(void) {
  make_due(4, activates_others);
  LOOP(0);
  event_base_free(base);
}

static void deletes(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  for (int at = 0; at < 8; at += 2) event_del(&events[at]);
}

static void deleted_while_due(void) {
  run_due(1, deletes);
}

static void frees_all(evutil_socket_t fd, short what, void *arg) {
  struct event **made = arg;
  say("  frees: %s", bits(what));
  for (int at = 0; at < 4; ++at) event_free(made[at]);
  (void)fd;
}

static void freed_while_due(void) {
  struct event *made[4];
  base = event_base_new();
  for (int at = 0; at < 4; ++at) {
    made[at] = event_new(base, -1, EV_PERSIST, at == 1 ? frees_all : note,
                         at == 1 ? (void *)made : names[at]);
    add_ms(made[at], 50000);
    event_active(made[at], EV_READ, 1);
  }
  LOOP(0);
  event_base_free(base);
}

static void overwrites(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  memset(self, 0x5a, sizeof *self);
}

static void overwritten_in_callback(void) {
  struct event ev;
  struct ends ends = pipe_ends();
  unsigned char expected[sizeof ev];
  memset(expected, 0x5a, sizeof expected);
  base = event_base_new();
  put(ends.b);
  self = &ev;
  event_assign(&ev, base, ends.a, EV_READ, overwrites, "read");
  add_ms(&ev, 60000);
  LOOP(0);
  SAY(memcmp(&ev, expected, sizeof ev));
  event_assign(&ev, base, -1, 0, overwrites, "timer");
  add_ms(&ev, 0);
  LOOP(0);
  SAY(memcmp(&ev, expected, sizeof ev));
  event_assign(&ev, base, -1, 0, overwrites, "active");
  event_active(&ev, EV_WRITE, 1);
  LOOP(0);
  SAY(memcmp(&ev, expected, sizeof ev));
  event_assign(&ev, base, SIGUSR1, EV_SIGNAL, overwrites, "signal");
  event_add(&ev, NULL);
  raise(SIGUSR1);
  LOOP(0);
  SAY(memcmp(&ev, expected, sizeof ev));
  event_base_free(base);
}

static void running(evutil_socket_t fd, short what, void *ev) {
  (void)fd;
  say("  running: %s, itself %d", bits(what),
      event_base_get_running_event(base) == ev);
}

static void running_event(void) {
  struct event ev;
  base = event_base_new();
  event_assign(&ev, base, -1, 0, running, &ev);
  add_ms(&ev, 0);
  LOOP(0);
  event_assign(&ev, base, -1, EV_PERSIST, running, &ev);
  event_active(&ev, EV_READ, 1);
  LOOP(0);
  event_base_free(base);
}

static void limited(void) {
  struct event_config *config = event_config_new();
  SAY(event_config_set_max_dispatch_interval(config, NULL, 2, 1));
  base = event_base_new_with_config(config);
  event_config_free(config);
  event_base_priority_init(base, 3);
  for (int at = 0; at < 8; ++at) {
    event_assign(&events[at], base, -1, 0, note, names[at]);
    event_priority_set(&events[at], at < 4 ? 0 : 1);
    event_active(&events[at], EV_READ, 1);
  }
  LOOP(0);
  event_base_free(base);
}

static int visit(const struct event_base *visited, const struct event *ev,
                 void *count) {
  if (event_get_callback(ev) != note) return 0;
  say("  visit: %s, fd %d, base %d", (const char *)event_get_callback_arg(ev),
      event_get_fd(ev) >= 0, visited == base && event_get_base(ev) == base);
  return --*(int *)count == 0 ? 17 : 0;
}

static void foreach (void) {
  struct ends ends = pipe_ends();
  int count = 100;
  base = event_base_new();
  SAY(event_base_foreach_event(base, visit, &count));
  event_assign(&events[0], base, ends.a, EV_READ, note, "read");
  event_assign(&events[1], base, -1, 0, note, "timer");
  event_assign(&events[2], base, SIGUSR1, EV_SIGNAL, note, "signal");
  event_assign(&events[3], base, -1, 0, note, "active");
  event_assign(&events[4], base, ends.b, EV_WRITE, note, "timed");
  event_add(&events[0], NULL);
  add_ms(&events[1], 60000);
  event_add(&events[2], NULL);
  event_active(&events[3], EV_READ, 1);
  add_ms(&events[4], 60000);
  event_active(&events[4], EV_WRITE, 1);
  SAY(event_base_foreach_event(base, visit, &count));
  count = 2;
  SAY(event_base_foreach_event(base, visit, &count));
  SAY(event_base_foreach_event(NULL, visit, &count));
  SAY(event_base_foreach_event(base, NULL, &count));
  event_base_free(base);
}

static void counts(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "read");
  event_assign(&events[1], base, -1, 0, note, "timer");
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  event_add(&events[0], NULL);
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  add_ms(&events[1], 60000);
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE));
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_VIRTUAL));
  SAY(event_base_get_num_events(base, 0));
  event_del(&events[0]);
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  SAY(event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 0));
  SAY(event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 1));
  SAY(event_base_get_max_events(base, EVENT_BASE_COUNT_VIRTUAL, 0));
  event_base_free(base);
}

static void finalized(struct event *ev, void *name) {
  say("  finalized %s, its own %d", (const char *)name, ev == &events[0]);
}

static void finalize(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, note, "a");
  add_ms(&events[0], 60000);
  event_active(&events[0], EV_READ, 1);
  SAY(event_finalize(0, &events[0], finalized));
  SAY(event_add(&events[0], NULL));
  SAY(add_ms(&events[0], 1));
  SAY(event_del(&events[0]));
  event_active(&events[0], EV_READ, 1);
  LOOP(0);
  SAY(event_del(&events[0]));
  LOOP(0);
  event_assign(&events[0], base, -1, 0, note, "b");
  add_ms(&events[0], 0);
  LOOP(0);
  struct event *ev = event_new(base, -1, 0, note, "c");
  SAY(event_free_finalize(0, ev, finalized));
  LOOP(0);
  event_base_free(base);
}

static void finalize_by_end(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, note, "a");
  add_ms(&events[0], 60000);
  SAY(event_finalize(0, &events[0], finalized));
  struct event *ev = event_new(base, -1, 0, note, "b");
  SAY(event_free_finalize(0, ev, finalized));
  event_base_free(base);
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, note, "c");
  SAY(event_finalize(0, &events[0], finalized));
  event_base_free_nofinalize(base);
}

static void reassigns(struct event *ev, void *name) {
  say("  reassigns %s", (const char *)name);
  event_assign(ev, base, -1, 0, note, "new");
  add_ms(ev, 0);
}

static void finalizes_itself(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(event_finalize(0, &events[0], reassigns));
}

static void finalize_in_callback(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, finalizes_itself, "a");
  add_ms(&events[0], 0);
  LOOP(0);
  event_base_free(base);
}

static void free_with_events(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, note, "read");
  event_assign(&events[1], base, -1, 0, note, "timer");
  event_assign(&events[2], base, SIGUSR1, EV_SIGNAL, note, "signal");
  event_assign(&events[3], base, -1, 0, note, "active");
  event_add(&events[0], NULL);
  add_ms(&events[1], 60000);
  event_add(&events[2], NULL);
  event_active(&events[3], EV_READ, 1);
  event_base_free(base);
  SAY(fcntl(ends.a, F_GETFD) >= 0);
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, note, "again");
  event_add(&events[0], NULL);
  put(ends.b);
  turn(base);
  event_base_free(base);
}

const struct named_case cases[] = {
    {"returns", returns},
    {"reentrant", reentrant},
    {"nonblock_goes_on", nonblock_goes_on},
    {"order", order},
    {"order_by_priority", order_by_priority},
    {"loopexit_now", loopexit_now},
    {"loopexit_2", loopexit_2},
    {"loopexit_3", loopexit_3},
    {"loopexit_8", loopexit_8},
    {"loopbreak_now", loopbreak_now},
    {"loopbreak_2", loopbreak_2},
    {"loopcontinue_now", loopcontinue_now},
    {"loopcontinue_2", loopcontinue_2},
    {"before_the_loop", before_the_loop},
    {"exit_before_due", exit_before_due},
    {"exit_twice", exit_twice},
    {"delayed_exit", delayed_exit},
    {"exit_of_many_loops", exit_of_many_loops},
    {"exit_keeps_running", exit_keeps_running},
    {"level_triggered_exit", level_triggered_exit},
    {"more_urgent", more_urgent},
    {"deleted_while_due", deleted_while_due},
    {"freed_while_due", freed_while_due},
    {"overwritten_in_callback", overwritten_in_callback},
    {"running_event", running_event},
    {"limited", limited},
    {"foreach", foreach},
    {"counts", counts},
    {"finalize", finalize},
    {"finalize_by_end", finalize_by_end},
    {"finalize_in_callback", finalize_in_callback},
    {"free_with_events", free_with_events},
    {NULL, NULL}};
