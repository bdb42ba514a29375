/* Several threads with one base. */
#include <pthread.h>
#include <stdatomic.h>

#include "cases.h"

static struct event_base *base;
static struct event events[4];
static atomic_int state;

static void await(int wanted) {
  for (int ms = 0; state != wanted && ms < 5000; ++ms) nap(1);
}

/* While the loop sleeps for a minute, `act` runs in another thread. */
static void *dispatch(void *loop_flags) {
  const int end = event_base_loop(base, *(int *)loop_flags);
  say("loop = %d", end);
  return NULL;
}
static void while_asleep(int loop_flags, void (*act)(void)) {
  pthread_t thread;
  evthread_use_pthreads();
  base = event_base_new();
  event_assign(&events[3], base, -1, EV_PERSIST, note, "minute");
  add_ms(&events[3], 60000);
  const long long start = now_ms();
  pthread_create(&thread, NULL, dispatch, &loop_flags);
  nap(50);
  act();
  pthread_join(thread, NULL);
  SAY(now_ms() - start < 10000);
  event_base_free(base);
}

static void do_break(void) {
  event_base_loopbreak(base);
}
static void loopbreak(void) {
  while_asleep(0, do_break);
}
static void do_exit(void) {
  event_base_loopexit(base, NULL);
}
static void loopexit(void) {
  while_asleep(0, do_exit);
}
static void do_exit_soon(void) {
  struct timeval soon = {0, 20000};
  event_base_loopexit(base, &soon);
}
static void loopexit_soon(void) {
  while_asleep(0, do_exit_soon);
}
static void do_active(void) {
  event_assign(&events[0], base, -1, 0, note, "active");
  event_active(&events[0], EV_READ, 1);
}
static void active(void) {
  while_asleep(EVLOOP_ONCE, do_active);
}
static void do_add_timer(void) {
  event_assign(&events[0], base, -1, 0, note, "timer");
  add_ms(&events[0], 10);
}
static void add_timer(void) {
  while_asleep(EVLOOP_ONCE, do_add_timer);
}
static void do_add_ready(void) {
  struct ends ends = socket_ends();
  put(ends.b);
  event_assign(&events[0], base, ends.a, EV_READ, note, "ready");
  event_add(&events[0], NULL);
}
static void add_ready(void) {
  while_asleep(EVLOOP_ONCE, do_add_ready);
}
static void do_once(void) {
  event_base_once(base, -1, EV_TIMEOUT, note, "once", NULL);
}
static void once(void) {
  while_asleep(EVLOOP_ONCE, do_once);
}
static void do_finalize(void);
static void finalized(struct event *ev, void *name) {
  say("  finalized: %s, %d", (const char *)name, ev == &events[3]);
}
static void do_finalize(void) {
  event_finalize(0, &events[3], finalized);
}
static void finalize(void) {
  while_asleep(0, do_finalize);
}
static void do_del_last(void) {
  struct ends ends = socket_ends();
  event_assign(&events[0], base, ends.a, EV_READ, note, "a");
  event_add(&events[0], NULL);
  event_del(&events[3]);
  event_del(&events[0]);
}
static void del_last(void) {
  while_asleep(0, do_del_last);
}

/* A callback that is at work while another thread deletes its event: until that
 * has returned, or for so many milliseconds when it should not. */
