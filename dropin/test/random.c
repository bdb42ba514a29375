/* A random program: the same for the same seed, whatever library it runs on. It
 * stays clear of what is meant to differ; where several orders of calls are
 * good, the calls of a pass are written in the order of the events.
 *
 * Even seeds have descriptors, timers and signals, each callback for itself.
 * Odd ones have priorities, and callbacks that do things to other events. */
#include "trace.h"

enum { slots = 10, pairs = 4, steps = 80, signal_count = 2 };

enum kind { user, timer, io, sig };

struct slot {
  struct event *ev;
  enum kind kind;
  int persists;
  int timed; /* has had a timeout */
  int due; /* by hand, and not called yet */
  int calls;
  int habit; /* what its callback does */
  unsigned long long state;
};

static struct event_base *base;
static struct slot all[slots];
static struct ends sockets[pairs];
static const int signos[signal_count] = {SIGUSR1, SIGUSR2};
static char lines[4096][64];
static int line_count, in_order;

/* Each callback has random numbers of its own, whatever was called before. */
static unsigned long long main_state, *state = &main_state;
static int below(int limit) {
  return draw(state, limit);
}

/* A line of a pass. */
static __attribute__((format(printf, 1, 2))) void add_line(const char *format,
                                                           ...) {
  va_list arguments;
  if (line_count == sizeof lines / sizeof *lines) abort();
  va_start(arguments, format);
  vsnprintf(lines[line_count++], sizeof *lines, format, arguments);
  va_end(arguments);
}
static int compare_lines(const void *a, const void *b) {
  return strcmp(a, b);
}
static void write_lines(void) {
  if (!in_order) qsort(lines, (size_t)line_count, sizeof *lines, compare_lines);
  for (int at = 0; at < line_count; ++at) say("  %s", lines[at]);
  line_count = 0;
}

static void called(evutil_socket_t fd, short what, void *arg);

static int end_of(int number) {
  return number % 2 ? sockets[number / 2].a : sockets[number / 2].b;
}

/* Makes the event of a slot, which is not added. */
static void make(struct slot *s) {
  static const short wanted[] = {EV_READ, EV_WRITE, EV_READ | EV_WRITE,
                                 EV_READ | EV_CLOSED};
  int fd = -1;
  short set = 0;
  s->kind = in_order ? user : (enum kind)below(4);
  s->persists = below(2);
  s->habit = below(12);
  if (s->kind == io) {
    fd = end_of(below(2 * pairs));
    set = wanted[below(4)];
  } else if (s->kind == sig) {
    fd = signos[below(signal_count)];
    set = EV_SIGNAL;
    s->persists = 1;
  }
  if (s->persists) set |= EV_PERSIST;
  if (s->ev && below(2)) {
    event_free(s->ev);
    s->ev = NULL;
  }
  if (!s->ev) {
    s->ev = event_new(base, fd, set, called, s);
  } else {
    event_assign(s->ev, base, fd, set, called, s);
  }
  s->due = 0;
}

static int number_of(const struct slot *s) {
  return (int)(s - all);
}

static int add_timed(struct slot *s, int ms) {
  s->timed = 1;
  return add_ms(s->ev, ms);
}

static int add(struct slot *s) {
  if (s->due) return 0;
  switch (s->kind) {
    case io:
      return below(3) ? event_add(s->ev, NULL) : add_timed(s, 100000);
    case timer:
      return add_timed(s, below(3) ? 0 : 100000);
    case user:
      return below(2) ? event_add(s->ev, NULL) : add_timed(s, 100000);
    default:
      return event_add(s->ev, NULL);
  }
}

static void delete_slot(struct slot *s) {
  s->due = 0;
  const int end = event_del(s->ev);
  if (end != 0) say("del %d = %d", number_of(s), end);
  if (!s->timed || !s->persists) return;
  /* Or libevent adds it again, should it be made due. */
  event_assign(s->ev, base, event_get_fd(s->ev), event_get_events(s->ev),
               called, s);
  s->timed = 0;
}

static void activate(struct slot *s) {
  static const short told[] = {EV_READ, EV_WRITE, EV_CLOSED, 0x1002};
  if (s->kind == sig || event_pending(s->ev, EV_TIMEOUT, NULL)) return;
  s->due = 1;
  event_active(s->ev, told[below(4)], 1);
}

/* What a callback does to others. */
static void meddle(struct slot *self) {
  struct slot *other = &all[below(slots)];
  switch (self->habit) {
    case 0:
    case 1:
    case 2:
      if (self->calls % 4 != 3) activate(other);
      break;
    case 3:
    case 4:
      delete_slot(other);
      break;
    case 5:
      add_line("priority %d",
               event_priority_set(other->ev, below(3)) == 0 || other->due);
      break;
    case 6:
      event_base_loopbreak(base);
      break;
    case 7:
      event_base_loopcontinue(base);
      break;
    case 8:
      delete_slot(self);
      make(self);
      break;
    default:
      break;
  }
}

/* What a callback does to its own event. */
static void mind_itself(struct slot *self) {
  switch (self->habit) {
    case 0:
      delete_slot(self);
      break;
    case 1:
      delete_slot(self);
      make(self);
      break;
    case 2:
    case 3:
      add(self);
      break;
    case 4:
      delete_slot(self);
      add(self);
      break;
    case 5:
      if (self->kind == io) event_remove_timer(self->ev);
      break;
    default:
      break;
  }
}

