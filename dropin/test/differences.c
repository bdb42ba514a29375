/* Where libevent and ours are meant to differ: a case for each, in the order of
 * the table in differences.md, which has what each of the two writes. */
#include <pthread.h>
#include <sys/resource.h>

#include "cases.h"

static struct event_base *base;
static struct event events[4];

/* What has been called, a letter for each call. */
static char called[32];
static void call(evutil_socket_t fd, short what, void *letter) {
  (void)fd;
  (void)what;
  if (strlen(called) < sizeof called - 1) strcat(called, letter);
}
static void say_called(void) {
  say("%s", *called ? called : "nothing");
  *called = '\0';
}

static void pass(void) {
  event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void show_method(void) {
  event_set_log_callback(NULL);
  setenv("EVENT_SHOW_METHOD", "1", 1);
  event_base_new();
}

/* The order of calls. */

static int times;
static struct ends ready;
static void activates_itself(evutil_socket_t fd, short what, void *letter) {
  call(fd, what, letter);
  if (times == 0) put(ready.b);
  if (++times < 4) event_active(&events[0], EV_READ, 1);
}
static void next_turn(void) {
  ready = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, activates_itself, "a");
  event_assign(&events[1], base, ready.a, EV_READ, call, "r");
  event_add(&events[1], NULL);
  event_active(&events[0], EV_READ, 1);
  event_base_dispatch(base);
  say_called();
}

static void activates_urgent(evutil_socket_t fd, short what, void *letter) {
  call(fd, what, letter);
  event_active(&events[0], EV_READ, 1);
}
static void nonblock(void) {
  base = event_base_new();
  event_base_priority_init(base, 2);
  event_assign(&events[0], base, -1, 0, call, "u");
  event_assign(&events[1], base, -1, 0, activates_urgent, "U");
  event_assign(&events[2], base, -1, 0, call, "l");
  event_priority_set(&events[0], 0);
  event_priority_set(&events[1], 0);
  event_active(&events[1], EV_READ, 1);
  event_active(&events[2], EV_READ, 1);
  event_base_loop(base, EVLOOP_NONBLOCK);
  say_called();
}

static void exits(evutil_socket_t fd, short what, void *letter) {
  call(fd, what, letter);
  event_base_loopexit(base, NULL);
}
static void exit_leaves(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, call, "c");
  event_assign(&events[1], base, -1, 0, exits, "x");
  event_assign(&events[2], base, -1, 0, activates_urgent, "b");
  event_active(&events[1], EV_READ, 1);
  event_active(&events[2], EV_READ, 1);
  event_base_dispatch(base);
  strcat(called, ", ");
  event_base_dispatch(base);
  say_called();
}

static void equal_deadlines(void) {
  static const char *const letters[] = {"a", "b", "c", "d"};
  struct timeval past = {-1, 0};
  base = event_base_new();
  for (int at = 0; at < 4; ++at) {
    event_assign(&events[at], base, -1, 0, call, (void *)letters[at]);
    event_add(&events[at], &past);
  }
  pass();
  say_called();
}

static void one_descriptor(void) {
  struct ends ends = socket_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_WRITE, call, "a");
  event_assign(&events[1], base, ends.a, EV_WRITE, call, "b");
  event_add(&events[0], NULL);
  event_add(&events[1], NULL);
  pass();
  say_called();
}

/* What a callback is told. */

static void timeout_and_read(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  add_ms(&events[0], 1);
  put(ends.b);
  nap(20);
  pass();
}

static void hangup(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_CLOSED, note, "a");
  event_add(&events[0], NULL);
  close(ends.b);
  pass();
}

static void edge_by_hand(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_ET, note, "a");
  event_add(&events[0], NULL);
  event_active(&events[0], EV_READ, 1);
  pass();
}

static struct ends reset_ends(void) {
  struct sockaddr_in address;
  struct linger at_once = {1, 0};
  const int listener = bound_socket(&address);
  listen(listener, 1);
  const int a = socket(AF_INET, SOCK_STREAM, 0);
  connect(a, (struct sockaddr *)&address, sizeof address);
  const int b = accept(listener, NULL, NULL);
  setsockopt(b, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(listener);
  evutil_make_socket_nonblocking(a);
  return (struct ends){a, b};
}
static void reset_tells_closed(void) {
  struct ends ends = reset_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_CLOSED, note, "a");
  event_add(&events[0], NULL);
  close(ends.b);
  nap(20);
  pass();
  say("%s", pending(&events[0]));
}

