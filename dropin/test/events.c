/* What an event is, and what can be done to it while nothing happens. */
#include "cases.h"

static void zeros(void) {
  struct event ev;
  memset(&ev, 0, sizeof ev);
  SAY(event_initialized(&ev));
  SAY(event_add(&ev, NULL));
  SAY(add_ms(&ev, 1));
  SAY(event_del(&ev));
  SAY(event_del_noblock(&ev));
  SAY(event_del_block(&ev));
  SAY(event_remove_timer(&ev));
  SAY(event_pending(&ev, EV_READ, NULL));
  SAY(event_finalize(0, &ev, NULL));
  event_active(&ev, EV_READ, 1);
}

static void assign(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  memset(&ev, 0xa5, sizeof ev);
  SAY(event_assign(&ev, base, -1, 0, note, "a"));
  SAY(event_initialized(&ev));
  SAY(event_get_base(&ev) == base);
  SAY(ev.ev_base == base);
  SAY(event_get_fd(&ev));
  SAY(event_get_events(&ev));
  SAY(event_get_priority(&ev));
  SAY(event_get_callback(&ev) == note);
  SAY(strcmp(event_get_callback_arg(&ev), "a"));
  SAY(event_assign(&ev, base, 7, EV_READ | EV_PERSIST, note, "b"));
  SAY(event_get_fd(&ev));
  SAY(ev.ev_fd);
  SAY(event_get_events(&ev));
  SAY(ev.ev_events);
  SAY(event_get_signal(&ev));
  SAY(event_assign(&ev, base, -1, EV_TIMEOUT, note, "c"));
  SAY(event_get_events(&ev));
  SAY(event_assign(&ev, base, -1, EV_PERSIST | EV_FINALIZE | EV_ET, NULL, 0));
  SAY(event_get_events(&ev));
  SAY(event_get_callback(&ev) == NULL);
  event_base_free(base);
}

static void assignment(void) {
  struct event_base *base = event_base_new();
  struct event *ev = event_new(base, 3, EV_READ | EV_PERSIST, note, "a");
  struct event_base *its = NULL;
  evutil_socket_t fd = -1;
  short events = 0;
  event_callback_fn function = NULL;
  void *argument = NULL;
  event_get_assignment(ev, &its, &fd, &events, &function, &argument);
  SAY(its == base);
  SAY(fd);
  SAY(events);
  SAY(function == note);
  SAY(strcmp(argument, "a"));
  event_get_assignment(ev, NULL, NULL, NULL, NULL, NULL);
  event_free(ev);
  event_base_free(base);
}

static void refused(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  memset(&ev, 0, sizeof ev);
  SAY(event_assign(&ev, base, SIGUSR1, EV_SIGNAL | EV_READ, note, "a"));
  SAY(event_initialized(&ev));
  SAY(event_assign(&ev, base, SIGUSR1, EV_SIGNAL | EV_WRITE, note, "a"));
  SAY(event_assign(&ev, base, SIGUSR1, EV_SIGNAL | EV_CLOSED, note, "a"));
  SAY(event_new(base, 1, EV_SIGNAL | EV_READ, note, "a") == NULL);
  event_base_free(base);
}

static void no_current_base(void) {
  struct event ev;
  event_set(&ev, -1, 0, note, "a");
  SAY(event_initialized(&ev));
  SAY(ev.ev_base == NULL);
  SAY(event_get_base(&ev) == NULL);
  SAY(add_ms(&ev, 0));
  SAY(event_del(&ev));
  struct event_base *base = event_base_new();
  SAY(event_base_set(base, &ev));
  SAY(ev.ev_base == base);
  SAY(add_ms(&ev, 0));
  SAY(event_base_set(base, &ev));
  SAY(event_base_dispatch(base));
  SAY(event_base_set(base, &ev));
  event_base_free(base);
}

static void current_base(void) {
  struct event_base *base = event_init();
  struct event ev, other;
  event_set(&ev, -1, 0, note, "a");
  SAY(ev.ev_base == base);
  SAY(event_assign(&other, NULL, -1, 0, note, "b"));
  SAY(other.ev_base == base);
  SAY(strcmp(event_get_method(), event_base_get_method(base)));
  SAY(event_priority_init(5));
  SAY(event_base_get_npriorities(base));
  SAY(event_base_get_npriorities(NULL));
  SAY(add_ms(&ev, 0));
  SAY(event_once(-1, EV_TIMEOUT, note, "once", NULL));
  SAY(event_loop(EVLOOP_ONCE));
  SAY(event_dispatch());
  SAY(event_loopexit(NULL));
  SAY(event_dispatch());
  SAY(event_loopbreak());
  SAY(event_dispatch());
  event_base_free(NULL);
  event_set(&ev, -1, 0, note, "a");
  SAY(ev.ev_base == NULL);
}

