/* Descriptors: what is told of them, by each method. */
#include "cases.h"

static struct event_base *base;
static struct event events[4];

/* Each case runs once for each method. */
static void on_each(void (*run)(void)) {
  static const char *const methods[] = {"epoll", "poll", "select"};
  for (int at = 0; at < 3; ++at) {
    base = on(methods[at]);
    say("%s", event_base_get_method(base));
    run();
    event_base_free(base);
  }
}

static void watch(int at, int fd, int set, const char *name) {
  event_assign(&events[at], base, fd, (short)(set | EV_PERSIST), note,
               (void *)name);
  SAY(event_add(&events[at], NULL));
}

static void run_ready(void) {
  struct ends ends = socket_ends();
  watch(0, ends.a, EV_READ, "read");
  turn(base);
  watch(1, ends.a, EV_WRITE, "write");
  turn(base);
  put(ends.b);
  event_del(&events[1]);
  turn(base);
  turn(base);
  take(ends.a);
  turn(base);
  watch(1, ends.b, EV_READ | EV_WRITE, "both");
  turn(base);
  put(ends.a);
  turn(base);
  event_del(&events[0]);
  event_del(&events[1]);
  turn(base);
}
static void ready(void) {
  on_each(run_ready);
}

static void run_one_shot(void) {
  struct ends ends = socket_ends();
  event_assign(&events[0], base, ends.a, EV_READ | EV_WRITE, note, "once");
  event_add(&events[0], NULL);
  turn(base);
  say("%s", pending(&events[0]));
  turn(base);
  put(ends.b);
  event_add(&events[0], NULL);
  turn(base);
}
static void one_shot(void) {
  on_each(run_one_shot);
}

static void run_half_close(void) {
  struct ends ends = socket_ends();
  watch(0, ends.a, EV_READ | EV_WRITE, "a");
  shutdown(ends.b, SHUT_WR);
  turn(base);
  event_del(&events[0]);
  watch(0, ends.a, EV_WRITE, "write alone");
  turn(base);
  event_del(&events[0]);
}
static void half_close(void) {
  on_each(run_half_close);
}

static void run_full_close(void) {
  struct ends ends = socket_ends();
  watch(0, ends.a, EV_READ, "read");
  close(ends.b);
  turn(base);
  event_del(&events[0]);
  watch(0, ends.a, EV_WRITE, "write");
  turn(base);
  event_del(&events[0]);
  watch(0, ends.a, EV_READ | EV_WRITE, "both");
  turn(base);
  event_del(&events[0]);
}
static void full_close(void) {
  on_each(run_full_close);
}

static void run_pipe_closed(void) {
  struct ends ends = pipe_ends(), other = pipe_ends();
  watch(0, ends.a, EV_READ, "read end");
  close(ends.b);
  turn(base);
  event_del(&events[0]);
  watch(0, other.b, EV_WRITE, "write end");
  close(other.a);
  turn(base);
  event_del(&events[0]);
}
static void pipe_closed(void) {
  on_each(run_pipe_closed);
}

static void closed_on_epoll(void) {
  struct ends ends = socket_ends();
  base = event_base_new();
  watch(0, ends.a, EV_CLOSED, "closed");
  put(ends.b);
  turn(base);
  shutdown(ends.b, SHUT_WR);
  turn(base);
  event_del(&events[0]);
  watch(0, ends.a, EV_CLOSED | EV_READ | EV_WRITE, "all");
  turn(base);
  event_del(&events[0]);
  event_base_free(base);
}

static void edge(void) {
  struct ends ends = socket_ends();
  base = event_base_new();
  watch(0, ends.a, EV_READ | EV_ET, "edge");
  turn(base);
  put(ends.b);
  turn(base);
  turn(base);
  put(ends.b);
  turn(base);
  take(ends.a);
  turn(base);
  event_base_active_by_fd(base, ends.a, EV_READ | EV_ET);
  event_base_free(base);
}