static void closed_on_select(void) {
  struct ends ends = socket_ends();
  base = on("select");
  event_assign(&events[0], base, ends.a, EV_READ | EV_CLOSED, note, "a");
  event_add(&events[0], NULL);
  say("%s", pending(&events[0]));
  put(ends.b);
  pass();
}

/* Adding and deleting events. */

static void added_while_due(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, call, "a");
  event_active(&events[0], EV_READ, 1);
  event_add(&events[0], NULL);
  pass();
  put(ends.b);
  pass();
  say_called();
}

static void removes(evutil_socket_t fd, short what, void *letter) {
  call(fd, what, letter);
  event_remove_timer(&events[1]);
}
static void late_remove(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, removes, "a");
  event_assign(&events[1], base, ends.a, EV_READ, call, "b");
  add_ms(&events[0], 0);
  add_ms(&events[1], 5);
  nap(25);
  pass();
  say_called();
  say("%s", pending(&events[1]));
}

static void no_time_at_all(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, call, "a");
  add_ms(&events[0], 0);
  pass();
  pass();
  say_called();
  say("%s", pending(&events[0]));
}

static void deleted_comes_back(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, call, "a");
  add_ms(&events[0], 60000);
  event_del(&events[0]);
  event_active(&events[0], EV_READ, 1);
  pass();
  say("%s", pending(&events[0]));
}

static void closed_on_poll(void) {
  event_set_log_callback(quiet);
  struct ends ends = pipe_ends();
  base = on("poll");
  close(ends.a);
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  say("%d", event_add(&events[0], NULL));
  pass();
}

static void stub(void) {
  evthread_set_id_callback(NULL);
  evthread_set_id_callback(NULL);
  say("called twice");
}

static void late_refusal(void) {
  struct ends ends = pipe_ends();
  event_set_log_callback(quiet);
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  event_add(&events[0], NULL);
  pass();
  event_del(&events[0]);
  close(ends.a);
  tmpfile();
  say("%d", event_add(&events[0], NULL));
  pass();
  say("%s", pending(&events[0]));
}

static void signal_before_add(void) {
  struct event_base *other = event_base_new();
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, call, "a");
  evsignal_add(&events[0], NULL);
  raise(SIGUSR1);
  event_del(&events[0]);
  event_add(&events[0], NULL);
  pass();
  say_called();
  event_base_free(other);
}

static void closed_before_del(void) {
  struct ends ends = socket_ends();
  event_set_log_callback(quiet);
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  event_assign(&events[1], base, ends.a, EV_WRITE, note, "b");
  event_add(&events[0], NULL);
  event_add(&events[1], NULL);
  close(ends.a);
  say("%d", event_del(&events[0]));
}

static void mixed_edges(void) {
  struct ends ends = socket_ends();
  event_set_log_callback(quiet);
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  event_assign(&events[1], base, ends.a, EV_READ | EV_ET, note, "b");
  event_add(&events[0], NULL);
  say("%d", event_add(&events[1], NULL));
}

static void fewer_priorities(void) {
  event_set_log_callback(quiet);
  base = event_base_new();
  event_base_priority_init(base, 8);
  event_assign(&events[0], base, -1, 0, note, "a");
  event_priority_set(&events[0], 7);
  add_ms(&events[0], 60000);
  say("%d", event_base_priority_init(base, 2));
}

/* Descriptors. */

static void reused(void) {
  struct ends one = socket_ends();
  base = event_base_new();
  event_assign(&events[0], base, one.a, EV_READ | EV_PERSIST, call, "a");
  event_add(&events[0], NULL);
  close(one.a);
  struct ends two = socket_ends();
  event_assign(&events[1], base, two.a, EV_READ | EV_PERSIST, call, "b");
  event_add(&events[1], NULL);
  put(two.b);
  pass();
  say("%s", strchr(called, 'b') ? "called" : "not called");
}