static void free_other_base(void) {
  struct event_base *current = event_init();
  struct event_base *base = event_base_new();
  event_base_free(base);
  struct event ev;
  event_set(&ev, -1, 0, note, "a");
  SAY(ev.ev_base == current);
  event_base_free(current);
  event_set(&ev, -1, 0, note, "a");
  SAY(ev.ev_base == NULL);
}

static void free_no_base(void) {
  event_base_free(NULL);
}

static void base_set_resets_priority(void) {
  struct event_base *one = event_base_new();
  struct event_base *two = event_base_new();
  event_base_priority_init(one, 8);
  event_base_priority_init(two, 4);
  struct event ev;
  event_assign(&ev, one, -1, 0, note, "a");
  SAY(event_get_priority(&ev));
  SAY(event_priority_set(&ev, 7));
  SAY(event_base_set(one, &ev));
  SAY(event_get_priority(&ev));
  SAY(event_base_set(two, &ev));
  SAY(event_get_priority(&ev));
  event_base_free(one);
  event_base_free(two);
}

static void self_argument(struct event *ev, short what) {
  say("  self: %d %s", event_initialized(ev), bits(what));
}

static void call_self(evutil_socket_t fd, short what, void *ev) {
  (void)fd;
  self_argument(ev, what);
}

static void self(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  event_assign(&ev, base, -1, 0, call_self, event_self_cbarg());
  SAY(event_get_callback_arg(&ev) == &ev);
  struct event *made = event_new(base, -1, 0, call_self, event_self_cbarg());
  SAY(event_get_callback_arg(made) == made);
  event_active(&ev, EV_READ, 1);
  event_active(made, EV_WRITE, 1);
  turn(base);
  event_free(made);
  event_base_free(base);
}

static void copied(void) {
  struct event_base *base = event_base_new();
  struct ends ends = pipe_ends();
  struct event first, second;
  event_assign(&first, base, ends.a, EV_READ, note, "a");
  memcpy(&second, &first, sizeof second);
  memset(&first, 0xff, sizeof first);
  SAY(event_add(&second, NULL));
  say("%s", pending(&second));
  put(ends.b);
  turn(base);
  memmove(&first, &second, sizeof first);
  SAY(event_add(&first, NULL));
  turn(base);
  SAY(event_del(&first));
  event_base_free(base);
}

static void written(void) {
  struct event_base *base = event_base_new();
  struct ends one = socket_ends(), two = socket_ends();
  struct event ev;
  event_assign(&ev, base, one.a, EV_READ | EV_PERSIST, note, "a");
  event_add(&ev, NULL);
  put(one.b);
  turn(base);
  event_del(&ev);
  ev.ev_fd = two.a;
  ev.ev_events = EV_WRITE | EV_PERSIST;
  event_add(&ev, NULL);
  say("%s", pending(&ev));
  turn(base);
  event_del(&ev);
  ev.ev_events = EV_READ;
  event_add(&ev, NULL);
  put(two.b);
  turn(base);
  say("%s", pending(&ev));
  event_base_free(base);
}

static void nothing_to_wait_for(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  event_assign(&ev, base, -1, 0, note, "a");
  SAY(event_add(&ev, NULL));
  say("%s", pending(&ev));
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  SAY(event_base_dispatch(base));
  event_assign(&ev, base, -1, EV_PERSIST, note, "a");
  SAY(event_add(&ev, NULL));
  SAY(event_base_dispatch(base));
  SAY(event_del(&ev));
  event_base_free(base);
}

