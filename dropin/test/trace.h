/* What the programs share that are run on libevent and on ours: they write a
 * line for everything that they see. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_compat.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline __attribute__((format(printf, 1, 2))) void say(const char *format,
                                                             ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

/* Says what an expression of a function is, and its value. */
#define SAY(expression) say("%s = %ld", #expression, (long)(expression))

/* "read|timeout", or "none". */
static inline const char *bits(int set) {
  static char text[128];
  static const struct {
    int bit;
    const char *word;
  } words[] = {{EV_TIMEOUT, "timeout|"}, {EV_READ, "read|"},
               {EV_WRITE, "write|"},     {EV_SIGNAL, "signal|"},
               {EV_PERSIST, "persist|"}, {EV_ET, "et|"},
               {EV_FINALIZE, "fin|"},    {EV_CLOSED, "closed|"}};
  text[0] = '\0';
  for (size_t at = 0; at < sizeof words / sizeof *words; ++at) {
    if (set & words[at].bit) strcat(text, words[at].word);
    set &= ~words[at].bit;
  }
  if (set) sprintf(text + strlen(text), "0x%x|", (unsigned)set);
  if (!*text) return "none";
  text[strlen(text) - 1] = '\0';
  return text;
}

/* A callback: says its argument, a name, and what it is told. */
static inline void note(evutil_socket_t fd, short what, void *name) {
  (void)fd;
  say("  %s: %s", (const char *)name, bits(what));
}

static inline void nap(int ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

static inline long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static inline void milliseconds(int ms, struct timeval *time) {
  time->tv_sec = ms / 1000;
  time->tv_usec = ms % 1000 * 1000;
}

static inline int add_ms(struct event *ev, int ms) {
  struct timeval time;
  milliseconds(ms, &time);
  return event_add(ev, &time);
}

static inline const char *pending(struct event *ev) {
  return bits(event_pending(
      ev, EV_READ | EV_WRITE | EV_CLOSED | EV_SIGNAL | EV_TIMEOUT, NULL));
}

/* Two ends that are connected, and do not block. */
struct ends {
  int a, b;
};
static inline struct ends socket_ends(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) abort();
  evutil_make_socket_nonblocking(pair[0]);
  evutil_make_socket_nonblocking(pair[1]);
  return (struct ends){pair[0], pair[1]};
}
static inline struct ends pipe_ends(void) {
  int pair[2];
  if (pipe(pair)) abort();
  evutil_make_socket_nonblocking(pair[0]);
  evutil_make_socket_nonblocking(pair[1]);
  return (struct ends){pair[0], pair[1]};
}

/* A socket that is bound to a port of this host, which the kernel chooses. */
static inline int bound_socket(struct sockaddr_in *address) {
  socklen_t size = sizeof *address;
  memset(address, 0, sizeof *address);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(fd, (struct sockaddr *)address, size)) abort();
  if (getsockname(fd, (struct sockaddr *)address, &size)) abort();
  return fd;
}

static inline void put(int fd) {
  if (write(fd, "x", 1) != 1) say("  cannot write: %s", strerror(errno));
}
static inline void take(int fd) {
  char byte;
  if (read(fd, &byte, 1) != 1) say("  nothing to read");
}

/* How many descriptors are open, and some more: always the same number. */
static inline int descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder)) ++count;
  closedir(folder);
  return count;
}

/* A base that waits by this method. */
static inline struct event_base *on(const char *method) {
  struct event_config *config = event_config_new();
  for (const char **other = event_get_supported_methods(); *other; ++other) {
    if (strcmp(*other, method)) event_config_avoid_method(config, *other);
  }
  struct event_base *made = event_base_new_with_config(config);
  event_config_free(config);
  return made;
}

/* A turn that does not wait. */
static inline void turn(struct event_base *base) {
  say("turn = %d", event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK));
}

/* The next random number of a sequence, from 0 to below `limit`. */
static inline int draw(unsigned long long *state, int limit) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (int)((*state >> 33) % (unsigned)limit);
}

/* A callback that says nothing. */
static inline void ignore(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  (void)arg;
}

static inline void log_to_trace(int severity, const char *message) {
  (void)message;
  say("  log: %d", severity);
}

static inline void quiet(int severity, const char *message) {
  (void)severity;
  (void)message;
}