static void ghost(void) {
  struct ends ends = socket_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, call, "a");
  event_add(&events[0], NULL);
  pass();
  dup(ends.a);
  close(ends.a);
  event_del(&events[0]);
  event_assign(&events[1], base, -1, 0, call, "t");
  add_ms(&events[1], 400);
  put(ends.b);
  const clock_t start = clock();
  event_base_dispatch(base);
  say("%s", (clock() - start) * 1000 / CLOCKS_PER_SEC > 30 ? "burns the CPU"
                                                           : "sleeps");
}

static void high_on_select(void) {
  struct rlimit limit = {2000, 2000};
  struct ends ends = socket_ends();
  setrlimit(RLIMIT_NOFILE, &limit);
  base = on("select");
  const int high = dup2(ends.a, 1500);
  event_assign(&events[0], base, high, EV_WRITE, call, "a");
  event_add(&events[0], NULL);
  pass();
  say_called();
}

static void of_a_base(void) {
  const int without = descriptors();
  base = event_base_new();
  say("%d", descriptors() - without);
  event_base_free(base);
  evthread_use_pthreads();
  base = event_base_new();
  say("%d", descriptors() - without);
}

/* Signals. */

static void every_base(void) {
  event_set_log_callback(quiet);
  struct event_base *other = event_base_new();
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, call, "a");
  evsignal_assign(&events[1], other, SIGUSR1, call, "b");
  evsignal_add(&events[0], NULL);
  evsignal_add(&events[1], NULL);
  raise(SIGUSR1);
  event_base_loop(other, EVLOOP_NONBLOCK);
  event_base_loop(base, EVLOOP_NONBLOCK);
  say_called();
}

static int count;
static void counts(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  (void)arg;
  ++count;
}
static void many_signals(void) {
  event_set_log_callback(quiet);
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, counts, NULL);
  evsignal_add(&events[0], NULL);
  for (int at = 0; at < 65536; ++at) raise(SIGUSR1);
  for (int at = 0; at < 100; ++at) pass();
  say("%d", count);
}

static void one_shot_signal(void) {
  base = event_base_new();
  event_assign(&events[0], base, SIGUSR1, EV_SIGNAL, call, "a");
  event_add(&events[0], NULL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  pass();
  say_called();
}

static void one_shot_active(void) {
  base = event_base_new();
  event_assign(&events[0], base, SIGUSR1, EV_SIGNAL, call, "a");
  event_active(&events[0], EV_SIGNAL, 3);
  pass();
  say_called();
}

static void signal_with_timeout(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, call, "a");
  add_ms(&events[0], 1);
  event_base_loop(base, EVLOOP_ONCE);
  say("%s", pending(&events[0]));
}

static void handler(int signo) {
  count += signo == SIGUSR1;
}
static void later_handler(void) {
  event_set_log_callback(quiet);
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, call, "a");
  evsignal_add(&events[0], NULL);
  signal(SIGUSR1, handler);
  evsignal_del(&events[0]);
  struct sigaction action;
  sigaction(SIGUSR1, NULL, &action);
  say("%s", action.sa_handler == handler ? "stays" : "is lost");
}

/* Time. */

static struct timeval first;
static void reads_time(evutil_socket_t fd, short what, void *arg) {
  struct timeval now;
  (void)fd;
  (void)what;
  event_base_gettimeofday_cached(base, &now);
  if (!arg) {
    first = now;
    nap(30);
    return;
  }
  evutil_timersub(&now, &first, &now);
  say("%s", now.tv_usec > 20000 ? "later" : "the same");
}
static void cached(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, reads_time, NULL);
  event_assign(&events[1], base, -1, 0, reads_time, base);
  event_active(&events[0], EV_READ, 1);
  event_active(&events[1], EV_READ, 1);
  event_base_dispatch(base);
}

static void naps(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  (void)arg;
  nap(320);
}
static void after_a_long_callback(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, naps, NULL);
  event_assign(&events[1], base, -1, 0, call, "a");
  add_ms(&events[0], 0);
  add_ms(&events[1], 400);
  const long long start = now_ms();
  event_base_dispatch(base);
  say("%s", now_ms() - start < 600 ? "in time" : "late");
}

