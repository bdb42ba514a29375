/* What our library has to survive, and libevent does not. */
#include "trace.h"

static struct event_base *base;
static struct event events[2];

static int wrong;
static void check(int holds, const char *what) {
  if (holds) return;
  say("not so: %s", what);
  ++wrong;
}

/* A dump that is written to a program's own code, which deletes an event and
 * uses its memory anew. With threads, another could do so at any time. */
static char written[4096];
static ssize_t deletes(void *cookie, const char *text, size_t size) {
  (void)cookie;
  if (event_initialized(&events[1])) event_del(&events[1]);
  memset(&events[1], 0, sizeof events[1]);
  if (strlen(written) + size < sizeof written) strncat(written, text, size);
  return (ssize_t)size;
}
static void dump(void) {
  const cookie_io_functions_t functions = {NULL, deletes, NULL, NULL};
  FILE *out = fopencookie(NULL, "w", functions);
  setvbuf(out, NULL, _IONBF, 0);
  base = event_base_new();
  for (int at = 0; at < 2; ++at) {
    event_assign(&events[at], base, at, 0, note, "a");
    event_active(&events[at], EV_READ, 1);
  }
  event_base_dump_events(base, out);
  fclose(out);
  check(strstr(written, " [fd  1, priority=0] Read active\n") != NULL,
        "a dump tells of one moment");
  event_base_free(base);
}

/* A base that ends calls what is left of event_finalize(), and that may use the
 * base. */
static const struct timeval *common;
static int finalized;
static void adds(struct event *ev, void *arg) {
  struct timeval minute = {60, 0};
  (void)ev;
  (void)arg;
  event_assign(&events[1], base, -1, 0, note, "a");
  finalized = event_base_init_common_timeout(base, &minute) == common &&
              event_add(&events[1], common) == 0;
}
static void finalizer(void) {
  struct timeval minute = {60, 0};
  base = event_base_new();
  common = event_base_init_common_timeout(base, &minute);
  event_assign(&events[0], base, -1, 0, note, "a");
  event_finalize(0, &events[0], adds);
  event_base_free(base);
  check(finalized, "a base is whole while finalizers are called");
}

/* A kernel that has no random bytes: the program's own function is called. */
static int failures[] = {EINTR, EINTR, 0, ENOSYS}, asked;
ssize_t getrandom(void *bytes, size_t size, unsigned flags) {
  (void)flags;
  errno = failures[asked];
  asked += asked < 3;
  if (errno) return -1;
  memset(bytes, 'r', size);
  return (ssize_t)size;
}
static void no_random_bytes(void) {
  char bytes[5] = "";
  evutil_secure_rng_get_bytes(bytes, 4);
  check(strcmp(bytes, "rrrr") == 0, "it is asked again after a signal");
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    evutil_secure_rng_get_bytes(bytes, 4);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  check(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
        "without random bytes a program ends");
}

int main(void) {
  dump();
  finalizer();
  no_random_bytes();
  say("%d wrong", wrong);
  return wrong != 0;
}