static int patience;
static atomic_int returned;
static void works(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  (void)arg;
  state = 1;
  for (int ms = 0; !returned && ms < patience; ++ms) nap(1);
  state = 2;
}
static void *deletes(void *how) {
  await(1);
  ((int (*)(struct event *))how)(&events[0]);
  say("deleted in state %d", state);
  returned = 1;
  return NULL;
}
static void delete_at_work(int (*how)(struct event *), int events_of, int ms) {
  pthread_t thread;
  patience = ms;
  evthread_use_pthreads();
  base = event_base_new();
  state = 0;
  event_assign(&events[0], base, -1, (short)events_of, works, NULL);
  event_active(&events[0], EV_READ, 1);
  pthread_create(&thread, NULL, deletes, (void *)how);
  event_base_dispatch(base);
  pthread_join(thread, NULL);
  event_base_free(base);
}
static void del_waits(void) {
  delete_at_work(event_del, EV_PERSIST, 100);
}
static void del_waits_once(void) {
  delete_at_work(event_del, 0, 100);
}
static void del_block(void) {
  delete_at_work(event_del_block, EV_FINALIZE, 100);
}
static void del_noblock(void) {
  delete_at_work(event_del_noblock, 0, 5000);
}
static void del_finalize(void) {
  delete_at_work(event_del, EV_FINALIZE, 5000);
}

static void *calls_finalize(void *arg) {
  await(1);
  SAY(event_finalize(0, &events[0], finalized));
  say("finalize returned in state %d", state);
  returned = 1;
  return arg;
}
static void finalize_at_work(void) {
  pthread_t thread;
  patience = 5000;
  evthread_use_pthreads();
  base = event_base_new();
  state = 0;
  event_assign(&events[0], base, -1, EV_PERSIST | EV_FINALIZE, works, "w");
  event_active(&events[0], EV_READ, 1);
  pthread_create(&thread, NULL, calls_finalize, NULL);
  event_base_dispatch(base);
  pthread_join(thread, NULL);
  event_base_free(base);
}

static void deletes_itself(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  SAY(event_del_block(&events[0]));
}
static void del_itself(void) {
  evthread_use_pthreads();
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, deletes_itself, "a");
  event_active(&events[0], EV_READ, 1);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

static void two_loops_cb(evutil_socket_t fd, short what, void *other) {
  (void)fd;
  (void)what;
  event_active(other, EV_READ, 1);
  if (++state > 200) {
    event_base_loopbreak(event_get_base(other));
    event_base_loopbreak(
        event_get_base(other == &events[0] ? &events[1] : &events[0]));
  }
}
static void *dispatch_base(void *its) {
  event_base_loop(its, EVLOOP_NO_EXIT_ON_EMPTY);
  return NULL;
}
static void two_loops(void) {
  pthread_t one, two;
  evthread_use_pthreads();
  struct event_base *first = event_base_new(), *second = event_base_new();
  event_assign(&events[0], first, -1, 0, two_loops_cb, &events[1]);
  event_assign(&events[1], second, -1, 0, two_loops_cb, &events[0]);
  event_active(&events[0], EV_READ, 1);
  pthread_create(&one, NULL, dispatch_base, first);
  pthread_create(&two, NULL, dispatch_base, second);
  pthread_join(one, NULL);
  pthread_join(two, NULL);
  SAY(state > 200);
  event_base_free(first);
  event_base_free(second);
}

static void notifiable(void) {
  base = event_base_new();
  const int before = descriptors();
  SAY(evthread_make_base_notifiable(base));
  SAY(descriptors() > before);
  SAY(evthread_make_base_notifiable(base));
  SAY(evthread_make_base_notifiable(NULL));
  turn(base);
  event_base_free(base);
}

static void descriptors_by_lock(void) {
  base = event_base_new();
  const int without = descriptors();
  event_base_free(base);
  SAY(evthread_use_pthreads());
  base = event_base_new();
  SAY(descriptors() - without);
  event_base_free(base);
  struct event_config *config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  base = event_base_new_with_config(config);
  event_config_free(config);
  SAY(descriptors() - without);
  event_base_free(base);
}