static void *dispatches(void *arg) {
  event_base_dispatch(base);
  return arg;
}
static void last_timer(void) {
  pthread_t thread;
  evthread_use_pthreads();
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, call, "a");
  add_ms(&events[0], 1000);
  pthread_create(&thread, NULL, dispatches, NULL);
  nap(50);
  const long long start = now_ms();
  event_del(&events[0]);
  pthread_join(thread, NULL);
  say("%s", now_ms() - start < 500 ? "returns" : "sleeps on");
}

/* Questions. */

static int visit(const struct event_base *visited, const struct event *ev,
                 void *visits) {
  (void)visited;
  (void)ev;
  ++*(int *)visits;
  return 0;
}
static void internal(void) {
  int visits = 0;
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, call, "a");
  evsignal_add(&events[0], NULL);
  event_base_foreach_event(base, visit, &visits);
  say("%d", visits);
}

static void counted(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  add_ms(&events[0], 60000);
  say("%d", event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  event_active(&events[0], EV_READ, 1);
  say("%d", event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
}

static void marks(void) {
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "a");
  add_ms(&events[0], 60000);
  event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 1);
  say("%d", event_base_get_max_events(base, EVENT_BASE_COUNT_ADDED, 0));
}

static void running(void) {
  base = event_base_new();
  say("%s", event_base_get_running_event(base) ? "one" : "none");
}

/* Threads, and text. */

static int locks;
static void *lock_new(unsigned kind) {
  (void)kind;
  ++locks;
  return malloc(1);
}
static void lock_free(void *lock, unsigned kind) {
  (void)kind;
  free(lock);
}
static int lock_any(unsigned mode, void *lock) {
  (void)mode;
  (void)lock;
  return 0;
}
static void own_locks(void) {
  struct evthread_lock_callbacks callbacks = {EVTHREAD_LOCK_API_VERSION,
                                              EVTHREAD_LOCKTYPE_RECURSIVE,
                                              lock_new,
                                              lock_free,
                                              lock_any,
                                              lock_any};
  evthread_set_lock_callbacks(&callbacks);
  base = event_base_new();
  say("%s", locks > 0 ? "used" : "unused");
}

static void address(void) {
  struct sockaddr_in out;
  unsigned char bytes[4];
  int size = sizeof out;
  say("%d", evutil_inet_pton(AF_INET, "01.2.3.4", bytes));
  say("%d", evutil_parse_sockaddr_port("1.2.3.4:8x", (void *)&out, &size));
}

const struct named_case cases[] = {
    {"show_method", show_method},
    {"next_turn", next_turn},
    {"nonblock", nonblock},
    {"exit_leaves", exit_leaves},
    {"equal_deadlines", equal_deadlines},
    {"one_descriptor", one_descriptor},
    {"timeout_and_read", timeout_and_read},
    {"hangup", hangup},
    {"edge_by_hand", edge_by_hand},
    {"reset_tells_closed", reset_tells_closed},
    {"closed_on_select", closed_on_select},
    {"added_while_due", added_while_due},
    {"late_remove", late_remove},
    {"no_time_at_all", no_time_at_all},
    {"deleted_comes_back", deleted_comes_back},
    {"closed_on_poll", closed_on_poll},
    {"late_refusal", late_refusal},
    {"signal_before_add", signal_before_add},
    {"closed_before_del", closed_before_del},
    {"mixed_edges", mixed_edges},
    {"fewer_priorities", fewer_priorities},
    {"reused", reused},
    {"ghost", ghost},
    {"high_on_select", high_on_select},
    {"of_a_base", of_a_base},
    {"every_base", every_base},
    {"many_signals", many_signals},
    {"one_shot_signal", one_shot_signal},
    {"one_shot_active", one_shot_active},
    {"signal_with_timeout", signal_with_timeout},
    {"later_handler", later_handler},
    {"cached", cached},
    {"after_a_long_callback", after_a_long_callback},
    {"last_timer", last_timer},
    {"internal", internal},
    {"counted", counted},
    {"marks", marks},
    {"running", running},
    {"own_locks", own_locks},
    {"address", address},
    {"stub", stub},
    {NULL, NULL}};