static void run_edge_is_level(void) {
  struct ends ends = socket_ends();
  if (event_base_get_features(base) & EV_FEATURE_ET) return;
  watch(0, ends.a, EV_READ | EV_ET, "level");
  put(ends.b);
  turn(base);
  turn(base);
  event_del(&events[0]);
}
static void edge_is_level(void) {
  on_each(run_edge_is_level);
}

static void run_reused(void) {
  struct ends one = socket_ends();
  watch(0, one.a, EV_READ, "first");
  put(one.b);
  turn(base);
  event_del(&events[0]);
  close(one.a);
  struct ends two = socket_ends();
  SAY(two.a == one.a);
  watch(0, two.a, EV_READ, "second");
  turn(base);
  put(two.b);
  turn(base);
  event_del(&events[0]);
}
static void reused(void) {
  on_each(run_reused);
}

static void run_dup(void) {
  struct ends ends = socket_ends();
  const int copy = dup(ends.a);
  watch(0, ends.a, EV_READ, "original");
  watch(1, copy, EV_WRITE, "copy");
  put(ends.b);
  event_del(&events[1]);
  turn(base);
  event_del(&events[0]);
  close(ends.a);
  watch(1, copy, EV_READ, "copy");
  turn(base);
  event_del(&events[1]);
  turn(base);
}
static void dups(void) {
  on_each(run_dup);
}

static void run_file(void) {
  FILE *file = tmpfile();
  if (strcmp(event_base_get_method(base), "epoll") == 0) return;
  watch(0, fileno(file), EV_READ | EV_WRITE, "file");
  turn(base);
  event_del(&events[0]);
}
static void file(void) {
  on_each(run_file);
}

static void refused_connection(void) {
  struct sockaddr_in address;
  bound_socket(&address);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  evutil_make_socket_nonblocking(fd);
  connect(fd, (struct sockaddr *)&address, sizeof address);
  base = event_base_new();
  event_assign(&events[0], base, fd, EV_READ | EV_WRITE, note, "refused");
  add_ms(&events[0], 5000);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void many(void) {
  enum { count = 100 };
  struct event made[count];
  struct ends ends[count];
  int calls = 0;
  base = event_base_new();
  for (int at = 0; at < count; ++at) {
    ends[at] = socket_ends();
    event_assign(&made[at], base, ends[at].a, EV_WRITE, note, "w");
    event_add(&made[at], NULL);
  }
  SAY(event_base_loop(base, EVLOOP_NONBLOCK));
  for (int at = 0; at < count; ++at) {
    calls += !event_pending(&made[at], EV_WRITE, NULL);
  }
  SAY(calls);
  event_base_free(base);
}

static struct event *victim;
static void deletes(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  event_del(victim);
  close(event_get_fd(victim));
}

/* Both events are ready; the first called deletes the other. */
static void deleted_by_the_other(void) {
  struct ends one = socket_ends(), two = socket_ends();
  base = event_base_new();
  event_base_priority_init(base, 2);
  event_assign(&events[0], base, one.a, EV_WRITE, deletes, "first");
  event_assign(&events[1], base, two.a, EV_WRITE, note, "second");
  event_priority_set(&events[0], 0);
  victim = &events[1];
  event_add(&events[0], NULL);
  event_add(&events[1], NULL);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

const struct named_case cases[] = {
    {"ready", ready},
    {"one_shot", one_shot},
    {"half_close", half_close},
    {"full_close", full_close},
    {"pipe_closed", pipe_closed},
    {"closed_on_epoll", closed_on_epoll},
    {"edge", edge},
    {"edge_is_level", edge_is_level},
    {"reused", reused},
    {"dups", dups},
    {"file", file},
    {"refused_connection", refused_connection},
    {"many", many},
    {"deleted_by_the_other", deleted_by_the_other},
    {NULL, NULL}};
