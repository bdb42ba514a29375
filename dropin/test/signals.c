/* Signals, and processes that fork. */
#include "cases.h"

static struct event_base *base;
static struct event events[4];

static void once_each(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  evsignal_assign(&events[1], base, SIGUSR2, note, "usr2");
  SAY(evsignal_add(&events[0], NULL));
  SAY(evsignal_add(&events[1], NULL));
  say("%s", pending(&events[0]));
  SAY(event_get_signal(&events[0]) == SIGUSR1);
  raise(SIGUSR1);
  turn(base);
  raise(SIGUSR2);
  turn(base);
  turn(base);
  SAY(evsignal_del(&events[0]));
  SAY(evsignal_del(&events[1]));
  turn(base);
  event_base_free(base);
}

static void twice(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  evsignal_add(&events[0], NULL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  turn(base);
  turn(base);
  event_base_free(base);
}

static void deletes_itself(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  event_del(&events[0]);
}

static void deleted_between(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, deletes_itself, "usr1");
  evsignal_add(&events[0], NULL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  turn(base);
  turn(base);
  event_base_free(base);
}

static void frees_itself(evutil_socket_t fd, short what, void *ev) {
  say("  frees: %s", bits(what));
  event_free(ev);
  (void)fd;
}

static void freed_between(void) {
  base = event_base_new();
  struct event *ev = event_new(base, SIGUSR1, EV_SIGNAL | EV_PERSIST,
                               frees_itself, event_self_cbarg());
  event_add(ev, NULL);
  raise(SIGUSR1);
  raise(SIGUSR1);
  turn(base);
  turn(base);
  event_base_free(base);
}

static void one_shot(void) {
  base = event_base_new();
  event_assign(&events[0], base, SIGUSR1, EV_SIGNAL, note, "usr1");
  event_add(&events[0], NULL);
  raise(SIGUSR1);
  turn(base);
  say("%s", pending(&events[0]));
  turn(base);
  event_base_free(base);
}

static void two_events(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "a");
  evsignal_assign(&events[1], base, SIGUSR2, note, "b");
  evsignal_assign(&events[2], base, SIGUSR1, note, "a");
  for (int at = 0; at < 3; ++at) event_add(&events[at], NULL);
  raise(SIGUSR1);
  turn(base);
  event_del(&events[0]);
  raise(SIGUSR1);
  turn(base);
  event_base_free(base);
}

static void activated(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  event_add(&events[0], NULL);
  event_active(&events[0], EV_SIGNAL, 3);
  turn(base);
  event_active(&events[0], EV_SIGNAL, 0);
  turn(base);
  event_base_active_by_signal(base, SIGUSR1);
  turn(base);
  event_base_active_by_signal(base, SIGUSR2);
  event_base_active_by_signal(base, 1000);
  event_base_active_by_signal(base, -1);
  turn(base);
  event_base_free(base);
}

static void timed(void) {
  base = event_base_new();
  event_assign(&events[0], base, SIGUSR1, EV_SIGNAL, note, "usr1");
  add_ms(&events[0], 20);
  say("%s", pending(&events[0]));
  event_base_dispatch(base);
  event_base_free(base);
}

static void bad_numbers(void) {
  event_set_log_callback(quiet);
  base = event_base_new();
  event_assign(&events[0], base, 1000, EV_SIGNAL, note, "a");
  SAY(event_add(&events[0], NULL));
  event_assign(&events[0], base, -1, EV_SIGNAL, note, "a");
  SAY(event_add(&events[0], NULL));
  event_assign(&events[0], base, SIGKILL, EV_SIGNAL, note, "a");
  SAY(event_add(&events[0], NULL));
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static int handled;
static void handler(int signo) {
  handled += signo == SIGUSR1;
}

static void restored(void) {
  struct sigaction action;
  signal(SIGUSR1, handler);
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  event_add(&events[0], NULL);
  raise(SIGUSR1);
  SAY(handled);
  event_del(&events[0]);
  raise(SIGUSR1);
  SAY(handled);
  event_add(&events[0], NULL);
  sigaction(SIGUSR1, NULL, &action);
  SAY(action.sa_handler == handler);
  SAY((action.sa_flags & SA_RESTART) != 0);
  event_base_free(base);
  raise(SIGUSR1);
  SAY(handled);
}

static void in_loop(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  raise(SIGUSR1);
}

static void raised_by_callback(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  event_assign(&events[1], base, -1, 0, in_loop, "timer");
  event_add(&events[0], NULL);
  add_ms(&events[1], 0);
  SAY(event_base_loop(base, EVLOOP_ONCE));
  SAY(event_base_loop(base, EVLOOP_ONCE));
  event_base_free(base);
}

static void by_another_process(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  event_add(&events[0], NULL);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    usleep(20000);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  SAY(event_base_loop(base, EVLOOP_ONCE));
  waitpid(child, NULL, 0);
  event_base_free(base);
}

static void child_ends(void) {
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGCHLD, note, "chld");
  event_add(&events[0], NULL);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  SAY(event_base_loop(base, EVLOOP_ONCE));
  waitpid(child, NULL, 0);
  event_base_free(base);
}

static void reinit(void) {
  struct ends ends = pipe_ends();
  base = event_base_new();
  event_assign(&events[0], base, ends.a, EV_READ | EV_PERSIST, note, "read");
  evsignal_assign(&events[1], base, SIGUSR1, note, "usr1");
  event_assign(&events[2], base, -1, 0, note, "timer");
  for (int at = 0; at < 2; ++at) event_add(&events[at], NULL);
  add_ms(&events[2], 0);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    say("child:");
    SAY(event_reinit(base));
    turn(base);
    put(ends.b);
    turn(base);
    take(ends.a);
    raise(SIGUSR1);
    turn(base);
    event_base_free(base);
    exit(0);
  }
  waitpid(child, NULL, 0);
  say("parent:");
  turn(base);
  put(ends.b);
  turn(base);
  take(ends.a);
  raise(SIGUSR1);
  turn(base);
  event_base_free(base);
}

const struct named_case cases[] = {{"once_each", once_each},
                                   {"twice", twice},
                                   {"deleted_between", deleted_between},
                                   {"freed_between", freed_between},
                                   {"one_shot", one_shot},
                                   {"two_events", two_events},
                                   {"activated", activated},
                                   {"timed", timed},
                                   {"bad_numbers", bad_numbers},
                                   {"restored", restored},
                                   {"raised_by_callback", raised_by_callback},
                                   {"by_another_process", by_another_process},
                                   {"child_ends", child_ends},
                                   {"reinit", reinit},
                                   {NULL, NULL}};
