/// \file
/// A kqueue for tests, where the system has none: a stand-in, made of epoll.
///
/// It lets a kqueue backend be tested on Linux. It is not for programs. What
/// holds here is what the BSDs document, and where they differ mostly what
/// FreeBSD does, as far as kqueue_on_epoll_test.cpp goes. What is different:
///
/// - **Signals.** While a signal is registered, the thread that registered it
///   has it blocked, with the threads that it starts. So neither a handler nor
///   the default action runs, and deliveries that have not been waited for
///   count as one. A thread from before can swallow the signal. What a thread
///   sends to itself, only a kevent() of its own finds. A program that is
///   started inherits the blocked signals.
/// - **Errors of sockets.** `fflags` says that there is one, but not which: it
///   is always ECONNRESET. And `data` of EVFILT_WRITE is not the space, but 1;
///   that of a listener which is not of TCP is 1 as well.
/// - **Edges.** When the other end of a socket is closed, EV_CLEAR tells of
///   EVFILT_WRITE too. A socket that was never connected is at its end.
/// - **Regular files.** At its end one is silent until it is added again, even
///   if it grows. Another one under the same number is taken for it.
/// - **Pipes.** That the reader of one is gone, EVFILT_WRITE tells once, with
///   EV_ONESHOT, and then is gone; to add it again is refused with EPIPE. So it
///   is on FreeBSD; the others do otherwise.
/// - **The queue.** close() alone does not say that it is gone: see kqueue().
///   A dup() of its number is no queue. poll() does not wait for it.
/// - **Left out:** other filters, EV_ENABLE, EV_DISABLE, EV_DISPATCH,
///   EV_RECEIPT, all NOTE_ but NOTE_TRIGGER.
#pragma once

// As on the BSDs; else gcc warns that a struct and a function share their name.
#pragma GCC system_header

#include <time.h>

#include <cstdint>

// Macros, with FreeBSD's values, because on the BSDs they are: programs ask
// with #ifdef for those that a system may lack.
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_SIGNAL (-6)
#define EVFILT_USER (-11)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

#define NOTE_TRIGGER 0x01000000

/// A change that is wanted, or an event that has happened.
struct kevent {
  std::uintptr_t ident;  ///< a descriptor, a signal, or any number of a user's
  std::int16_t filter;  ///< the kind of thing to watch
  std::uint16_t flags;  ///< an action; or what has been found
  std::uint32_t fflags;  ///< what only some filters know
  std::intptr_t data;  ///< how much; or the error, with EV_ERROR
  void* udata;  ///< the program's own
};

/// Fills in a change. Not a macro, as it need not be one to be called like it.
inline void EV_SET(struct kevent* change, std::uintptr_t ident,
                   std::int16_t filter, std::uint16_t flags,
                   std::uint32_t fflags, std::intptr_t data, void* udata) {
  *change = {ident, filter, flags, fflags, data, udata};
}

extern "C" {

/// A new queue's descriptor; or -1, and errno says why. It is closed with
/// close(), in a child after fork(), and not by exec. What a close() leaves
/// behind goes with the next kqueue(): no descriptor is among it, but a signal
/// that was not deleted stays blocked.
int kqueue(void);

/// Applies the changes, in order, and then waits for events: for ever, or for
/// as long as `timeout` says. If changes fail, does not wait, but tells of
/// them alone. The two lists may be one.
/// \returns how many events there are; or -1, and errno says why.
int kevent(int kq, const struct kevent* changelist, int nchanges,
           struct kevent* eventlist, int nevents,
           const struct timespec* timeout);

/// Answers instead of kevent() while it is not null, for tests of what a kernel
/// does not do on demand. To be set while no thread calls kevent(); and to be
/// reset by a hook that wants to ask the stand-in itself.
extern int (*kqueue_on_epoll_hook)(int kq, const struct kevent* changelist,
                                   int nchanges, struct kevent* eventlist,
                                   int nevents, const struct timespec* timeout);
}