static void called(evutil_socket_t fd, short what, void *arg) {
  struct slot *self = arg;
  add_line("%d.%03d %s %d", number_of(self), self->calls++, bits(what),
           fd == event_get_fd(self->ev));
  self->due = 0;
  state = &self->state;
  if (in_order) {
    meddle(self);
  } else {
    mind_itself(self);
  }
  state = &main_state;
}

static void pass(void) {
  const int flags = in_order ? 0 : EVLOOP_ONCE | EVLOOP_NONBLOCK;
  const int end = event_base_loop(base, flags);
  write_lines();
  say("loop = %d, exit %d, break %d", end, event_base_got_exit(base),
      event_base_got_break(base));
  for (int at = 0; at < slots; ++at) {
    if (!event_pending(all[at].ev, 0xff, NULL)) all[at].due = 0;
  }
}

static void raise_one(void) {
  const int which = below(signal_count);
  int waits = 0;
  for (int at = 0; at < slots; ++at) {
    waits += all[at].kind == sig && event_get_fd(all[at].ev) == signos[which] &&
             event_pending(all[at].ev, EV_SIGNAL, NULL);
  }
  if (!waits) return;
  for (int times = below(3); times >= 0; --times) raise(signos[which]);
  pass();
}

static void drop_events_on(int fd) {
  for (int at = 0; at < slots; ++at) {
    if (all[at].kind == io && event_get_fd(all[at].ev) == fd) {
      delete_slot(&all[at]);
      event_assign(all[at].ev, base, -1, 0, called, &all[at]);
      all[at].kind = user;
    }
  }
}

static void replace_pair(void) {
  struct ends *pair = &sockets[below(pairs)];
  drop_events_on(pair->a);
  drop_events_on(pair->b);
  close(pair->a);
  close(pair->b);
  *pair = socket_ends();
}

static void bad_add(void) {
  struct event ev;
  pass();
  FILE *file = below(2) ? tmpfile() : NULL;
  const int fd = file ? fileno(file) : 900;
  event_assign(&ev, base, fd, EV_READ, called, NULL);
  say("bad add = %d", event_add(&ev, NULL));
  say("bad del = %d", event_del(&ev));
  if (file) fclose(file);
}

static void once_called(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  add_line("once %s %s", (const char *)arg, bits(what));
}

static void once(void) {
  struct timeval zero = {0, 0};
  if (below(2)) {
    event_base_once(base, -1, EV_TIMEOUT, once_called, "timer",
                    below(2) ? &zero : NULL);
  } else {
    struct ends *pair = &sockets[below(pairs)];
    event_base_once(base, dup(pair->a), EV_WRITE, once_called, "write", NULL);
    pass();
  }
}

static int visit(const struct event_base *its, const struct event *ev,
                 void *arg) {
  (void)its;
  (void)arg;
  if (event_get_callback(ev) != called) return 0;
  add_line("visit %d", number_of(event_get_callback_arg(ev)));
  return 0;
}

static void look(void) {
  struct slot *s = &all[below(slots)];
  say("pending %d: %s", number_of(s), pending(s->ev));
  if (in_order) return;
  event_base_foreach_event(base, visit, NULL);
  write_lines();
}

static void touch_sockets(void) {
  const int fd = end_of(below(2 * pairs));
  char byte;
  switch (below(5)) {
    case 0:
    case 1:
      (void)!write(fd, "x", 1);
      break;
    case 2:
    case 3:
      (void)!read(fd, &byte, 1);
      break;
    default:
      if (!below(4)) shutdown(fd, SHUT_WR);
  }
}

static void step(void) {
  struct slot *s = &all[below(slots)];
  switch (below(in_order ? 8 : 16)) {
    case 0:
      delete_slot(s);
      make(s);
      if (in_order) event_priority_set(s->ev, below(3));
      break;
    case 1:
    case 2:
      activate(s);
      break;
    case 3:
      delete_slot(s);
      break;
    case 4:
      look();
      break;
    case 5:
      if (!in_order) event_base_loopexit(base, NULL);
      pass();
      break;
    case 6:
    case 7:
      if (in_order)
        pass();
      else
        say("add %d = %d", number_of(s), add(s));
      break;
    case 8:
      say("add %d = %d", number_of(s), add(s));
      break;
    case 9:
      raise_one();
      break;
    case 10:
      touch_sockets();
      break;
    case 11:
      if (!below(3)) replace_pair();
      break;
    case 12:
      if (below(2))
        bad_add();
      else
        once();
      break;
    case 13:
      if (!below(4)) say("reinit = %d", event_reinit(base));
      break;
    case 14:
      if (s->kind == io) say("no timer = %d", event_remove_timer(s->ev));
      break;
    default:
      pass();
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    for (int seed = 1; seed <= 400; ++seed) printf("%d\n", seed);
    return 0;
  }
  if (argc != 2) {
    fprintf(stderr, "usage: %s --list | SEED\n", argv[0]);
    return 2;
  }
  main_state = strtoull(argv[1], NULL, 10);
  in_order = main_state % 2 != 0;
  for (int at = 0; at < 8; ++at) below(2);
  signal(SIGPIPE, SIG_IGN);
  event_set_log_callback(quiet);
  base = event_base_new();
  if (in_order) event_base_priority_init(base, 3);
  for (int at = 0; at < pairs; ++at) sockets[at] = socket_ends();
  for (int at = 0; at < slots; ++at) {
    all[at].state = main_state + (unsigned)at;
    make(&all[at]);
  }
  for (int at = 0; at < steps; ++at) step();
  for (int at = 0; at < slots; ++at) event_free(all[at].ev);
  pass();
  event_base_free(base);
  return 0;
}