static void no_descriptor(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  event_assign(&ev, base, -1, EV_READ, note, "a");
  SAY(event_add(&ev, NULL));
  say("%s", pending(&ev));
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED));
  turn(base);
  SAY(event_add(&ev, NULL));
  SAY(event_del(&ev));
  say("%s", pending(&ev));
  turn(base);
  SAY(add_ms(&ev, 0));
  say("%s", pending(&ev));
  SAY(event_base_dispatch(base));
  say("%s", pending(&ev));
  event_assign(&ev, base, -1, EV_READ | EV_WRITE | EV_PERSIST, note, "b");
  SAY(event_add(&ev, NULL));
  event_active(&ev, EV_WRITE, 1);
  turn(base);
  say("%s", pending(&ev));
  SAY(add_ms(&ev, 5000));
  say("%s", pending(&ev));
  SAY(event_remove_timer(&ev));
  say("%s", pending(&ev));
  SAY(event_add(&ev, NULL));
  say("%s", pending(&ev));
  turn(base);
  SAY(event_base_once(base, -1, EV_READ, note, "once", NULL));
  event_del(&ev);
  turn(base);
  event_base_free(base);
}

static void bad_descriptors(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  FILE *file = tmpfile();
  event_assign(&ev, base, fileno(file), EV_READ, note, "file");
  SAY(event_add(&ev, NULL));
  SAY(errno == EPERM);
  say("%s", pending(&ev));
  SAY(add_ms(&ev, 0));
  say("%s", pending(&ev));
  SAY(event_del(&ev));
  const int closed = dup(0);
  close(closed);
  event_assign(&ev, base, closed, EV_READ | EV_WRITE, note, "closed");
  SAY(event_add(&ev, NULL));
  SAY(errno == EBADF);
  say("%s", pending(&ev));
  SAY(add_ms(&ev, 0));
  say("%s", pending(&ev));
  SAY(event_del(&ev));
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void del_after_close(void) {
  struct event_base *base = event_base_new();
  struct ends ends = socket_ends();
  struct event ev;
  event_assign(&ev, base, ends.a, EV_READ | EV_PERSIST, note, "a");
  SAY(event_add(&ev, NULL));
  close(ends.a);
  SAY(event_del(&ev));
  SAY(event_del(&ev));
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void timer_is_kept(void) {
  struct event_base *base = event_base_new();
  struct ends ends = pipe_ends();
  struct event ev;
  event_assign(&ev, base, ends.a, EV_READ | EV_PERSIST, note, "a");
  add_ms(&ev, 5000);
  say("%s", pending(&ev));
  event_add(&ev, NULL);
  say("%s", pending(&ev));
  SAY(event_remove_timer(&ev));
  say("%s", pending(&ev));
  SAY(event_remove_timer(&ev));
  add_ms(&ev, 5000);
  say("%s", pending(&ev));
  event_del(&ev);
  say("%s", pending(&ev));
  event_add(&ev, NULL);
  say("%s", pending(&ev));
  event_base_free(base);
}

static void pending_until(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  struct timeval now, when = {0, 0}, left;
  event_assign(&ev, base, -1, 0, note, "a");
  SAY(event_pending(&ev, EV_TIMEOUT, &when));
  SAY(when.tv_sec);
  add_ms(&ev, 100000);
  gettimeofday(&now, NULL);
  SAY(event_pending(&ev, EV_READ, &when));
  SAY(when.tv_sec);
  SAY(event_pending(&ev, EV_TIMEOUT | EV_READ, &when));
  evutil_timersub(&when, &now, &left);
  say("%ld", ((long)left.tv_sec + 1) / 10);
  event_base_free(base);
}

static void pending_bits(void) {
  struct event_base *base = event_base_new();
  struct ends ends = socket_ends();
  struct event ev;
  event_assign(&ev, base, ends.a, EV_READ | EV_WRITE | EV_PERSIST, note, "a");
  event_add(&ev, NULL);
  say("%s", bits(event_pending(&ev, 0xff, NULL)));
  SAY(event_pending(&ev, EV_READ, NULL));
  SAY(event_pending(&ev, EV_TIMEOUT, NULL));
  SAY(event_pending(&ev, 0, NULL));
  event_del(&ev);
  event_active(&ev, EV_READ | EV_TIMEOUT, 1);
  say("%s", bits(event_pending(&ev, 0xff, NULL)));
  event_active(&ev, EV_CLOSED, 1);
  say("%s", bits(event_pending(&ev, 0xff, NULL)));
  turn(base);
  say("%s", bits(event_pending(&ev, 0xff, NULL)));
  event_base_free(base);
}

static void actives(void) {
  struct event_base *base = event_base_new();
  struct event ev, persistent;
  event_assign(&ev, base, -1, 0, note, "a");
  event_active(&ev, EV_READ, 1);
  event_active(&ev, EV_WRITE, 5);
  SAY(event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE));
  turn(base);
  event_active(&ev, 0x1002, 0);
  turn(base);
  event_active(&ev, 0, 0);
  turn(base);
  event_active(&ev, EV_READ, 1);
  SAY(event_del(&ev));
  turn(base);
  event_assign(&persistent, base, -1, EV_PERSIST, note, "p");
  add_ms(&persistent, 50000);
  event_active(&persistent, EV_WRITE, 1);
  turn(base);
  say("%s", pending(&persistent));
  event_assign(&ev, base, -1, 0, note, "t");
  add_ms(&ev, 50000);
  event_active(&ev, EV_WRITE, 1);
  turn(base);
  say("%s", pending(&ev));
  event_base_free(base);
}

static void priorities(void) {
  struct event_base *base = event_base_new();
  struct event ev;
  SAY(event_base_get_npriorities(base));
  SAY(event_base_priority_init(base, 0));
  SAY(event_base_priority_init(base, -1));
  SAY(event_base_priority_init(base, 256));
  SAY(event_base_priority_init(base, 255));
  SAY(event_base_priority_init(base, 255));
  SAY(event_base_priority_init(base, 5));
  event_assign(&ev, base, -1, 0, note, "a");
  SAY(event_get_priority(&ev));
  SAY(event_priority_set(&ev, 5));
  SAY(event_priority_set(&ev, -1));
  SAY(event_priority_set(&ev, 4));
  SAY(event_priority_set(&ev, 0));
  SAY(event_get_priority(&ev));
  add_ms(&ev, 5000);
  SAY(event_priority_set(&ev, 1));
  SAY(event_get_priority(&ev));
  event_active(&ev, EV_READ, 1);
  SAY(event_priority_set(&ev, 2));
  SAY(event_get_priority(&ev));
  SAY(event_base_priority_init(base, 6));
  SAY(event_base_priority_init(base, 5));
  turn(base);
  SAY(event_priority_set(&ev, 2));
  event_base_free(base);
}

static void once_refused(void) {
  struct event_base *base = event_base_new();
  SAY(event_base_once(NULL, -1, EV_TIMEOUT, note, "a", NULL));
  SAY(event_base_once(base, -1, EV_SIGNAL, note, "a", NULL));
  SAY(event_base_once(base, -1, EV_TIMEOUT | EV_PERSIST, note, "a", NULL));
  SAY(event_base_once(base, -1, 0, note, "a", NULL));
  SAY(event_base_once(base, -1, EV_ET, note, "a", NULL));
  SAY(event_base_loop(base, 0));
  event_base_free(base);
}

static void once(void) {
  struct event_base *base = event_base_new();
  struct ends ends = pipe_ends();
  struct timeval zero = {0, 0}, ms = {0, 1000}, minute = {60, 0};
  SAY(event_base_once(base, -1, EV_TIMEOUT, note, "now", NULL));
  SAY(event_base_once(base, -1, EV_TIMEOUT, note, "zero", &zero));
  turn(base);
  SAY(event_base_once(base, ends.a, EV_READ, note, "read", &minute));
  SAY(event_base_once(base, ends.b, EV_WRITE | EV_TIMEOUT, note, "write", 0));
  turn(base);
  put(ends.b);
  turn(base);
  SAY(event_base_once(base, ends.a, EV_READ | EV_ET, note, "et", NULL));
  turn(base);
  take(ends.a);
  SAY(event_base_once(base, ends.a, EV_READ, note, "timed", &ms));
  SAY(event_base_dispatch(base));
  SAY(event_base_once(base, ends.a, EV_READ, note, "never", NULL));
  event_base_free(base);
}

const struct named_case cases[] = {
    {"zeros", zeros},
    {"assign", assign},
    {"assignment", assignment},
    {"refused", refused},
    {"no_current_base", no_current_base},
    {"current_base", current_base},
    {"free_other_base", free_other_base},
    {"free_no_base", free_no_base},
    {"base_set_resets_priority", base_set_resets_priority},
    {"self", self},
    {"copied", copied},
    {"written", written},
    {"nothing_to_wait_for", nothing_to_wait_for},
    {"no_descriptor", no_descriptor},
    {"bad_descriptors", bad_descriptors},
    {"del_after_close", del_after_close},
    {"timer_is_kept", timer_is_kept},
    {"pending_until", pending_until},
    {"pending_bits", pending_bits},
    {"actives", actives},
    {"priorities", priorities},
    {"once_refused", once_refused},
    {"once", once},
    {NULL, NULL}};
