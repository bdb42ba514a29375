/* Random lives of descriptors: opened, duplicated, closed before or after their
 * events are deleted, and followed by others with the same number. After each
 * step a pass of the loop must call the events that poll() says are ready, and
 * no others. */
#include <poll.h>

#include "trace.h"

enum { slots = 8, steps = 60 };

/* A descriptor, and an event on its number. */
struct life {
  struct event ev;
  int fd; /* or -1 */
  int peer; /* the other end; several may share it */
  int added;
  int called;
};

static struct event_base *base;
static struct life all[slots];
static int strays; /* calls of events that are not added */

static unsigned long long state;
static int below(int limit) {
  return draw(&state, limit);
}

static void called(evutil_socket_t fd, short what, void *arg) {
  struct life *life = arg;
  (void)fd;
  (void)what;
  ++life->called;
  strays += !life->added;
}

static void add(struct life *life) {
  if (life->fd < 0 || life->added) return;
  const short wanted = below(2) ? EV_READ : EV_WRITE;
  event_assign(&life->ev, base, life->fd, wanted | EV_PERSIST, called, life);
  if (event_add(&life->ev, NULL) != 0) say("cannot add %d", life->fd);
  life->added = 1;
}

static void delete_event(struct life *life) {
  if (life->added) event_del(&life->ev);
  life->added = 0;
}

static void open_one(struct life *life) {
  if (life->fd >= 0) return;
  const struct ends ends = socket_ends();
  life->fd = ends.a;
  life->peer = dup2(ends.b, ends.b + 500);
  close(ends.b);
}

static void dup_one(struct life *life) {
  const struct life *other = &all[below(slots)];
  if (life->fd >= 0 || other->fd < 0) return;
  life->fd = dup(other->fd);
  life->peer = other->peer;
}

/* With its event deleted before, or after; or after its number has another. */
static void close_one(struct life *life) {
  const int how = below(3);
  const int fd = life->fd;
  if (fd < 0) return;
  if (how == 0) delete_event(life);
  close(fd);
  life->fd = -1;
  if (how == 2) {
    struct life *successor = &all[below(slots)];
    if (successor != life) {
      open_one(successor);
      add(successor);
    }
  }
  delete_event(life);
}

static void touch(struct life *life) {
  char bytes[8];
  if (life->fd < 0) return;
  if (below(2)) {
    (void)!write(life->peer, "x", 1);
  } else {
    (void)!read(life->fd, bytes, sizeof bytes);
  }
}

static void step(void) {
  struct life *life = &all[below(slots)];
  switch (below(8)) {
    case 0:
      open_one(life);
      break;
    case 1:
      dup_one(life);
      break;
    case 2:
      close_one(life);
      break;
    case 3:
    case 4:
      add(life);
      break;
    case 5:
      delete_event(life);
      break;
    default:
      touch(life);
  }
}

/* How many events were not called as poll() would have them called. */
static int wrong(void) {
  int found = strays;
  for (int at = 0; at < slots; ++at) {
    struct life *life = &all[at];
    if (!life->added) continue;
    struct pollfd asked = {life->fd, 0, 0};
    asked.events = event_get_events(&life->ev) & EV_READ ? POLLIN : POLLOUT;
    poll(&asked, 1, 0);
    found += (life->called > 0) != (asked.revents != 0);
  }
  return found;
}

static int live(unsigned long long seed) {
  int found = 0;
  state = seed;
  for (int at = 0; at < 8; ++at) below(2);
  strays = 0;
  base = event_base_new();
  for (int at = 0; at < slots; ++at) all[at].fd = -1;
  for (int at = 0; at < steps && found == 0; ++at) {
    step();
    for (int each = 0; each < slots; ++each) all[each].called = 0;
    event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    found = wrong();
  }
  for (int at = 0; at < slots; ++at) {
    delete_event(&all[at]);
    if (all[at].fd >= 0) close(all[at].fd);
  }
  event_base_free(base);
  for (int fd = 3; fd < 1000; ++fd) close(fd);
  return found;
}

int main(int argc, char **argv) {
  const unsigned long long first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
  const int lives = argc > 2 ? atoi(argv[2]) : 500;
  int bad = 0;
  signal(SIGPIPE, SIG_IGN);
  event_set_log_callback(quiet);
  for (int at = 0; at < lives; ++at) {
    const int found = live(first + (unsigned)at);
    if (found) say("life %llu goes wrong", first + (unsigned)at);
    bad += found != 0;
  }
  say("%d lives, %d wrong", lives, bad);
  return bad != 0;
}