/* A program's own locks. */
static int locks;
static void *lock_new(unsigned kind) {
  (void)kind;
  ++locks;
  pthread_mutexattr_t recursive;
  pthread_mutex_t *lock = malloc(sizeof *lock);
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(lock, &recursive);
  return lock;
}
static void lock_free(void *lock, unsigned kind) {
  (void)kind;
  pthread_mutex_destroy(lock);
  free(lock);
}
static int lock_lock(unsigned mode, void *lock) {
  return mode & EVTHREAD_TRY ? pthread_mutex_trylock(lock)
                             : pthread_mutex_lock(lock);
}
static int lock_unlock(unsigned mode, void *lock) {
  (void)mode;
  return pthread_mutex_unlock(lock);
}
static void *cond_new(unsigned kind) {
  (void)kind;
  pthread_cond_t *cond = malloc(sizeof *cond);
  pthread_cond_init(cond, NULL);
  return cond;
}
static void cond_free(void *cond) {
  pthread_cond_destroy(cond);
  free(cond);
}
static int cond_signal(void *cond, int all) {
  return all ? pthread_cond_broadcast(cond) : pthread_cond_signal(cond);
}
static int cond_wait(void *cond, void *lock, const struct timeval *time) {
  (void)time;
  return pthread_cond_wait(cond, lock);
}
static const struct evthread_lock_callbacks own = {EVTHREAD_LOCK_API_VERSION,
                                                   EVTHREAD_LOCKTYPE_RECURSIVE,
                                                   lock_new,
                                                   lock_free,
                                                   lock_lock,
                                                   lock_unlock};
static const struct evthread_condition_callbacks own_conditions = {
    EVTHREAD_CONDITION_API_VERSION, cond_new, cond_free, cond_signal,
    cond_wait};
static unsigned long id(void) {
  return (unsigned long)pthread_self();
}

static void own_locks(void) {
  struct evthread_lock_callbacks incomplete = own, other = own;
  struct evthread_condition_callbacks few = own_conditions;
  event_set_log_callback(quiet);
  incomplete.unlock = NULL;
  other.supported_locktypes = EVTHREAD_LOCKTYPE_READWRITE;
  few.wait_condition = NULL;
  SAY(evthread_set_lock_callbacks(&incomplete));
  SAY(evthread_set_lock_callbacks(&own));
  SAY(evthread_set_lock_callbacks(&own));
  SAY(evthread_set_lock_callbacks(&other));
  SAY(evthread_set_condition_callbacks(&own_conditions));
  SAY(evthread_set_condition_callbacks(&own_conditions));
  SAY(evthread_set_condition_callbacks(&few));
  evthread_set_id_callback(id);
  pthread_t thread;
  patience = 100;
  base = event_base_new();
  state = 0;
  event_assign(&events[0], base, -1, EV_PERSIST, works, NULL);
  event_active(&events[0], EV_READ, 1);
  pthread_create(&thread, NULL, deletes, (void *)event_del);
  event_base_dispatch(base);
  pthread_join(thread, NULL);
  event_base_free(base);
}

static void wrong_version(void) {
  struct evthread_lock_callbacks wrong = own;
  event_set_log_callback(quiet);
  wrong.lock_api_version = 77;
  SAY(evthread_set_lock_callbacks(&wrong));
  SAY(evthread_set_lock_callbacks(NULL));
  SAY(evthread_set_condition_callbacks(NULL));
}

static void lock_debugging(void) {
  event_set_log_callback(quiet);
  evthread_enable_lock_debugging();
  SAY(evthread_use_pthreads());
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, note, "a");
  add_ms(&events[0], 0);
  SAY(event_base_dispatch(base));
  event_base_free(base);
}

/* A thread that ends in its callback: the loop can run again. */
static void ends_thread(evutil_socket_t fd, short what, void *name) {
  note(fd, what, name);
  pthread_exit(NULL);
}
static void thread_exit(void) {
  int none = 0;
  pthread_t thread;
  evthread_use_pthreads();
  base = event_base_new();
  event_assign(&events[0], base, -1, 0, ends_thread, "ends");
  add_ms(&events[0], 0);
  pthread_create(&thread, NULL, dispatch, &none);
  pthread_join(thread, NULL);
  say("joined");
}

static void signal_in_other_thread(void) {
  int once_flag = EVLOOP_ONCE;
  pthread_t thread;
  evthread_use_pthreads();
  base = event_base_new();
  evsignal_assign(&events[0], base, SIGUSR1, note, "usr1");
  event_add(&events[0], NULL);
  pthread_create(&thread, NULL, dispatch, &once_flag);
  nap(30);
  raise(SIGUSR1);
  pthread_join(thread, NULL);
  event_base_free(base);
}

/* A program that has pthreads cannot have other locks. */
static void pthreads_and_own_locks(void) {
  SAY(evthread_use_pthreads());
  SAY(evthread_set_lock_callbacks(&own));
  SAY(evthread_set_condition_callbacks(&own_conditions));
  SAY(evthread_use_pthreads());
}

/* Two threads begin the loop at one time: one of them, or each in turn. */
enum { beginnings = 20000 };
static void *begin(void *strange) {
  for (int at = 0; at < beginnings; ++at) {
    ++state;
    while (state < 2 * (at + 1)) sched_yield();
    const int end = event_base_loop(base, EVLOOP_NONBLOCK);
    *(int *)strange += end != 0 && end != -1;
  }
  return NULL;
}
static void two_begin(void) {
  int strange[2] = {0, 0};
  pthread_t thread;
  event_set_log_callback(quiet);
  evthread_use_pthreads();
  base = event_base_new();
  event_assign(&events[0], base, -1, EV_PERSIST, note, "minute");
  add_ms(&events[0], 60000);
  pthread_create(&thread, NULL, begin, &strange[0]);
  begin(&strange[1]);
  pthread_join(thread, NULL);
  say("%d, %d", strange[0], strange[1]);
  event_base_free(base);
}

/* What a thread looks at may be another's, that frees it. */
enum { frees = 5000, others = 64 };
static void *adds_and_frees(void *arg) {
  struct event *ev = malloc(sizeof *ev);
  for (int at = 0; at < frees; ++at) {
    event_assign(ev, base, 77, EV_PERSIST, note, "freed");
    add_ms(ev, 60000);
    event_del(ev);
    memset(ev, 0, sizeof *ev);
    sched_yield();
  }
  free(ev);
  state = 1;
  return arg;
}
static void by_fd_while_freed(void) {
  struct event *more[others];
  pthread_t thread;
  evthread_use_pthreads();
  base = event_base_new();
  for (int at = 0; at < others; ++at) {
    more[at] = event_new(base, 77, 0, ignore, NULL);
    add_ms(more[at], 50000);
  }
  pthread_create(&thread, NULL, adds_and_frees, NULL);
  while (state != 1) event_base_active_by_fd(base, 77, EV_TIMEOUT);
  pthread_join(thread, NULL);
  turn(base);
  for (int at = 0; at < others; ++at) event_free(more[at]);
  event_base_free(base);
}

const struct named_case cases[] = {
    {"loopbreak", loopbreak},
    {"loopexit", loopexit},
    {"loopexit_soon", loopexit_soon},
    {"active", active},
    {"add_timer", add_timer},
    {"add_ready", add_ready},
    {"once", once},
    {"finalize", finalize},
    {"del_last", del_last},
    {"del_waits", del_waits},
    {"del_waits_once", del_waits_once},
    {"del_block", del_block},
    {"del_noblock", del_noblock},
    {"del_finalize", del_finalize},
    {"finalize_at_work", finalize_at_work},
    {"del_itself", del_itself},
    {"two_loops", two_loops},
    {"notifiable", notifiable},
    {"descriptors_by_lock", descriptors_by_lock},
    {"own_locks", own_locks},
    {"pthreads_and_own_locks", pthreads_and_own_locks},
    {"two_begin", two_begin},
    {"by_fd_while_freed", by_fd_while_freed},
    {"wrong_version", wrong_version},
    {"lock_debugging", lock_debugging},
    {"thread_exit", thread_exit},
    {"signal_in_other_thread", signal_in_other_thread},
    {NULL, NULL}};
